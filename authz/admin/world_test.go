package admin_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
	"scopegate/authz/admin"
	"scopegate/authz/assertion"
	"scopegate/metrics"
	"scopegate/store/live"
	"scopegate/store/memstore"
)

const adminToken = "0123456789abcdef0123456789abcdef"

// world is the admin API over TCP and, without a credential, as over the
// socket; its store is real and in memory.
type world struct {
	tcp, socket *httptest.Server
	client      *http.Client // keeps no connection, which would outlive its server
	engine      *memstore.Store
	view        *live.Store
	clock       atomic.Int64 // Unix seconds
	audit       *record
	problems    []admin.Problem // of the next reload
	// requirements are those of the routes in force.
	requirements []authz.RouteRequirement
	answers      []string // all bodies
}

// record is a log that several goroutines write.
type record struct {
	mu sync.Mutex
	b  strings.Builder
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.Write(p)
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.b.String()
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{engine: memstore.New(), audit: &record{}, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	w.clock.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).Unix())
	now := w.now
	view, err := live.Open(t.Context(), w.engine, live.Options{Now: now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = view.Close() })
	w.view = view
	keys, err := authz.NewHashKeys("k1", nil)
	if err != nil {
		t.Fatal(err)
	}
	ring := authz.NewKeyRing(keys)
	policy := authz.NewCurrentPolicy(&authz.Policy{
		Issuer: "https://api.example.com", Realm: "scopegate", TokenPrefix: authz.DefaultTokenPrefix,
		TokenTTL: time.Hour, MaxTokenTTL: 24 * time.Hour, Scopes: authz.NewScopeSet("a:read", "b:write"),
	})
	log := slog.New(slog.NewJSONHandler(w.audit, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s := &admin.Server{
		Registry: &authz.Registry{Store: view, Keys: ring, Policy: policy, Now: now},
		Issuer: &authz.Issuer{
			Store: view, Keys: ring, Policy: policy, Now: now, Authorizer: &authz.Authorizer{Tokens: view, Now: now},
			Caps: authz.NewTokenCaps(view, now),
		},
		Store: view, Policy: policy, Metrics: metrics.New(metrics.Options{Reasons: authz.Reasons()}),
		Audit: log, Log: log, Now: now, Signing: &assertion.Keeper{}, Token: authz.NewSecretText(adminToken),
		Meter: view.Meter, Requirements: func() []authz.RouteRequirement { return w.requirements },
		Routes: func() any { return map[string]any{"routes": []string{"read"}} },
		Explain: func(r admin.ExplainRequest) (any, error) {
			if r.Method == "" {
				return nil, &authz.FieldError{Field: "method", Problem: "is missing"}
			}
			return map[string]any{"verdict": "allowed", "path": r.Path}, nil
		},
		Reload: func(context.Context) (any, []admin.Problem, error) {
			if w.problems != nil {
				return nil, w.problems, errors.New("bad file")
			}
			return map[string]any{"routes": 1}, nil, nil
		},
		Status: func() any { return map[string]any{"ready": true} },
		Backup: func(_ context.Context, out io.Writer) (any, error) {
			_, err := io.WriteString(out, "copy")
			return nil, err
		},
		Check: func(context.Context) (any, error) { return map[string]any{"ok": true}, nil },
	}
	serve := func(overSocket bool) *httptest.Server {
		e := echo.New()
		e.IPExtractor = echo.ExtractIPDirect()
		s.Mount(e, overSocket)
		server := httptest.NewServer(e)
		t.Cleanup(server.Close)
		return server
	}
	w.tcp, w.socket = serve(false), serve(true)
	return w
}

func (w *world) now() time.Time { return time.Unix(w.clock.Load(), 0).UTC() }

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	json   map[string]any
}

// call makes one request as over the socket; an empty body sends none.
func (w *world) call(t *testing.T, method, path, body string) answer {
	t.Helper()
	header := http.Header{}
	if body != "" {
		header.Set("Content-Type", "application/json")
	}
	return w.send(t, w.socket.URL, method, path, body, header)
}

func (w *world) send(t *testing.T, origin, method, path, body string, header http.Header) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, origin+"/admin/v1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	resp, err := w.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{status: resp.StatusCode, header: resp.Header, body: string(text), json: map[string]any{}}
	if method != http.MethodHead && strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(text, &a.json); err != nil {
			t.Fatalf("%s %s: %v: %s", method, path, err, text)
		}
	}
	w.answers = append(w.answers, a.body)
	return a
}

// create registers a client and returns its id and its secret.
func (w *world) create(t *testing.T, body string) (id, secret string) {
	t.Helper()
	a := w.call(t, http.MethodPost, "/clients", body)
	if a.status != http.StatusCreated {
		t.Fatalf("%d %s", a.status, a.body)
	}
	client, _ := a.json["client"].(map[string]any)
	id, _ = client["id"].(string)
	secret, _ = a.json["client_secret"].(string)
	return id, secret
}
