package gateway_test

import (
	"strings"
	"sync"
	"testing"

	"scopegate/gateway"
	"scopegate/gateway/gatewaytest"
)

func get(t *testing.T, h *gatewaytest.Harness, path, token string) int {
	t.Helper()
	x, a := newExchange("GET", path, token)
	h.Gateway.Serve(t.Context(), x)
	return a.Head().Status
}

func TestReloadExchangesTheRoutesAtOnce(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	if got := get(t, h, "/b/7", "read"); got != 404 {
		t.Fatalf("before: %d", got)
	}
	h.Reload(t, strings.ReplaceAll(plainRoutes, "/a/*", "/b/*"))
	if got := get(t, h, "/b/7", "read"); got != 200 {
		t.Errorf("the new route: %d", got)
	}
	if got := get(t, h, "/a/7", "read"); got != 404 {
		t.Errorf("the old route: %d", got)
	}
}

func TestReloadThatFailsLeavesAllAsItWas(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	before := h.Gateway.Summary()
	bad := strings.Replace(plainRoutes, `[{ url: "${UPSTREAM}" }]`, `[{ url: "https://127.0.0.1:1" }], tls: { ca_file: /does/not/exist }`, 1)
	cfg, problems := h.Load(bad)
	if len(problems) > 0 {
		t.Fatal(problems.Error())
	}
	_, problems = h.Gateway.Reload(cfg)
	if len(problems) != 1 {
		t.Fatalf("problems: %v", problems)
	}
	const want = "routes.yaml:4:85: upstreams.legacy.tls.ca_file: "
	if got := problems[0].String(); !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want %s...", got, want)
	}
	if h.Gateway.Summary() != before {
		t.Error("the summary changed")
	}
	if got := get(t, h, "/a/7", "read"); got != 200 {
		t.Errorf("the old route: %d", got)
	}
}

func TestReloadKeepsCountsOfLimitsThatDidNotChange(t *testing.T) {
	limited := plainRoutes + `  - { name: limited, path: /limited, public: true, limits: { rate: 1/h, burst: 1 }, upstream: legacy }
`
	h := gatewaytest.New(t, limited)
	if got := get(t, h, "/limited", ""); got != 200 {
		t.Fatal(got)
	}
	h.Reload(t, limited)
	if got := get(t, h, "/limited", ""); got != 429 {
		t.Errorf("after a reload that changes nothing: %d, want 429", got)
	}
	h.Reload(t, strings.Replace(limited, "burst: 1", "burst: 2", 1))
	if got := get(t, h, "/limited", ""); got != 200 {
		t.Errorf("after the limit changed: %d, want 200", got)
	}
}

func TestNoRequestSeesHalfOfTwoFiles(t *testing.T) {
	// In each file the route's scope and the answer's mark belong together.
	file := func(scope, mark string) string {
		return strings.Replace(strings.Replace(plainRoutes, "scopes: [a:read]", "scopes: ["+scope+"]", 1),
			"methods: [GET],", "methods: [GET], response_headers: { set: { X-Mark: "+mark+" } },", 1)
	}
	one, two := file("a:read", "one"), file("a:write", "two")
	h := gatewaytest.New(t, one)
	stop := make(chan struct{})
	var callers sync.WaitGroup
	for _, c := range []struct{ token, mark string }{{"read", "one"}, {"write", "two"}} {
		callers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				x, a := newExchange("GET", "/a/7", c.token)
				h.Gateway.Serve(t.Context(), x)
				switch head := a.Head(); head.Status {
				case 403:
				case 200:
					if mark, _ := field(head.Fields, "X-Mark"); mark != c.mark {
						t.Errorf("judged by %s, answered by %s", c.mark, mark)
					}
				default:
					t.Errorf("status %d", head.Status)
				}
			}
		})
	}
	for range 20 {
		h.Reload(t, two)
		h.Reload(t, one)
	}
	close(stop)
	callers.Wait()
}

func TestABuildThatServesNothingIsDiscarded(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	cfg, _ := h.Load(plainRoutes)
	alone := &gateway.Gateway{Metrics: h.Metrics, Log: h.Gateway.Log}
	snapshot, problems := alone.Build(cfg, nil)
	if len(problems) > 0 {
		t.Fatal(problems.Error())
	}
	if snapshot.Summary.Routes != 3 || snapshot.Summary.PublicRoutes != 1 {
		t.Errorf("summary: %+v", snapshot.Summary)
	}
	snapshot.Discard() // else goleak finds the upstream
}
