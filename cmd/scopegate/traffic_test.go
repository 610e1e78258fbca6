package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// holding is a backend whose /hold waits until it is let go, and that says of
// each request there that it has come.
type holding struct {
	origin string
	came   chan struct{}
	let    chan struct{}
	once   sync.Once
}

// release lets all held requests go, and all later ones.
func (h *holding) release() { h.once.Do(func() { close(h.let) }) }

func newHolding(t *testing.T) *holding {
	t.Helper()
	h := &holding{came: make(chan struct{}, 1000), let: make(chan struct{})}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/hold") {
			h.came <- struct{}{}
			select {
			case <-h.let:
			case <-r.Context().Done():
			}
		}
		_, _ = io.WriteString(w, "ok")
	}))
	t.Cleanup(server.Close)
	t.Cleanup(h.release)
	h.origin = server.URL
	return h
}

// wait waits until n more requests are held.
func (h *holding) wait(t *testing.T, n int) {
	t.Helper()
	limit := time.After(patience)
	for range n {
		select {
		case <-h.came:
		case <-limit:
			t.Fatal("the backend was not asked")
		}
	}
}

// answered counts answers by status and error.
type answered struct {
	mu     sync.Mutex
	counts map[string]int
}

func (a *answered) add(status int, code string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.counts == nil {
		a.counts = map[string]int{}
	}
	a.counts[strings.TrimSpace(fmt.Sprint(status, " ", code))]++
}

// bothFronts runs a test before each front.
func bothFronts(t *testing.T, test func(t *testing.T, env map[string]string)) {
	for _, front := range []string{"fast", "net/http"} {
		t.Run(strings.ReplaceAll(front, "/", "-"), func(t *testing.T) {
			test(t, map[string]string{"SCOPEGATE_FRONT": front})
		})
	}
}

// TestOneBadClientStarvesNoNeighbour has a client that asks as fast as it can
// and lets go of nothing, and a neighbour that behaves, on the same routes.
func TestOneBadClientStarvesNoNeighbour(t *testing.T) {
	bothFronts(t, func(t *testing.T, env map[string]string) {
		backend := newHolding(t)
		p := serveInProcess(t, `
version: 1
scopes: { invoices.read: Read }
limits: { concurrency: 8, concurrency_per_client: 4 }
upstreams: { b: { endpoints: [ { url: "`+backend.origin+`" } ] } }
routes:
  - { name: slow, path: /hold, require: { scopes: [invoices.read] }, upstream: b }
  - { name: rated, path: /rated, require: { scopes: [invoices.read] }, upstream: b, limits: { per_client: { rate: 20/h } } }
`, env)
		bad, good := p.token(p.register("bad")), p.token(p.register("good"))
		calm := func(when string) {
			t.Helper()
			for range 10 {
				if status, code := p.get("/rated", good); status != http.StatusOK {
					t.Errorf("the neighbour %s: %d %s", when, status, code)
				}
			}
		}
		var held, more, flood answered
		var holders, flooders sync.WaitGroup
		for range 4 {
			holders.Go(func() { held.add(p.get("/hold", bad)) })
		}
		backend.wait(t, 4)
		for range 10 {
			more.add(p.get("/hold", bad))
		}
		calm("while all slots of the bad client are held")
		backend.release()
		holders.Wait()
		for range 2 { // so that no request meets the bound, even if the one before has not quite ended
			flooders.Go(func() {
				for range 50 {
					flood.add(p.get("/rated", bad))
				}
			})
		}
		calm("under the flood")
		flooders.Wait()

		if held.counts["200"] != 4 || more.counts["429 rate_limited"] != 10 {
			t.Errorf("held %v, more of them %v", held.counts, more.counts)
		}
		// An hour's rate may give one more while the test runs.
		if passed := flood.counts["200"]; passed < 20 || passed > 21 || passed+flood.counts["429 rate_limited"] != 100 {
			t.Errorf("the flood: %v", flood.counts)
		}
	})
}

// TestOverloadShedsAndKeepsHealthAndWhatRuns fills the gateway to its bound.
func TestOverloadShedsAndKeepsHealthAndWhatRuns(t *testing.T) {
	bothFronts(t, func(t *testing.T, env map[string]string) {
		backend := newHolding(t)
		p := serveInProcess(t, `
version: 1
scopes: { invoices.read: Read }
limits: { concurrency: 3 }
upstreams: { b: { endpoints: [ { url: "`+backend.origin+`" } ] } }
routes:
  - { name: all, path: /*, require: { scopes: [invoices.read] }, upstream: b }
`, env)
		c := p.register("caller")
		token := p.token(c)
		var held answered
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() { held.add(p.get("/hold", token)) })
		}
		backend.wait(t, 3)
		for range 5 {
			if status, code := p.get("/", token); status != http.StatusServiceUnavailable || code != "overloaded" {
				t.Errorf("beyond the bound: %d %s", status, code)
			}
		}
		if _, stderr, code := p.try("", "healthcheck", "--data-dir", p.path("data")); code != exitOK {
			t.Errorf("healthcheck under overload: %d %s", code, stderr)
		}
		p.token(c) // the fixed endpoints are not the backends' load
		backend.release()
		callers.Wait()
		if held.counts["200"] != 3 {
			t.Errorf("the requests that ran: %v", held.counts)
		}
		if status, code := p.get("/", token); status != http.StatusOK {
			t.Errorf("afterwards: %d %s", status, code)
		}
	})
}

// TestLimitsAndQuotasOutliveAReload holds a client that used up what it has to
// it over reloads that change something else.
func TestLimitsAndQuotasOutliveAReload(t *testing.T) {
	backend := newHolding(t)
	file := func(more string) string {
		return `
version: 1
scopes: { invoices.read: Read }
upstreams: { b: { endpoints: [ { url: "` + backend.origin + `" } ] } }
routes:
  - { name: rated, path: /rated, require: { scopes: [invoices.read] }, upstream: b, limits: { per_client: { rate: 1/h, burst: 2 } } }
  - { name: counted, path: /counted, require: { scopes: [invoices.read] }, upstream: b, quota: { requests: 2, per: month } }
  - { name: gated, path: /hold, require: { scopes: [invoices.read] }, upstream: b, limits: { concurrency: 1 } }
` + more
	}
	p := serveInProcess(t, file(""), nil)
	token := p.token(p.register("caller"))
	var held answered
	var callers sync.WaitGroup
	callers.Go(func() { held.add(p.get("/hold", token)) })
	backend.wait(t, 1)
	for _, path := range []string{"/rated", "/counted"} {
		for range 2 {
			if status, code := p.get(path, token); status != http.StatusOK {
				t.Fatalf("%s: %d %s", path, status, code)
			}
		}
	}
	for i := range 4 {
		p.write("routes.yaml", file([]string{"  - { name: more, path: /more, public: true, upstream: b }\n", ""}[i%2]))
		p.cli("reload")
		for path, want := range map[string]string{"/rated": "rate_limited", "/counted": "quota_exceeded", "/hold": "overloaded"} {
			if status, code := p.get(path, token); code != want {
				t.Errorf("%s after reload %d: %d %s, want %s", path, i+1, status, code, want)
			}
		}
	}
	backend.release()
	callers.Wait()
	if held.counts["200"] != 1 {
		t.Errorf("the request that ran over the reloads: %v", held.counts)
	}
}
