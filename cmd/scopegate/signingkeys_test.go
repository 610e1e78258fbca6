package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"scopegate/authz/admin"
)

// assertedBackend remembers the assertions that it was sent.
type assertedBackend struct {
	*httptest.Server
	assertions chan string
}

func newAssertedBackend(t *testing.T) *assertedBackend {
	b := &assertedBackend{assertions: make(chan string, 1)}
	b.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b.assertions <- strings.Join(r.Header.Values("X-Principal-Assertion"), " and ")
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *assertedBackend) routes(more string) string {
	return `version: 1
oauth: { issuer: https://api.example.com }
scopes: { invoices.read: Read invoices }
upstreams:
  billing: { endpoints: [ { url: "` + b.URL + `" } ]` + more + ` }
routes:
  - { name: read, path: /partner/*, strip_prefix: /partner, require: { scopes: [invoices.read] }, upstream: billing }
`
}

const asserts = `, principal_assertion: { audience: https://billing.internal }`

// public reads a document of the public listener.
func (p *inProcess) public(path string) (text string) {
	p.t.Helper()
	resp, err := http.Get(p.origin + path)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.t.Fatalf("%s: %s %v", path, resp.Status, err)
	}
	return string(body)
}

func (p *inProcess) signingKeys(args ...string) []admin.SigningKey {
	p.t.Helper()
	var list admin.SigningKeyList
	p.json(&list, append([]string{"signing-keys"}, args...)...)
	return list.Keys
}

func TestSigningKeysAreMadeWhenAnUpstreamFirstAsksAndRotateWithoutABreak(t *testing.T) {
	b := newAssertedBackend(t)
	p := serveInProcess(t, b.routes(""), nil)
	token := p.token(p.register("worker"))
	if got := p.public("/oauth/jwks.json"); got != `{"keys":[]}` || strings.Contains(p.public("/.well-known/oauth-authorization-server"), "jwks_uri") {
		t.Errorf("a key that nobody asked for: %s", got)
	}
	p.refused(exitFailed, "no upstream asks", "signing-keys", "rotate")
	p.get("/partner/1", token)
	if got := <-b.assertions; got != "" {
		t.Errorf("an assertion that nobody asked for: %s", got)
	}

	p.write("routes.yaml", b.routes(asserts))
	p.cli("reload")
	first := p.signingKeys("list")
	if len(first) != 1 || first[0].State != "signs" || first[0].Algorithm != "ES256" {
		t.Fatalf("keys %+v", first)
	}
	if !strings.Contains(p.public("/.well-known/oauth-authorization-server"), `"jwks_uri":"https://api.example.com/oauth/jwks.json"`) {
		t.Error("the metadata does not tell where the keys are")
	}
	if info, err := os.Stat(p.path("data/signing.keys")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("signing.keys: %v %v", info, err)
	}
	verifyElsewhere(t, p, b, token)

	keys := p.signingKeys("rotate")
	if len(keys) != 2 || keys[0].State != "signs" || keys[1].State != "waits" || keys[1].SignsFrom.Sub(keys[0].SignsFrom) < 0 {
		t.Fatalf("keys after a rotation %+v", keys)
	}
	p.refused(exitFailed, "wait for it or retire it", "signing-keys", "rotate")
	p.cli("signing-keys", "retire", keys[1].ID)
	keys = p.signingKeys("rotate", "--at-once", "--algorithm", "EdDSA")
	if len(keys) != 2 || keys[0].RetireFrom == nil || keys[1].State != "signs" || keys[1].Algorithm != "EdDSA" {
		t.Fatalf("keys after a rotation at once %+v", keys)
	}
	p.refused(exitFailed, "may still be needed", "signing-keys", "retire", keys[0].ID)
	p.refused(exitFailed, "rotate first", "signing-keys", "retire", keys[1].ID, "--force")
	p.refused(exitFailed, "not found", "signing-keys", "retire", "nobody")
	p.refused(exitFailed, "ES256 or EdDSA", "signing-keys", "rotate", "--algorithm", "none")
	verifyElsewhere(t, p, b, token)

	p.stop()
	p.start()
	if again := p.signingKeys("list"); len(again) != 2 || again[0].ID != keys[0].ID || again[1].State != "signs" {
		t.Errorf("keys after a restart %+v", again)
	}
	p.cli("signing-keys", "retire", keys[0].ID, "--force")
	if got := p.public("/oauth/jwks.json"); strings.Contains(got, keys[0].ID) || !strings.Contains(got, keys[1].ID) {
		t.Errorf("key set %s", got)
	}
	if log := p.cli("audit"); strings.Count(log, "signing key ") != 5 {
		t.Errorf("the control log does not tell of each change:\n%s", log)
	}
	file, err := os.ReadFile(p.path("data/signing.keys"))
	if err != nil {
		t.Fatal(err)
	}
	p.stop()
	secret := strings.Fields(string(file))[3]
	if strings.Contains(p.log.String(), secret) || len(secret) != 64 {
		t.Error("the log holds a private key")
	}
}

func TestSigningKeysFromOutsideAreNotOverwrittenBlindly(t *testing.T) {
	b := newAssertedBackend(t)
	file := filepath.Join(t.TempDir(), "given.keys")
	p := serveInProcess(t, b.routes(asserts), map[string]string{"SCOPEGATE_SIGNING_KEYS_FILE": file})
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append([]byte("# mine\nother"), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	p.refused(exitFailed, "changed since the server read it", "signing-keys", "rotate")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	p.refused(exitFailed, "cannot be changed", "signing-keys", "rotate")
	p.stop()
	if err := os.WriteFile(file, []byte("nonsense\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := p.try("", "serve", "--routes", p.path("routes.yaml"), "--data-dir", p.path("data"), "--listen", "127.0.0.1:0", "--admin-listen", "")
	if code != exitFailed || !strings.Contains(stderr, "line 1") {
		t.Errorf("a broken file: exit %d, %s", code, stderr)
	}
}

// verifyElsewhere lets libraries of others verify what a backend was sent.
func verifyElsewhere(t *testing.T, p *inProcess, b *assertedBackend, token string) {
	t.Helper()
	if status, code := p.get("/partner/invoices/7%20b?page=2", token); status != http.StatusOK {
		t.Fatalf("%d %s", status, code)
	}
	assertion := <-b.assertions
	if parts := strings.Split(assertion, "."); len(parts) != 3 {
		t.Fatalf("the backend was sent %q", assertion)
	}
	var client struct{ Clients []struct{ ID string } }
	if err := json.Unmarshal([]byte(p.cli("clients", "list", "--output", "json")), &client); err != nil || len(client.Clients) != 1 {
		t.Fatalf("clients: %+v %v", client, err)
	}
	for _, v := range []struct{ script, probe, run string }{
		{"verify-with-authlib.py", `/usr/bin/python3 -c "import authlib"`, "/usr/bin/python3"},
		{"verify-with-jose.mjs", `test -d "$NODE_CLIENTS/node_modules/jose"`, "node"},
	} {
		t.Run(v.script, func(t *testing.T) {
			if err := exec.CommandContext(t.Context(), "sh", "-c", v.probe).Run(); err != nil {
				t.Skipf("the library is not installed here: %s: %v", v.probe, err)
			}
			cmd := exec.CommandContext(t.Context(), v.run, beside(t, v.script))
			cmd.Env = append(os.Environ(), "GW_URL="+p.origin, "ISSUER=https://api.example.com", "AUDIENCE=https://billing.internal", "METHOD=GET",
				"REQUEST_PATH=/invoices/7%20b", "ASSERTION="+assertion, "http_proxy=", "HTTP_PROXY=", "no_proxy=127.0.0.1")
			out, err := cmd.CombinedOutput()
			if err != nil || !strings.HasPrefix(string(out), "valid "+client.Clients[0].ID) || strings.Count(string(out), "\nrefused ") != 4 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// beside returns where a script can be run: JavaScript looks for its modules
// beside itself.
func beside(t *testing.T, script string) string {
	t.Helper()
	path := filepath.Join("testdata", "clients", script)
	if !strings.HasSuffix(script, "js") {
		return path
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(os.Getenv("NODE_CLIENTS"), script)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
