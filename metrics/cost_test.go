package metrics_test

import (
	"testing"
	"time"

	"scopegate/metrics"
)

func TestCountingAllocatesNothingOnceWarm(t *testing.T) {
	m := metrics.New(metrics.Options{Reasons: reasons})
	route, client, scope, upstream := m.Route("r"), m.Client("c"), m.Scope("s"), m.Upstream("u")
	for name, count := range map[string]func(){
		"Route.Done":          func() { route.Done("GET", 200, "allowed", time.Millisecond) },
		"Route.Done, unknown": func() { route.Done("BREW", 799, "tea", time.Millisecond) },
		"Route.Limited":       func() { route.Limited("quota") },
		"Metrics.Client":      func() { m.Client("c") },
		"Client.Request":      func() { client.Request("allowed") },
		"Client.TokenIssued":  client.TokenIssued,
		"Scope.Used":          scope.Used,
		"Upstream.Done":       func() { upstream.Done(time.Millisecond) },
		"Upstream.Error":      func() { upstream.Error("upstream_error") },
		"InFlight":            func() { m.InFlight().Inc(); m.InFlight().Dec() },
		"TokenRequest":        func() { m.TokenRequest("client_credentials", "issued") },
		"StoreWrite":          func() { m.StoreWrite(time.Millisecond, 3) },
	} {
		if n := testing.AllocsPerRun(100, count); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkRouteDone(b *testing.B) {
	route := metrics.New(metrics.Options{Reasons: reasons}).Route("r")
	b.ReportAllocs()
	for b.Loop() {
		route.Done("GET", 200, "allowed", 3*time.Millisecond)
	}
}

func BenchmarkRouteDoneParallel(b *testing.B) {
	route := metrics.New(metrics.Options{Reasons: reasons}).Route("r")
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			route.Done("GET", 200, "allowed", 3*time.Millisecond)
		}
	})
}

func BenchmarkClient(b *testing.B) {
	m := metrics.New(metrics.Options{Reasons: reasons})
	b.ReportAllocs()
	for b.Loop() {
		m.Client("7f0c6d0a-3c1f-4d64-9f57-0d3c6f6a2b11")
	}
}

func BenchmarkClientRequest(b *testing.B) {
	c := metrics.New(metrics.Options{Reasons: reasons}).Client("c")
	b.ReportAllocs()
	for b.Loop() {
		c.Request("allowed")
	}
}

func BenchmarkScopeUsed(b *testing.B) {
	s := metrics.New(metrics.Options{}).Scope("s")
	b.ReportAllocs()
	for b.Loop() {
		s.Used()
	}
}

func BenchmarkUpstreamDone(b *testing.B) {
	u := metrics.New(metrics.Options{}).Upstream("u")
	b.ReportAllocs()
	for b.Loop() {
		u.Done(3 * time.Millisecond)
	}
}
