//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// patience bounds the wait for a server that starts.
const patience = 60 * time.Second

// site is where a server lives: everything that outlives its process.
type site struct {
	binary string
	dir    string   // holds the routes file
	data   string   // the data directory
	extra  []string // arguments beside those that every server has

	mu sync.Mutex // held while the routes file is written
}

// server is a running scopegate.
type server struct {
	*caller
	cmd   *exec.Cmd
	log   string
	ended chan struct{}
	ready time.Duration // from its start until /readyz said 200
}

// start runs the binary with its addresses, its directories and what is extra,
// and waits until it is ready.
func (s *site) start(ctx context.Context) (*server, error) {
	args := []string{
		"serve", "--routes", filepath.Join(s.dir, "routes.yaml"), "--data-dir", s.data,
		"--listen", "127.0.0.1:0", "--admin-listen", "", "--watch=false", "--access-log", "off",
	}
	args = append(args, s.extra...)
	r := &server{cmd: exec.Command(s.binary, args...), log: filepath.Join(s.dir, "server.log"), ended: make(chan struct{})}
	log, err := os.OpenFile(r.log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	r.cmd.Stdout, r.cmd.Stderr = log, log
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	began := time.Now()
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = r.cmd.Wait() // how it ended is for whoever asks
		close(r.ended)
	}()
	r.caller = newCaller(filepath.Join(s.data, "admin.sock"))
	if err := r.await(ctx); err != nil {
		r.kill()
		return nil, fmt.Errorf("%w\n%s", err, r.tail())
	}
	r.ready = time.Since(began)
	var status struct{ Listen string }
	if code, err := r.admin(ctx, http.MethodGet, "/admin/v1/status", nil, &status); err != nil || code != http.StatusOK {
		r.kill()
		return nil, fmt.Errorf("status: %d, %w", code, err)
	}
	r.public = "http://" + status.Listen
	return r, nil
}

// await polls /readyz. It returns when the server is ready, ended, or late.
func (r *server) await(ctx context.Context) error {
	poll := time.NewTicker(2 * time.Millisecond)
	defer poll.Stop()
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		code, err := r.admin(ctx, http.MethodGet, "/readyz", nil, nil)
		if err == nil && code == http.StatusOK {
			return nil
		}
		select {
		case <-poll.C:
		case <-r.ended:
			return errors.New("the server ended at its start")
		case <-late.C:
			return fmt.Errorf("not ready after %s: %d, %w", patience, code, err)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// kill ends the process as a crash does: no handler runs.
func (r *server) kill() {
	_ = r.cmd.Process.Kill()
	<-r.ended
	r.idle()
}

// stop ends it in peace.
func (r *server) stop() error {
	_ = r.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-r.ended:
	case <-time.After(patience):
		r.kill()
		return fmt.Errorf("it did not end within %s of SIGTERM", patience)
	}
	r.idle()
	if code := r.cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("it ended with %d\n%s", code, r.tail())
	}
	return nil
}

// tail is the end of its log.
func (r *server) tail() string {
	b, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	return string(b[max(0, len(b)-3000):])
}

// backend answers every request with 200: what the guarded routes lead to.
func backend() (url string, stop func(), err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
	})}
	var done sync.WaitGroup
	done.Go(func() { _ = srv.Serve(l) })
	return "http://" + l.Addr().String(), func() { _ = srv.Close(); done.Wait() }, nil
}

// routes is the routes file; variant only adds a route, so that a reload
// changes something.
func routes(upstream string, variant int) string {
	text := `version: 1
oauth: { access_token_ttl: 12h }
scopes: { invoices.read: Read invoices, invoices.write: Change invoices }
upstreams:
  billing: { endpoints: [ { url: ` + upstream + ` } ] }
routes:
  - { name: read, path: /read, require: { scopes: [invoices.read] }, upstream: billing }
  - { name: write, path: /write, require: { scopes: [invoices.write] }, upstream: billing }
`
	if variant%2 == 1 {
		text += "  - { name: more, path: /more, require: { scopes: [invoices.read] }, upstream: billing }\n"
	}
	return text
}

// put writes the routes file as a careful operator does: a new file, renamed.
func (s *site) put(text string) error {
	tmp := filepath.Join(s.dir, "routes.new")
	if err := os.WriteFile(tmp, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(s.dir, "routes.yaml"))
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // of our own maps
	}
	return b
}
