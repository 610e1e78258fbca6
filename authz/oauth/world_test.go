package oauth_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
	"scopegate/authz/oauth"
	"scopegate/metrics"
	"scopegate/store/live"
	"scopegate/store/memstore"
)

// clock is set by the tests.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// server is the endpoints over a real socket, with one client.
type server struct {
	*httptest.Server
	clock    *clock
	wall     *clock
	store    authz.Store
	registry *authz.Registry
	issuer   *authz.Issuer
	policy   *authz.CurrentPolicy
	log      *syncBuilder
	id       string
	secret   string
}

// syncBuilder is a log that many goroutines write.
type syncBuilder struct {
	mu      sync.Mutex
	b       strings.Builder
	discard bool // keep nothing
}

func (s *syncBuilder) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.discard {
		return len(p), nil
	}
	return s.b.Write(p)
}

func (s *syncBuilder) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func start(t testing.TB) *server { return startOver(t, memstore.New()) }

func startOver(t testing.TB, engine authz.Store) *server {
	t.Helper()
	s := &server{clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}, wall: &clock{}, log: &syncBuilder{}}
	view, err := live.Open(t.Context(), engine, live.Options{Now: s.clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = view.Close() })
	keys, err := authz.NewHashKeys("k1", nil)
	if err != nil {
		t.Fatal(err)
	}
	ring := authz.NewKeyRing(keys)
	s.policy = authz.NewCurrentPolicy(&authz.Policy{
		Issuer: "https://api.example.com", Realm: "scopegate", TokenPrefix: authz.DefaultTokenPrefix,
		TokenTTL: time.Hour, MaxTokenTTL: 24 * time.Hour, Scopes: authz.NewScopeSet("a:read", "b:write", "c:admin"),
	})
	s.store = view
	s.registry = &authz.Registry{Store: view, Keys: ring, Policy: s.policy, Now: s.clock.Now}
	s.issuer = &authz.Issuer{
		Store: view, Keys: ring, Policy: s.policy, Now: s.clock.Now,
		Authorizer: &authz.Authorizer{Tokens: view, Now: s.clock.Now}, Caps: authz.NewTokenCaps(view, s.clock.Now),
	}
	e := echo.New()
	e.IPExtractor = echo.ExtractIPDirect()
	(&oauth.Server{
		Issuer: s.issuer, Policy: s.policy, Metrics: metrics.New(metrics.Options{Reasons: authz.Reasons()}),
		Log: slog.New(slog.NewJSONHandler(s.log, nil)), Now: s.clock.Now, Throttle: oauth.NewThrottle(),
		Wall: func() time.Time { // each look at it is 1.5 ms later than the last
			s.wall.advance(1500 * time.Microsecond)
			return s.wall.Now()
		},
		IssueLimits: oauth.NewIssueLimits(), Scans: oauth.NewScans(),
	}).Mount(e)
	s.Server = httptest.NewServer(e)
	t.Cleanup(s.Close)
	s.id, s.secret = s.register(t, "a:read", "b:write")
	return s
}

func (s *server) register(t testing.TB, scopes ...authz.Scope) (id, secret string) {
	t.Helper()
	c, text, err := s.registry.Create(t.Context(), authz.Registration{Name: "worker", AllowedScopes: scopes, Confidential: true}, authz.By{Actor: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return string(c.ID), text.Text()
}

func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(id+":"+secret))
}

// call is one request; zero fields are the base request R0's.
type call struct {
	method      string
	path        string
	auth        []string // Authorization fields; nil: Basic of the client
	contentType string
	body        string
	fields      http.Header // in place of those above
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

func (a *answer) error() string {
	code, _ := a.json["error"].(string)
	return code
}

func (s *server) do(t *testing.T, c call) *answer {
	t.Helper()
	if c.method == "" {
		c.method = http.MethodPost
	}
	if c.path == "" {
		c.path = oauth.TokenPath
	}
	req, err := http.NewRequestWithContext(t.Context(), c.method, s.URL+c.path, strings.NewReader(c.body))
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case c.auth == nil:
		req.Header.Set("Authorization", basic(s.id, s.secret))
	case len(c.auth) > 0:
		req.Header["Authorization"] = c.auth
	}
	switch c.contentType {
	case "":
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	case "none":
	default:
		req.Header.Set("Content-Type", c.contentType)
	}
	maps.Copy(req.Header, c.fields)
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := &answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
	_ = json.Unmarshal(body, &a.json)
	return a
}

// token issues one for the client and returns its text.
func (s *server) token(t *testing.T, id, secret string) string {
	t.Helper()
	a := s.do(t, call{auth: []string{basic(id, secret)}, body: "grant_type=client_credentials"})
	text, _ := a.json["access_token"].(string)
	if a.status != http.StatusOK || text == "" {
		t.Fatalf("token: %d %s", a.status, a.body)
	}
	return text
}

func form(pairs ...string) string {
	v := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v.Encode()
}
