package main_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// readmePatience bounds each wait for a program that README starts.
const readmePatience = 90 * time.Second

// blocks returns README's fenced blocks of one language, in order.
func blocks(t *testing.T, language string) []string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range regexp.MustCompile("(?ms)^```"+language+"\n(.*?)^```").FindAllStringSubmatch(string(text), -1) {
		out = append(out, m[1])
	}
	return out
}

// output gathers what a program prints while it runs.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// readme is a directory in which README's blocks are run as they stand; only
// ports come from the environment.
type readme struct {
	t   *testing.T
	dir string
	env []string
}

func newReadme(t *testing.T) *readme {
	t.Helper()
	for _, tool := range []string{"bash", "curl", "go"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("README's blocks need %s, which is not here", tool)
		}
	}
	dir, err := os.MkdirTemp("", "readme") //nolint:usetesting // short: the admin socket's path is bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(dir, "bin", "scopegate"), ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return &readme{t, dir, append(os.Environ(),
		"PATH="+filepath.Join(dir, "bin")+":"+os.Getenv("PATH"), "SCOPEGATE_LISTEN=127.0.0.1:0", "SCOPEGATE_ADMIN_LISTEN=127.0.0.1:0")}
}

// start runs a block that does not end by itself, in a process group of its
// own; it is stopped as a terminal's Ctrl-C stops it.
func (r *readme) start(block, dir string) *output {
	r.t.Helper()
	out := &output{}
	cmd := exec.Command("bash", "-ec", block)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = dir, r.env, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(readmePatience):
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
			r.t.Errorf("did not stop:\n%s", out)
			<-ended
		}
	})
	return out
}

// run runs a block to its end.
func (r *readme) run(block string, env ...string) string {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), readmePatience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", "-ec", block)
	cmd.Dir, cmd.Env = r.dir, append(r.env, env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("%s\n%v\n%s", block, err, out)
	}
	return string(out)
}

// until asks again and again until ok says yes.
func (r *readme) until(what string, out *output, ok func() bool) {
	r.t.Helper()
	deadline := time.NewTimer(readmePatience)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			r.t.Fatalf("%s: not in time\n%s", what, out)
		}
	}
}

func TestREADMEsDemoDoesWhatItSays(t *testing.T) {
	shell := blocks(t, "sh")
	if len(shell) < 3 || shell[0] != "go run ./cmd/scopegate serve --demo\n" || shell[1] != "go test ./...\n" {
		t.Fatalf("README does not begin with the demo and the tests: %q", shell)
	}
	r := newReadme(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	out := r.start("exec scopegate serve --demo", root) // what `go run` runs
	r.until("the demo", out, func() bool { return strings.Contains(out.String(), "Ready.") })
	who := regexp.MustCompile(`-u '([^:]+):([^']+)'`).FindStringSubmatch(out.String())
	where := regexp.MustCompile(`gateway +http://(\S+)`).FindStringSubmatch(out.String())
	if who == nil || where == nil {
		t.Fatalf("no client or address in\n%s", out)
	}
	got := r.run(strings.ReplaceAll(shell[2], "127.0.0.1:8080", where[1]), "CLIENT_ID="+who[1], "CLIENT_SECRET="+who[2])
	for _, want := range []string{"HTTP/1.1 200 OK", "legacy billing: GET /invoices", "HTTP_X_PRINCIPAL_CLIENT_ID=" + who[1], "HTTP/1.1 403 Forbidden", `error="insufficient_scope"`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "legacy billing: DELETE") {
		t.Error("the refused request reached the backend")
	}
}

func TestREADMEsOwnBackendBlocksRunAsTheyStand(t *testing.T) {
	shell, yaml := blocks(t, "sh"), blocks(t, "yaml")
	if len(shell) != 5 || len(yaml) != 1 {
		t.Fatalf("README has %d shell and %d yaml blocks", len(shell), len(yaml))
	}
	r := newReadme(t)
	if err := os.WriteFile(filepath.Join(r.dir, "routes.yaml"), []byte(yaml[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	out := r.start(shell[3], r.dir)
	r.until("the server", out, func() bool {
		check := exec.CommandContext(t.Context(), filepath.Join(r.dir, "bin", "scopegate"), "healthcheck")
		check.Dir, check.Env = r.dir, r.env
		return check.Run() == nil
	})
	if got := out.String(); !strings.Contains(got, "3 routes (1 public)") || !strings.Contains(got, "read-orders") {
		t.Errorf("validate and explain printed\n%s", got)
	}
	got := r.run(shell[4])
	for _, want := range []string{"client_secret", "spocs_", "Data Sync Worker", "tenant:42", "3 routes (1 public), 1 upstream, 2 scopes"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}
