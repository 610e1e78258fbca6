package gateway_test

import (
	"testing"

	"scopegate/gateway/exchange"
	"scopegate/gateway/gatewaytest"
)

const limitedRoutes = plainRoutes + `
limits:
  per_client: { rate: 1/h, burst: 3 }
  per_address: { rate: 1/h, burst: 2 }
`

func field(fields []exchange.Field, name string) (string, bool) { return exchange.Get(fields, name) }

func TestOneClientsRateIsOverAllItsTokensAndNobodyElses(t *testing.T) {
	h := gatewaytest.New(t, limitedRoutes)
	for i, token := range []string{"read", "both", "read"} {
		if got := get(t, h, "/a/7", token); got != 200 {
			t.Errorf("request %d: %d", i, got)
		}
	}
	if got := get(t, h, "/a/7", "both"); got != 429 {
		t.Errorf("the fourth: %d, want 429", got)
	}
	if got := get(t, h, "/a/7", "bob"); got != 200 {
		t.Errorf("another client: %d", got)
	}
}

func TestBadTokensOfOneAddressDoNotShutOutGoodOnes(t *testing.T) {
	h := gatewaytest.New(t, limitedRoutes)
	for i, want := range []int{401, 401, 429, 429} {
		if got := get(t, h, "/a/7", "unknown"); got != want {
			t.Errorf("guess %d: %d, want %d", i, got, want)
		}
	}
	if got := get(t, h, "/a/7", "bob"); got != 200 {
		t.Errorf("a good token from the same address: %d", got)
	}
	if got := get(t, h, "/public/x", ""); got != 429 {
		t.Errorf("a public route from the same address: %d, want 429", got)
	}
}

func TestQuotaIsPerClientAndSaysWhenItIsBack(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes+`  - { name: q, path: /q, require: { scopes: [a:read] }, quota: { requests: 1, per: day }, upstream: legacy }
`)
	x, a := newExchange("GET", "/q", "read")
	h.Gateway.Serve(t.Context(), x)
	if policy, _ := field(a.Head().Fields, "RateLimit-Policy"); a.Head().Status != 200 || policy != `"quota";q=1;w=86400` {
		t.Errorf("the first: %+v", a.Head())
	}
	x, a = newExchange("GET", "/q", "both")
	h.Gateway.Serve(t.Context(), x)
	if _, ok := field(a.Head().Fields, "Retry-After"); a.Head().Status != 429 || !ok {
		t.Errorf("the second: %+v", a.Head())
	}
	if code, _ := field(a.Head().Fields, "X-Scopegate-Error"); code != "quota_exceeded" {
		t.Errorf("error %s", code)
	}
	if got := get(t, h, "/q", "bob"); got != 200 {
		t.Errorf("another client: %d", got)
	}
	if got := scrape(t, h, `scopegate_limited_total{limit="quota"`); len(got) != 1 {
		t.Errorf("samples: %v", got)
	}
}

// waiting is a body whose first read says so and then waits.
type waiting struct{ begun, free chan struct{} }

func (w waiting) Read([]byte) (int, error) {
	close(w.begun)
	<-w.free
	return 0, exchange.ErrBodyMalformed
}

func TestConcurrencyIsBoundedAndGivenBack(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes+"limits: { concurrency: 1 }\n")
	w := waiting{make(chan struct{}), make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		x, _ := newExchange("POST", "/a/7", "write")
		x.Body, x.BodyLength = w, 5
		h.Gateway.Serve(t.Context(), x)
	}()
	<-w.begun
	x, a := newExchange("GET", "/a/7", "read")
	h.Gateway.Serve(t.Context(), x)
	if _, ok := field(a.Head().Fields, "Retry-After"); a.Head().Status != 503 || !ok {
		t.Errorf("beyond the bound: %+v", a.Head())
	}
	close(w.free)
	<-done
	if got := get(t, h, "/a/7", "read"); got != 200 {
		t.Errorf("afterwards: %d", got)
	}
}

func TestARequestThatARateRefusesLeavesTheGates(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes+`limits: { concurrency: 1, per_client: { rate: 1/h, burst: 1 } }
`)
	for i, want := range []int{200, 429, 429, 429} {
		if got := get(t, h, "/a/7", "read"); got != want {
			t.Errorf("request %d: %d, want %d", i, got, want)
		}
	}
	if got := get(t, h, "/a/7", "bob"); got != 200 {
		t.Errorf("another client: %d", got)
	}
}
