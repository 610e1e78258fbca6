package metrics_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"scopegate/metrics"
)

func TestRandomMethodsCodesReasonsAndIDsDoNotGrowTheSeries(t *testing.T) {
	const clientCap = 20
	m := metrics.New(metrics.Options{
		Reasons: reasons, ClientCap: clientCap,
		Registered: func(id string) bool { return strings.HasPrefix(id, "registered-") },
	})
	route, upstream := m.Route(metrics.NoRoute), m.Upstream("billing")
	rnd := rand.New(rand.NewPCG(1, 2))
	word := func() string { return fmt.Sprintf("W%x", rnd.Uint64()) }
	round := func(n int) {
		for i := range n {
			method := word()
			route.Done(method, 600+i, word(), time.Millisecond)
			route.Done(method, -i, word(), time.Millisecond)
			route.Limited(word())
			upstream.Error(word())
			c := m.Client(word())
			c.Request(word())
			c.TokenIssued()
			m.Client(fmt.Sprintf("registered-%d", i)).Request(word())
			m.TokenRequest(word(), word())
			m.TokenRevoked(word())
			m.Connections(word()).Inc()
		}
	}
	round(clientCap)
	before := scrape(t, m)
	round(100_000)
	after := scrape(t, m)
	if len(after) != len(before) {
		t.Errorf("%d series became %d", len(before), len(after))
	}
	want := `scopegate_requests_total{code="other",method="other",reason="other",route="none"}`
	if after[want] != "200040" {
		t.Errorf("%s is %s, want 200040", want, after[want])
	}
}

func TestEveryCodeOfAnUpstreamStaysWithinTheRegisteredOnes(t *testing.T) {
	m := metrics.New(metrics.Options{Reasons: reasons})
	for code := range 1000 {
		m.Route("r").Done("GET", code, "allowed", 0)
	}
	codes := 0
	got := scrape(t, m)
	for series := range got {
		if strings.HasPrefix(series, "scopegate_requests_total") {
			codes++
		}
	}
	if codes > 75 {
		t.Errorf("1000 codes made %d series", codes)
	}
	for code, want := range map[string]string{"200": "1", "499": "1", "404": "1", "other": "500"} {
		series := `scopegate_requests_total{code="` + code + `",method="GET",reason="allowed",route="r"}`
		if got[series] != want {
			t.Errorf("%s is %q, want %s", series, got[series], want)
		}
	}
}

func TestReloadRemovesWhatTheConfigurationNoLongerNames(t *testing.T) {
	m := used(t)
	none, old, upstream := m.Route(metrics.NoRoute), m.Route("invoices"), m.Upstream("billing")
	none.Done("GET", 404, "no_route", 0)
	m.Route("reports").Done("GET", 200, "allowed", 0)
	m.Upstream("reporting").Done(0)
	m.KeepRoutes([]string{"reports"}, []string{"reporting"})
	m.KeepScopes(nil)

	// Requests that began before the reload end after it.
	old.Done("GET", 200, "allowed", 0)
	old.Done("POST", 403, "no_token", 0)
	old.Limited("quota")
	upstream.Done(0)
	upstream.Error("no_token")
	upstream.Endpoint("http://127.0.0.1:9002").Up(true)

	got := scrape(t, m)
	for series := range got {
		if strings.Contains(series, "invoices") || strings.Contains(series, "billing") {
			t.Errorf("%s is still there", series)
		}
	}
	for _, series := range []string{
		`scopegate_requests_total{code="200",method="GET",reason="allowed",route="reports"}`,
		`scopegate_requests_total{code="404",method="GET",reason="other",route="none"}`,
		`scopegate_upstream_duration_seconds_count{upstream="reporting"}`,
	} {
		if got[series] != "1" {
			t.Errorf("%s is %q, want 1", series, got[series])
		}
	}
	m.Route("invoices").Done("GET", 200, "allowed", 0)
	back := `scopegate_requests_total{code="200",method="GET",reason="allowed",route="invoices"}`
	if v := scrape(t, m)[back]; v != "1" {
		t.Errorf("a route that came back counts %q, want 1", v)
	}
}

func TestEndpointsThatLeaveAnUpstreamLeaveTheGauge(t *testing.T) {
	m := metrics.New(metrics.Options{})
	u := m.Upstream("billing")
	u.Endpoint("http://a")
	gone := u.Endpoint("http://b")
	u.KeepEndpoints([]string{"http://a"})
	gone.Up(false)
	got := scrape(t, m)
	if got[`scopegate_upstream_endpoint_up{endpoint="http://a",upstream="billing"}`] != "1" {
		t.Error("the endpoint that stays is not up")
	}
	if _, ok := got[`scopegate_upstream_endpoint_up{endpoint="http://b",upstream="billing"}`]; ok {
		t.Error("the endpoint that left is still there")
	}
}

func TestForgottenClientMakesRoomUnderTheCap(t *testing.T) {
	m := metrics.New(metrics.Options{Reasons: reasons, ClientCap: 2})
	first := m.Client("c1")
	first.Request("allowed")
	m.Client("c2").Request("allowed")
	m.Client("c3").Request("allowed")
	m.ForgetClient("c1")
	first.Request("no_token")
	m.ForgetClient("never-met")
	m.Client("c4").Request("allowed")
	m.Client("").Request("allowed")
	m.Client("\xff").Request("allowed")

	got := scrape(t, m)
	for id, want := range map[string]string{"c1": "", "c2": "1", "c3": "", "c4": "1", "other": "3"} {
		series := `scopegate_client_requests_total{client_id="` + id + `",reason="allowed"}`
		if got[series] != want {
			t.Errorf("%s is %q, want %q", series, got[series], want)
		}
	}
	if _, ok := got[`scopegate_client_requests_total{client_id="c1",reason="no_token"}`]; ok {
		t.Error("a request that ran brought a forgotten client back")
	}
}

func TestNoCountIsLostAmongGoroutines(t *testing.T) {
	m := metrics.New(metrics.Options{Reasons: reasons})
	const goroutines, each = 8, 2000
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for i := range each {
				m.Route("r").Done("GET", 200+i%5, reasons[i%len(reasons)], time.Millisecond)
				m.Client(fmt.Sprint(i % 10)).Request("allowed")
				m.InFlight().Inc()
				m.InFlight().Dec()
				if i%500 == 0 {
					m.KeepRoutes([]string{"r"}, nil)
					m.Route("gone").Done("GET", 200, "allowed", 0)
					scrape(t, m)
				}
			}
		})
	}
	wg.Wait()
	sums := make(map[string]int)
	for series, v := range scrape(t, m) {
		n := 0
		if _, err := fmt.Sscan(v, &n); err == nil && !strings.Contains(series, `"gone"`) {
			name, _, _ := strings.Cut(series, "{")
			sums[name] += n
		}
	}
	for _, name := range []string{"scopegate_requests_total", "scopegate_client_requests_total", "scopegate_request_duration_seconds_count"} {
		if sums[name] != goroutines*each {
			t.Errorf("%s sums to %d, want %d", name, sums[name], goroutines*each)
		}
	}
	if sums["scopegate_requests_in_flight"] != 0 {
		t.Errorf("requests_in_flight is %d, want 0", sums["scopegate_requests_in_flight"])
	}
}
