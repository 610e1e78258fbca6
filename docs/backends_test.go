package docs_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"scopegate/authz/assertion"
	"scopegate/gateway/gatewaytest"
)

// patience bounds each wait for a server; only a failure waits so long.
const patience = 60 * time.Second

// forged is what a caller says who it is, in every spelling that some server
// folds to the name of a principal header or of one that is mapped to it.
var forged = []string{
	"X-Principal-Client-Id", "x-principal-client-id", "X_Principal_Client_Id", "X.Principal.Client.Id", "X-Principal_Client-Id",
	"X_PRINCIPAL_CLIENT_ID", "X~Principal~Client~Id", "X-Principal-User-Id", "X_Principal_User_Id", "X_Principal_Scopes",
	"X-Remote-User", "X_Remote_User", "X.Remote.User", "X_Tenant", "X|Tenant", "X-Principal-Assertion", "X_Principal_Assertion",
}

const routes = `version: 1
scopes: { "a:read": A }
upstreams:
  legacy:
    endpoints: [ { url: "%[1]s" } ]
    principal_headers: { X-Remote-User: "{principal.client_id}", X-Tenant: "{principal.owner_id}" }
    principal_assertion: { audience: legacy }
routes:
  - { name: guarded, path: /index.php, rewrite: "%[2]s/index.php", require: { scopes: ["a:read"] }, upstream: legacy }
  - { name: open, path: /open.php, rewrite: "%[2]s/open.php", public: true, upstream: legacy }
`

// backend is a real server that answers with what its programs read of the
// request: a line NAME=value for each variable.
type backend struct {
	url           string // as routes.yaml names it
	network, addr string
	target        string // the line that tells the path as it was sent
	prefix        string // of its programs' paths
}

func TestApacheWithPHPReadsOnlyOurWord(t *testing.T) { holdsAgainstForgery(t, startApache(t), false) }

func TestGunicornReadsOnlyOurWord(t *testing.T) { holdsAgainstForgery(t, startGunicorn(t), true) }

func TestUWSGIReadsOnlyOurWord(t *testing.T) { holdsAgainstForgery(t, startUWSGI(t), true) }

func TestTomcatReadsOnlyOurWord(t *testing.T) {
	servlet, cgi := startTomcat(t)
	t.Run("servlet", func(t *testing.T) { holdsAgainstForgery(t, servlet, false) })
	t.Run("CGI", func(t *testing.T) { holdsAgainstForgery(t, cgi, true) })
}

func TestNginxReadsOnlyOurWord(t *testing.T) { holdsAgainstForgery(t, startNginx(t), true) }

// holdsAgainstForgery asks a backend through the gateway with forged fields.
// folds tells that the server itself takes X_Remote_User for X-Remote-User,
// which is shown by asking it without the gateway.
func holdsAgainstForgery(t *testing.T, b *backend, folds bool) {
	direct := ask(t, b.network, b.addr, b.prefix+"/index.php", "X-Remote-User: forged-directly")
	if !strings.Contains(direct, "HTTP_X_REMOTE_USER=forged-directly\n") {
		t.Fatalf("the backend does not tell what it reads:\n%s", direct)
	}
	direct = ask(t, b.network, b.addr, b.prefix+"/index.php", "X_Remote_User: forged-directly")
	if got := strings.Contains(direct, "HTTP_X_REMOTE_USER=forged-directly\n"); got != folds {
		t.Errorf("X_Remote_User is read as X-Remote-User: %v, but docs/backends.md says %v\n%s", got, folds, direct)
	}

	h := gatewaytest.New(t, fmt.Sprintf(routes, b.url, b.prefix))
	addr := gatewaytest.StartHTTP(t, h.Gateway)
	fields := []string{"Connection: close, X-Principal-Client-Id, X-Remote-User"}
	for _, name := range forged {
		fields = append(fields, name+": forged", name+":")
	}
	public := ask(t, "tcp", addr, "/open.php", fields...)
	if strings.Contains(public, "forged") || strings.Contains(public, string(gatewaytest.Alice)) {
		t.Errorf("a public route:\n%s", public)
	}
	guarded := ask(t, "tcp", addr, "/index.php?q=1", append(fields, "Authorization: Bearer "+gatewaytest.TokenText("read"))...)
	for _, want := range []string{
		"HTTP_X_PRINCIPAL_CLIENT_ID=" + string(gatewaytest.Alice), "HTTP_X_REMOTE_USER=" + string(gatewaytest.Alice),
		"HTTP_X_TENANT=42", "HTTP_X_PRINCIPAL_SCOPES=a:read",
	} {
		if !strings.Contains(guarded, want+"\n") {
			t.Errorf("the backend does not read %s", want)
		}
	}
	if got := pathOfAssertion(t, guarded); got != b.prefix+"/index.php" || !strings.Contains(guarded, b.target) {
		t.Errorf("the assertion is for %q, and the backend does not read %q", got, b.target)
	}
	if strings.Contains(guarded, "forged") || t.Failed() {
		t.Errorf("a guarded route:\n%s", guarded)
	}
}

// pathOfAssertion returns the path that the assertion in a backend's answer is
// for. Its signature is verified elsewhere, by others.
func pathOfAssertion(t *testing.T, answer string) string {
	t.Helper()
	_, text, found := strings.Cut(answer, "HTTP_X_PRINCIPAL_ASSERTION=")
	text, _, _ = strings.Cut(text, "\n")
	parts := strings.Split(text, ".")
	if !found || len(parts) != 3 {
		t.Fatalf("the backend reads no assertion:\n%s", answer)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var claims assertion.Claims
	if err := json.Unmarshal(payload, &claims); err != nil {
		t.Fatal(err)
	}
	return claims.Path
}

// ask makes one request by hand, since no client sends such names, and returns
// the body of a good answer.
func ask(t *testing.T, network, addr, path string, fields ...string) string {
	t.Helper()
	conn, err := net.DialTimeout(network, addr, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: backend.example\r\n%s\r\n\r\n", path, strings.Join(fields, "\r\n")); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s %v\n%s", answer.Status, err, body)
	}
	return string(body)
}

// directory is one that a server which drops its privileges can read, with a
// path that is short enough for a socket.
func directory(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "backend") //nolint:usetesting // others cannot enter t.TempDir, and its path is long
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) }) // after the server ended
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// start runs a server until the test ends and waits until it takes
// connections; it returns false if the server ended before that.
func start(t *testing.T, network, addr string, cmd *exec.Cmd) bool {
	t.Helper()
	log, err := os.CreateTemp(t.TempDir(), "log")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close() })
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // killed, or told by the caller
	}()
	t.Cleanup(func() {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("the server does not stop")
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // whatever it left behind
		<-ended
	})
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		select {
		case <-ended:
			text, _ := os.ReadFile(log.Name())
			t.Logf("the server ended:\n%s", text)
			return false
		case <-deadline:
			t.Fatal("the server takes no connections")
		case <-tick.C:
			if conn, err := net.Dial(network, addr); err == nil {
				_ = conn.Close()
				return true
			}
		}
	}
}

// need skips the test unless the programs of Debian's packages are here.
func need(t *testing.T, packages string, patterns ...string) (found []string) {
	t.Helper()
	for _, pattern := range patterns {
		matches, err := filepath.Glob(pattern)
		if err != nil || len(matches) == 0 {
			t.Skipf("needs the packages %s: no %s", packages, pattern)
		}
		found = append(found, matches[0])
	}
	return found
}
