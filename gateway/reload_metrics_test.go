package gateway_test

import (
	"net/http/httptest"
	"strings"
	"testing"

	"scopegate/gateway/gatewaytest"
)

// endpointsUp returns the lines of /metrics that tell whether endpoints work.
func endpointsUp(h *gatewaytest.Harness) (lines []string) {
	w := httptest.NewRecorder()
	h.Metrics.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(w.Body.String()) {
		if strings.HasPrefix(line, "scopegate_upstream_endpoint_up{") {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

func TestAnEndpointThatNeverFailedIsShownToWork(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	if got := endpointsUp(h); len(got) != 1 || !strings.HasSuffix(got[0], " 1") {
		t.Errorf("before any request: %q", got)
	}
}

func TestAnUpstreamThatAReloadReplacesBeginsWithEndpointsThatWork(t *testing.T) {
	const away = `[{ url: "http://127.0.0.1:1" }]`
	routes := strings.Replace(plainRoutes, `[{ url: "${UPSTREAM}" }]`, away, 1)
	h := gatewaytest.New(t, routes)
	if got := get(t, h, "/a/7", "read"); got != 502 {
		t.Fatalf("nobody listens there: %d", got)
	}
	if got := endpointsUp(h); len(got) != 1 || !strings.HasSuffix(got[0], " 0") {
		t.Fatalf("after it failed: %q", got)
	}
	h.Reload(t, routes)
	if got := endpointsUp(h); len(got) != 1 || !strings.HasSuffix(got[0], " 0") {
		t.Errorf("after a reload that changes nothing: %q", got)
	}
	h.Reload(t, strings.Replace(routes, away, away+", max_connections: 7", 1))
	if got := endpointsUp(h); len(got) != 1 || !strings.HasSuffix(got[0], " 1") {
		t.Errorf("after the upstream was replaced: %q", got)
	}
}
