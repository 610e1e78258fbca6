package gateway_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway"
	"scopegate/gateway/exchange"
	"scopegate/gateway/gatewaytest"
)

// accessLines returns the access log's lines, after which it is closed.
func accessLines(t *testing.T, h *gatewaytest.Harness) (lines []map[string]any) {
	t.Helper()
	h.FlushLog(t)
	for line := range strings.Lines(h.Log.String()) {
		var m map[string]any
		if err := json.Unmarshal([]byte(line), &m); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if m["msg"] == "request" {
			lines = append(lines, m)
		}
	}
	return lines
}

func TestOneLineForEachRequest(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	for _, r := range []struct{ method, path, token string }{
		{"GET", "/a/7", "read"}, {"GET", "/a/7", "revoked"}, {"GET", "/nothing", ""}, {"GET", "/public/x", ""},
	} {
		x, _ := newExchange(r.method, r.path, r.token)
		x.Query, x.HasQuery = "access_token=secret", true
		h.Gateway.Serve(t.Context(), x)
	}
	lines := accessLines(t, h)
	want := []map[string]any{
		{"route": "read", "method": "GET", "path": "/a/7", "status": 200., "reason": "allowed", "upstream": "legacy", "bytes": 3., "client_id": string(gatewaytest.Alice)},
		{"route": "read", "method": "GET", "path": "/a/7", "status": 401., "reason": "revoked_token"},
		{"route": "none", "method": "GET", "path": "/nothing", "status": 404., "reason": "no_route"},
		{"route": "public", "method": "GET", "path": "/public/x", "status": 200., "reason": "public", "upstream": "legacy", "bytes": 3.},
	}
	if len(lines) != len(want) {
		t.Fatalf("%d lines, want %d", len(lines), len(want))
	}
	for i, line := range lines {
		for key, value := range want[i] {
			if line[key] != value {
				t.Errorf("line %d: %s is %v, want %v", i, key, line[key], value)
			}
		}
		if line["remote_ip"] != "203.0.113.9" || line["request_id"] == "" || line["time"] == nil || line["duration_ms"] == nil {
			t.Errorf("line %d lacks something: %v", i, line)
		}
	}
	if id, _ := lines[0]["token_id"].(string); len(id) != 16 {
		t.Errorf("token_id is %v", lines[0]["token_id"])
	}
	if strings.Contains(h.Log.String(), "spoat_") || strings.Contains(h.Log.String(), "secret") {
		t.Error("the log holds a token or the query")
	}
}

func TestACallerCannotForgeALogLine(t *testing.T) {
	for _, format := range []gateway.Format{gateway.FormatJSON, gateway.FormatText} {
		t.Run(string(format), func(t *testing.T) {
			h := gatewaytest.New(t, plainRoutes)
			h.Gateway.AccessLog.Format = format
			x, _ := newExchange("GET\n{\"msg\":\"forged\"}", "/a/\x1b[2J\n\"x=y\u0085"+strings.Repeat("long", 2000), "",
				exchange.Field{Name: "X-Request-Id", Value: "a b\nc"})
			h.Gateway.Serve(t.Context(), x)
			h.FlushLog(t)
			log := h.Log.String()
			if strings.Count(log, "\n") != 1 || strings.ContainsAny(log, "\x1b\u0085") {
				t.Errorf("log: %q", log)
			}
			if len(log) > 4<<10 {
				t.Errorf("the line has %d bytes", len(log))
			}
		})
	}
}

func TestTextFormat(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	h.Gateway.AccessLog.Format = gateway.FormatText
	x, _ := newExchange("GET", "/nothing/x y", "", exchange.Field{Name: "X-Request-Id", Value: "id-1"})
	h.Gateway.Serve(t.Context(), x)
	h.FlushLog(t)
	_, line, _ := strings.Cut(h.Log.String(), " ")
	line, _, _ = strings.Cut(line, " duration_ms")
	const want = `level=INFO msg=request request_id=id-1 route=none method=GET path="/nothing/x y" status=400 reason=bad_path`
	if line != want {
		t.Errorf("got  %s\nwant %s", line, want)
	}
}

func TestRequestsAreCountedOnce(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	for _, token := range []string{"read", "read", "write", "unknown"} {
		x, _ := newExchange("GET", "/a/7", token)
		h.Gateway.Serve(t.Context(), x)
	}
	x, _ := newExchange("BREW", "/nothing", "")
	h.Gateway.Serve(t.Context(), x)
	got := scrape(t, h, "scopegate_requests_total{", "scopegate_client_requests_total{", "scopegate_scope_uses_total{", "scopegate_requests_in_flight ")
	want := []string{
		`scopegate_client_requests_total{client_id="11111111-1111-4111-8111-111111111111",reason="allowed"} 2`,
		`scopegate_client_requests_total{client_id="11111111-1111-4111-8111-111111111111",reason="insufficient_scope"} 1`,
		`scopegate_requests_in_flight 0`,
		`scopegate_requests_total{code="200",method="GET",reason="allowed",route="read"} 2`,
		`scopegate_requests_total{code="401",method="GET",reason="unknown_token",route="read"} 1`,
		`scopegate_requests_total{code="403",method="GET",reason="insufficient_scope",route="read"} 1`,
		`scopegate_requests_total{code="404",method="other",reason="no_route",route="none"} 1`,
		`scopegate_scope_uses_total{scope="a:read"} 2`,
		`scopegate_scope_uses_total{scope="a:write"} 0`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// scrape returns the samples that begin with one of the prefixes, sorted.
func scrape(t *testing.T, h *gatewaytest.Harness, prefixes ...string) (samples []string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.Metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(body)) {
		if slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(line, p) }) {
			samples = append(samples, strings.TrimSuffix(line, "\n"))
		}
	}
	slices.Sort(samples)
	return samples
}

func TestATokenInARequestIDOrAMethodIsNotLogged(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	token := gatewaytest.TokenText("read")
	secret := "spocs_" + strings.Repeat("x", 49)
	for _, id := range []string{token, "a-" + secret} {
		x, a := newExchange("GET", "/public/x", "", exchange.Field{Name: "X-Request-Id", Value: id})
		h.Gateway.Serve(t.Context(), x)
		if got, _ := exchange.Get(a.Head().Fields, "X-Request-Id"); got == id || got == "" {
			t.Errorf("the request's id is %q", got)
		}
	}
	x, _ := newExchange(token, "/public/x", "")
	h.Gateway.Serve(t.Context(), x)
	if lines := accessLines(t, h); len(lines) != 3 {
		t.Errorf("%d lines, want 3", len(lines))
	}
	if log := h.Log.String(); strings.Contains(log, token) || strings.Contains(log, secret) {
		t.Errorf("the log holds a token or a secret: %s", log)
	}
	h = gatewaytest.New(t, plainRoutes)
	x, a := newExchange("GET", "/public/x", "", exchange.Field{Name: "X-Request-Id", Value: "spoat_is-no-token"})
	h.Gateway.Serve(t.Context(), x)
	if got, _ := exchange.Get(a.Head().Fields, "X-Request-Id"); got != "spoat_is-no-token" {
		t.Errorf("a sane id became %q", got)
	}
}
