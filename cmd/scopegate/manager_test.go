package main_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// managed is what a service manager starts: scopegate with a socket that is
// already listening, and a place to say how it is (sd_listen_fds, sd_notify).
type managed struct {
	t      *testing.T
	dir    string
	front  string
	socket *os.File // the listening socket, which outlives the processes
	notify *net.UnixConn
	said   chan string
}

func newManaged(t *testing.T, front, backend string) (m *managed, origin string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "scopegate") //nolint:usetesting // short: the paths of sockets are bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	routes := `
version: 1
upstreams: { b: { endpoints: [ { url: "` + backend + `" } ] } }
routes: [ { name: all, path: /*, public: true, upstream: b } ]
`
	if err := os.WriteFile(filepath.Join(dir, "routes.yaml"), []byte(routes), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	socket, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: filepath.Join(dir, "notify"), Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	m = &managed{t: t, dir: dir, front: front, socket: socket, notify: notify, said: make(chan string, 1000)}
	t.Cleanup(func() { socket.Close(); notify.Close() })
	go m.listen()
	return m, "http://" + l.Addr().String()
}

// listen hears what the processes say until the socket is closed.
func (m *managed) listen() {
	buffer := make([]byte, 4096)
	for {
		n, err := m.notify.Read(buffer)
		if err != nil {
			return
		}
		for line := range strings.Lines(string(buffer[:n])) {
			m.said <- strings.TrimSpace(line)
		}
	}
}

// hear waits until a state is said.
func (m *managed) hear(state string) {
	m.t.Helper()
	limit := time.After(scriptPatience)
	for {
		select {
		case said := <-m.said:
			if said == state {
				return
			}
		case <-limit:
			m.t.Fatalf("%s was not said", state)
		}
	}
}

// start starts a process as the manager does, and waits until it is ready.
// The shell is there since LISTEN_PID names the process itself.
func (m *managed) start() (cmd *exec.Cmd, log *bytes.Buffer) {
	m.t.Helper()
	cmd = exec.CommandContext(m.t.Context(), "/bin/sh", "-c",
		`LISTEN_PID=$$ exec scopegate serve --admin-listen "" --access-log off --disk-reserve 1MiB`)
	cmd.Dir = m.dir
	cmd.ExtraFiles = []*os.File{m.socket}
	cmd.Env = append(os.Environ(), "LISTEN_FDS=1", "SCOPEGATE_FRONT="+m.front, "NOTIFY_SOCKET="+filepath.Join(m.dir, "notify"), "WATCHDOG_USEC=200000")
	log = &bytes.Buffer{}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.hear("READY=1")
	return cmd, log
}

// stop ends it as the manager does.
func (m *managed) stop(cmd *exec.Cmd, log *bytes.Buffer) {
	m.t.Helper()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		m.t.Fatal(err)
	}
	m.hear("STOPPING=1")
	if err := cmd.Wait(); err != nil {
		m.t.Fatalf("%v\n%s", err, log)
	}
}

// TestARestartUnderAServiceManagerRefusesNoConnection restarts three times
// under load with the manager's socket: callers wait, and none is turned away.
func TestARestartUnderAServiceManagerRefusesNoConnection(t *testing.T) {
	for _, front := range []string{"fast", "net/http"} {
		t.Run(strings.ReplaceAll(front, "/", "-"), func(t *testing.T) { restartUnderLoad(t, front) })
	}
}

func restartUnderLoad(t *testing.T, front string) {
	t.Helper()
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") }))
	t.Cleanup(backend.Close)
	m, origin := newManaged(t, front, backend.URL)
	cmd, log := m.start()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var answers atomic.Int64
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: scriptPatience}
			for ctx.Err() == nil {
				if err := getOK(t.Context(), client, origin); err != nil {
					t.Error(err)
					return
				}
				answers.Add(1)
			}
		})
	}
	for range 3 {
		before := answers.Load()
		m.stop(cmd, log)
		cmd, log = m.start()
		m.hear("WATCHDOG=1")
		await(t, "requests after the restart", func() bool { return answers.Load() > before+20 || t.Failed() })
	}
	cancel()
	callers.Wait()
	m.stop(cmd, log)
}

// getOK makes one request on a connection of its own.
func getOK(ctx context.Context, client *http.Client, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return &statusError{resp.StatusCode}
	}
	return nil
}

type statusError struct{ status int }

func (e *statusError) Error() string { return http.StatusText(e.status) }

// await waits until something is so.
func await(t *testing.T, what string, so func() bool) {
	t.Helper()
	if !eventually(so) {
		t.Fatalf("not in time: %s", what)
	}
}
