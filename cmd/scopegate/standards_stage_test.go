package main_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// stage is a running server with its upstream and the tokens that the cases
// use.
type stage struct {
	t        *testing.T
	front    string
	args     []string
	session  *session
	server   *process
	upstream *recorder
	admin    *http.Client // over the admin socket
	public   *http.Client // follows nothing and keeps nothing
	addr     string       // of the public listener
	scheme   string       // its own: http or https
	adminURL string       // of the admin listener over TCP

	alice              *party
	read, write, whole string // tokens of alice: a:read, b:write, both
	brief              *party // its tokens live a second
	expired            string // a token of brief that ends soon
}

// party is a registered client.
type party struct{ id, secret string }

// standardsRoutes is what every stage serves. ${LOOP_URL} is the server itself.
const standardsRoutes = `
version: 1
oauth: { realm: gw, issuer: "http://127.0.0.1" }
scopes: { "a:read": Read, "b:write": Write, "c:admin": All }
upstreams:
  legacy:
    endpoints: [{ url: "${BACKEND_URL}" }]
    timeout: { connect: 5s, response: 20s, idle: 20s }
    principal_headers: { X-Remote-User: "{principal.client_id}" }
  gone: { endpoints: [{ url: "http://127.0.0.1:1" }] }
  nameless: { endpoints: [{ url: "http://backend.invalid" }] }
  slow: { endpoints: [{ url: "${BACKEND_URL}" }], timeout: { response: 150ms } }
  signed: { endpoints: [{ url: "${BACKEND_URL}" }], principal_assertion: { audience: "https://signed.internal" } }
  itself: { endpoints: [{ url: "${BACKEND_URL}" }] }
routes:
  - { name: read, path: "/a/*", methods: [GET], require: { scopes: ["a:read"] }, upstream: legacy }
  - { name: write, path: "/a/*", methods: [POST, PUT], require: { scopes: ["b:write"] }, upstream: legacy }
  - { name: both, path: /both, require: { scopes: ["a:read", "b:write"] }, upstream: legacy }
  - { name: any, path: /any, require: { scopes: ["a:read"] }, upstream: legacy }
  - { name: admin, path: "/admin/*", require: { scopes: ["c:admin"] }, upstream: legacy }
  - { name: public, path: "/public/*", public: true, upstream: legacy }
  - { name: mapped, path: /mapped, require: { scopes: ["a:read"] }, upstream: legacy, request_headers: { set: { X-User-Id: "{principal.client_id}" } } }
  - { name: plain, path: /plain, require: { scopes: ["a:read"] }, upstream: legacy }
  - { name: socket, path: /socket, methods: [GET], websocket: true, require: { scopes: ["a:read"] }, upstream: legacy }
  - { name: browser, path: /browser, methods: [GET], require: { scopes: ["a:read"] }, cors: { allow_origins: ["https://app.example"] }, upstream: legacy }
  - { name: limited, path: /limited, require: { scopes: ["a:read"] }, limits: { per_client: { rate: 1/h, burst: 1 } }, upstream: legacy }
  - { name: small, path: /small, methods: [POST], require: { scopes: ["b:write"] }, limits: { body: 1KiB }, upstream: legacy }
  - { name: gone, path: /gone, require: { scopes: ["a:read"] }, upstream: gone }
  - { name: nameless, path: /nameless, require: { scopes: ["a:read"] }, upstream: nameless }
  - { name: slow, path: /slow, require: { scopes: ["a:read"] }, upstream: slow }
  - { name: signed, path: /signed, require: { scopes: ["a:read"] }, upstream: signed }
  - { name: halting, path: /halting, require: { scopes: ["a:read"] }, timeout: { idle: 150ms }, upstream: legacy }
  - { name: loop, path: /loop, public: true, upstream: itself }
  - { name: billing, path: /r/billing, resource: "https://api.example.com/billing", require: { scopes: ["a:read"] }, upstream: legacy }
  - { name: reports, path: /r/reports, resource: "https://api.example.com/reports", require: { scopes: ["a:read"] }, upstream: legacy }
`

// newStage starts a server of the standards' routes until the test ends; more
// are more flags of serve.
func newStage(t *testing.T, front string, more ...string) *stage {
	t.Helper()
	st := newStageOf(t, standardsRoutes, front, more...)
	st.alice = st.register(t, map[string]any{"owner_type": "tenant", "owner_id": "42"})
	st.read = st.token(t, st.alice, "scope", "a:read")
	st.write = st.token(t, st.alice, "scope", "b:write")
	st.whole = st.token(t, st.alice)
	st.brief = st.register(t, map[string]any{"access_token_ttl": "1s"})
	st.expired = st.token(t, st.brief)
	return st
}

// newStageOf starts a server of other routes, with no client yet.
func newStageOf(t *testing.T, routes, front string, more ...string) *stage {
	t.Helper()
	dir, err := os.MkdirTemp("", "standards") //nolint:usetesting // short: the admin socket's path is bounded
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	st := &stage{
		t: t, front: front, upstream: newRecorder(t),
		session: &session{dir: dir, backend: newBackend(), client: newHTTPClient()}, public: newHTTPClient(),
		admin: &http.Client{Timeout: scriptPatience, Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(dir, "data", "admin.sock"))
			},
		}},
		args: append([]string{
			"serve", "--front", front, "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0",
			"--log-level", "debug", "--watch=false", "--disk-reserve", "1MiB",
		}, more...),
	}
	t.Cleanup(st.session.close)
	if st.scheme = "http"; slices.Contains(more, "--tls-cert") {
		st.scheme = "https"
		if err := selfSigned(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")); err != nil {
			t.Fatal(err)
		}
		st.public.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // the certificate was made for this test
	}
	st.writeRoutes(routes)
	st.start()
	return st
}

func (st *stage) writeRoutes(text string) {
	st.t.Helper()
	if err := os.WriteFile(filepath.Join(st.session.dir, "routes.yaml"), []byte(text), 0o600); err != nil {
		st.t.Fatal(err)
	}
}

// start starts the server, again on the same data directory after a kill.
func (st *stage) start() {
	st.t.Helper()
	environment := []string{"BACKEND_URL=http://" + st.upstream.addr}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "GOCOVERDIR", "GORACE"} {
		if value := os.Getenv(name); value != "" {
			environment = append(environment, name+"="+value)
		}
	}
	p, err := st.session.start(environment, st.args)
	if err != nil {
		st.t.Fatal(err)
	}
	st.server = p
	var said serving
	st.poll(func() (ok bool) {
		said, ok = p.serving()
		return ok || !p.running()
	})
	if said.Listen == "" {
		st.t.Fatalf("the server ended:\n%s", p.log())
	}
	st.addr, st.adminURL = said.Listen, "http://"+said.Admin
}

// poll looks again and again until ok says yes.
func (st *stage) poll(ok func() bool) {
	st.t.Helper()
	if !eventually(ok) {
		st.t.Fatalf("not in time:\n%s", st.server.log())
	}
}

// ask calls the admin API over its socket and returns status and answer.
func (st *stage) ask(t *testing.T, method, path string, body any) (status int, out map[string]any) {
	t.Helper()
	var payload io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		payload = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, "http://admin/admin/v1"+path, payload)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := st.admin.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(text, &out) // some answers have no body
	return resp.StatusCode, out
}

// change calls the admin API, which has to do what is asked.
func (st *stage) change(t *testing.T, method, path string, body any) map[string]any {
	t.Helper()
	status, out := st.ask(t, method, path, body)
	if status/100 != 2 {
		t.Fatalf("%s %s: %d %v", method, path, status, out)
	}
	return out
}

// register registers a client with the scopes a:read and b:write, unless
// fields say otherwise.
func (st *stage) register(t *testing.T, fields map[string]any) *party {
	t.Helper()
	body := map[string]any{"name": t.Name()[:min(len(t.Name()), 100)], "allowed_scopes": []string{"a:read", "b:write"}}
	maps.Copy(body, fields)
	out := st.change(t, http.MethodPost, "/clients", body)
	client, _ := out["client"].(map[string]any)
	return &party{fmt.Sprint(client["id"]), fmt.Sprint(out["client_secret"])}
}

// token gets a token of the client; pairs are more parameters of the form.
func (st *stage) token(t *testing.T, who *party, pairs ...string) string {
	t.Helper()
	s := newScene(t, st, "token")
	a := s.post("/oauth/token", who, append([]string{"grant_type", "client_credentials"}, pairs...)...)
	text := a.member("access_token")
	if a.status != http.StatusOK || text == "" {
		t.Fatalf("token: %s", a.text())
	}
	return text
}

// logs returns all that the server wrote.
func (st *stage) logs() string {
	var all strings.Builder
	for _, p := range st.session.started {
		access, _ := os.ReadFile(p.stdout) // empty while there is none
		all.WriteString(p.log() + string(access))
	}
	return all.String()
}
