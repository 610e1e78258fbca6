package main_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"scopegate/gateway/gatewaytest"
)

// scene is one case on a stage. What it sends carries its tag, so that the
// upstream's records can be told from those of other cases.
type scene struct {
	*testing.T
	*stage
	tag string
	who *party // of client, once somebody asked
}

func newScene(t *testing.T, st *stage, id string) *scene {
	return &scene{T: t, stage: st, tag: "tag-" + strings.ToLower(id) + "-" + base64.RawURLEncoding.EncodeToString([]byte(st.front)) + "-end"}
}

// client is a client of the case's own, which it may disable, revoke or let
// fail without another case noticing.
func (s *scene) client() *party {
	if s.who == nil {
		s.who = s.register(s.T, nil)
	}
	return s.who
}

// fill puts ids, secrets and tokens into a text.
func (s *scene) fill(text string) string {
	own := []string{}
	if strings.Contains(text, "{id}") || strings.Contains(text, "{secret}") {
		own = []string{"{id}", s.client().id, "{secret}", s.client().secret}
	}
	return strings.NewReplacer(append(own,
		"{tag}", s.tag, "{read}", s.read, "{write}", s.write, "{whole}", s.whole, "{alice}", s.alice.id)...).Replace(text)
}

// member is a member of a JSON answer as text; empty if it is none.
func (a *answer) member(name string) string {
	text, _ := a.json()[name].(string)
	return text
}

// json is the answer's body as an object; nil if it is none.
func (a *answer) json() (object map[string]any) {
	_ = json.Unmarshal([]byte(a.body), &object)
	return object
}

func basicAuth(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

func formOf(pairs ...string) string {
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return form.Encode()
}

// call is a request to a fixed endpoint; zero fields are those of the base
// request: a form, posted to the token endpoint, with the case's own client
// authenticated by Basic.
type call struct {
	method string
	path   string
	auth   []string // Authorization fields; nil: Basic, empty: none
	kind   string   // Content-Type; "none": no such field
	body   string   // {id}, {secret} and {token}s are filled in
	fields []string // more fields
}

var noAuth = []string{}

// send makes a call and returns its answer.
func (s *scene) send(c call) *answer {
	s.Helper()
	if c.method == "" {
		c.method = http.MethodPost
	}
	if c.path == "" {
		c.path = "/oauth/token"
	}
	req, err := http.NewRequestWithContext(s.Context(), c.method, s.scheme+"://"+s.addr+s.fill(c.path), strings.NewReader(s.fill(c.body)))
	if err != nil {
		s.Fatal(err)
	}
	auth := slices.Clone(c.auth)
	if c.auth == nil {
		auth = []string{basicAuth(s.client().id, s.client().secret)}
	}
	for i := range auth {
		auth[i] = s.fill(auth[i])
	}
	if len(auth) > 0 {
		req.Header["Authorization"] = auth
	}
	switch c.kind {
	case "":
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case "none":
	default:
		req.Header.Set("Content-Type", c.kind)
	}
	for _, f := range c.fields {
		name, value, _ := strings.Cut(f, ": ")
		req.Header.Add(name, s.fill(value))
	}
	resp, err := s.public.Do(req)
	if err != nil {
		return &answer{err: err}
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return &answer{resp.StatusCode, resp.Proto, resp.Header, string(body), err}
}

// post posts a form to a fixed endpoint as a client.
func (s *scene) post(path string, who *party, pairs ...string) *answer {
	s.Helper()
	return s.send(call{path: path, auth: []string{basicAuth(who.id, who.secret)}, body: formOf(pairs...)})
}

// get asks a guarded path with a bearer token; empty: none.
func (s *scene) get(path, token string, fields ...string) *answer {
	s.Helper()
	auth := noAuth
	if token != "" {
		auth = []string{"Bearer " + token}
	}
	return s.send(call{method: http.MethodGet, path: path, auth: auth, kind: "none", fields: fields})
}

// want fails the case unless the answer has the status, and of a fixed
// endpoint or the gateway the error code.
func (s *scene) want(a *answer, status int, code string) {
	s.Helper()
	if a.err != nil || a.status != status || code != "" && a.member("error") != code {
		s.Errorf("want %d %s, got %s", status, code, a.text())
	}
}

// silent fails the case if the upstream saw anything of it.
func (s *scene) silent() {
	s.Helper()
	if seen := s.upstream.of(s.tag); len(seen) > 0 {
		s.Errorf("the upstream saw %q", seen)
	}
}

// upstreamSaw returns the one request of this case that the upstream saw.
func (s *scene) upstreamSaw() recorded {
	s.Helper()
	seen := s.upstream.of(s.tag)
	if len(seen) != 1 {
		s.Fatalf("the upstream saw %d requests: %q", len(seen), seen)
	}
	return seen[0]
}

// values are the values of a field of a recorded request.
func (r recorded) values(name string) (values []string) {
	for line := range strings.Lines(r.head) {
		if n, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(n, name) {
			values = append(values, strings.TrimSpace(v))
		}
	}
	return values
}

// target is the second word of the request line.
func (r recorded) target() string { return strings.Fields(r.head + " - -")[1] }

// talk sends raw bytes on a connection and tells the answers in words, and
// whether the connection was (kept) or (closed).
func (s *scene) talk(raw string) string {
	s.Helper()
	return gatewaytest.Talk(s.T, s.addr, s.fill(raw))
}

// request is a whole HTTP/1.1 request; its target gets the case's tag as query.
func request(method, path, token, body string, fields ...string) string {
	lines := []string{method + " " + path + "?{tag} HTTP/1.1", "Host: gw.example"}
	if token != "" {
		lines = append(lines, "Authorization: Bearer "+token)
	}
	return strings.Join(append(lines, fields...), "\r\n") + "\r\n\r\n" + body
}

func getA(fields ...string) string { return request("GET", "/a/x", "{read}", "", fields...) }

func postA(body string, fields ...string) string {
	return request("POST", "/a/x", "{write}", body, fields...)
}

// statuses are the status codes that talk told, without interim ones.
func statuses(told string) (codes []string) {
	for line := range strings.Lines(told) {
		if rest, ok := strings.CutPrefix(line, "HTTP/1."); ok && !strings.HasPrefix(rest[2:], "1") {
			codes = append(codes, strings.TrimSpace(rest[2:]))
		}
	}
	return codes
}

// refuses is a case in which raw bytes are refused with one of the statuses, or
// with the connection's end alone, and the upstream sees nothing whole.
func refuses(raw string, allowed ...string) how {
	return tested(func(s *scene) { s.refused(raw, allowed...) })
}

func (s *scene) refused(raw string, allowed ...string) {
	s.Helper()
	told := s.talk(raw)
	codes := statuses(told)
	switch {
	case len(codes) == 0 && strings.Contains(told, "(closed)"):
	case len(codes) > 0 && slices.Contains(allowed, codes[0]):
	default:
		s.Errorf("%q: want %q, got\n%s", s.fill(raw), allowed, told)
	}
	for _, seen := range s.upstream.of(s.tag) {
		if seen.complete {
			s.Errorf("%q: the upstream saw %q", s.fill(raw), seen)
		}
	}
}

// passes sends raw bytes that have to be answered 200, and returns what the
// upstream saw.
func (s *scene) passes(raw string) recorded {
	s.Helper()
	if told := s.talk(raw); !strings.HasPrefix(told, "HTTP/1.1 200\n") {
		s.Fatalf("%q: got\n%s", s.fill(raw), told)
	}
	return s.upstreamSaw()
}

// conn is a caller's connection that is read by hand.
type conn struct {
	net.Conn
	r *bufio.Reader
}

// Read reads behind what was read of the head.
func (c *conn) Read(p []byte) (int, error) { return c.r.Read(p) }

// dial opens a connection, which the case's end closes, and sends raw bytes.
func (s *scene) dial(raw string) *conn {
	s.Helper()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(scriptPatience))
	if _, err := io.WriteString(c, s.fill(raw)); err != nil {
		s.Fatal(err)
	}
	return &conn{c, bufio.NewReader(c)}
}

// head reads the next head; empty if the connection ends before.
func (c *conn) head() string {
	head, _ := gatewaytest.ReadHead(c.r)
	return head
}

const upgradeFields = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="

// dialTunnel opens a WebSocket through the gateway whose upstream says
// everything back.
func (s *scene) dialTunnel(token string) *conn {
	s.Helper()
	c := s.dial(request("GET", "/socket", token, "", upgradeFields, "X-Then: echo",
		answering("HTTP/1.1 101 Switching Protocols\nConnection: Upgrade\nUpgrade: websocket\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\n\n")))
	if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 101 ") {
		s.Fatalf("no tunnel: %q", head)
	}
	return c
}
