package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scopegate/authz/admin"
)

// patience bounds each wait for a server, on a machine that is busy.
const patience = 60 * time.Second

// inProcess is a server that runs within the test, and its command line.
type inProcess struct {
	t      *testing.T
	dir    string
	env    map[string]string
	origin string
	log    *bytes.Buffer // read it once stop has returned
	stderr io.Writer     // in its place, if set before start
	cancel context.CancelFunc
	done   chan int
}

// serveInProcess writes routes.yaml and serves it until the test ends.
func serveInProcess(t *testing.T, routes string, env map[string]string) *inProcess {
	t.Helper()
	dir, err := os.MkdirTemp("", "scopegate") //nolint:usetesting // short: the admin socket's path is bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	p := &inProcess{t: t, dir: dir, env: env}
	p.write("routes.yaml", routes)
	p.start()
	return p
}

func (p *inProcess) path(name string) string { return filepath.Join(p.dir, name) }

func (p *inProcess) write(name, content string) {
	p.t.Helper()
	if err := os.WriteFile(p.path(name), []byte(content), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

func (p *inProcess) world(stdin string, stdout, stderr io.Writer) world {
	return world{strings.NewReader(stdin), stdout, stderr, func(name string) (string, bool) {
		v, ok := p.env[name]
		return v, ok
	}}
}

// start serves and waits until the server is ready.
func (p *inProcess) start() {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	p.log, p.cancel, p.done = &bytes.Buffer{}, cancel, make(chan int, 1)
	w := p.world("", io.Discard, p.log)
	if p.stderr != nil {
		w.stderr = p.stderr
	}
	args := []string{
		"serve", "--routes", p.path("routes.yaml"), "--data-dir", p.path("data"), "--listen", "127.0.0.1:0",
		"--admin-listen", "", "--watch=false", "--access-log", "off", "--disk-reserve", "1MiB",
	}
	go func() { p.done <- run(ctx, args, w) }()
	p.t.Cleanup(p.stop)
	deadline, tick := time.After(patience), time.NewTicker(20*time.Millisecond)
	defer tick.Stop()
	for {
		if _, _, code := p.try("", "healthcheck", "--data-dir", p.path("data")); code == exitOK {
			break
		}
		select {
		case code := <-p.done:
			p.done <- code
			p.t.Fatalf("serve ended with %d:\n%s", code, p.log)
		case <-deadline:
			p.t.Fatal("the server is not ready")
		case <-tick.C:
		}
	}
	var status serverStatus
	p.json(&status, "status")
	p.origin = "http://" + status.Listen
}

// stop ends the server; a second one changes nothing.
func (p *inProcess) stop() {
	p.cancel()
	select {
	case code := <-p.done:
		p.done <- code
		if code != exitOK {
			p.t.Errorf("serve ended with %d:\n%s", code, p.log)
		}
	case <-time.After(patience):
		p.t.Error("the server does not end")
	}
}

// try runs a command line as it stands.
func (p *inProcess) try(stdin string, args ...string) (stdout, stderr string, code int) {
	var out, err bytes.Buffer
	code = run(context.Background(), args, p.world(stdin, &out, &err))
	return out.String(), err.String(), code
}

// cli runs a command against the server, which has to go well.
func (p *inProcess) cli(args ...string) string {
	p.t.Helper()
	out, stderr, code := p.try("", append(args, "--data-dir", p.path("data"))...)
	if code != exitOK {
		p.t.Fatalf("%q: exit %d: %s", args, code, stderr)
	}
	return out
}

// refused runs a command against the server, which has to fail with a code
// and to say why.
func (p *inProcess) refused(code int, why string, args ...string) {
	p.t.Helper()
	out, stderr, got := p.try("", append(args, "--data-dir", p.path("data"))...)
	if got != code || !strings.Contains(stderr, why) {
		p.t.Errorf("%q: exit %d, want %d and %q:\n%s%s", args, got, code, why, out, stderr)
	}
}

func (p *inProcess) json(v any, args ...string) {
	p.t.Helper()
	if out := p.cli(append(args, "--output", "json")...); json.Unmarshal([]byte(out), v) != nil {
		p.t.Fatalf("%q printed no JSON: %s", args, out)
	}
}

// register registers a client with one scope.
func (p *inProcess) register(name string, more ...string) admin.ClientWithSecret {
	p.t.Helper()
	var c admin.ClientWithSecret
	p.json(&c, append([]string{"clients", "create", "--name", name, "--scope", "invoices.read"}, more...)...)
	return c
}

// ask asks for a token; pairs are more parameters of the form.
func (p *inProcess) ask(c admin.ClientWithSecret, pairs ...string) (status int, header http.Header, body map[string]any) {
	p.t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {c.Client.ID}, "client_secret": {c.ClientSecret}}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	resp, err := http.PostForm(p.origin+"/oauth/token", form)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&body); err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, body
}

// token returns a token of the client.
func (p *inProcess) token(c admin.ClientWithSecret, pairs ...string) string {
	p.t.Helper()
	status, _, body := p.ask(c, pairs...)
	text, _ := body["access_token"].(string)
	if status != http.StatusOK || text == "" {
		p.t.Fatalf("token: %d %v", status, body)
	}
	return text
}

// get asks a guarded route and returns the status and the error's code.
func (p *inProcess) get(path, token string) (status int, code string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.origin+path, nil)
	if err != nil {
		p.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, resp.Header.Get("X-Scopegate-Error")
}
