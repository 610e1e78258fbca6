package route_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway/route"
)

func TestCapturesAreRawAndDecoded(t *testing.T) {
	table := mustTable(t, "file any /tenants/{tenant}/files/{file}/* slash")
	m := table.Match("", "GET", mustPath(t, "/tenants/b%C3%BCro/files/a%2fb/c/d"))
	want := []route.Capture{
		{Name: "tenant", Raw: "b%C3%BCro", Decoded: "büro"},
		{Name: "file", Raw: "a%2fb", Decoded: "a/b"},
	}
	if diff := cmp.Diff(want, slices.Collect(m.Captures())); diff != "" {
		t.Error(diff)
	}
	if c, ok := m.Capture("file"); !ok || c != want[1] {
		t.Errorf("file: %+v, %t", c, ok)
	}
	if c, ok := m.Capture("other"); ok {
		t.Errorf("other: %+v", c)
	}
}

// Routes of one place may give its segments different names.
func TestCapturesHaveTheNamesOfTheRouteThatTakesTheMethod(t *testing.T) {
	table := mustTable(t, "read GET /{reader}\nwrite PUT /{writer}")
	for method, name := range map[string]string{"GET": "reader", "PUT": "writer"} {
		m := table.Match("", method, mustPath(t, "/x"))
		if c, ok := m.Capture(name); !ok || c.Raw != "x" {
			t.Errorf("%s: %+v, %t", method, c, ok)
		}
	}
}

func TestOnlyFoundMatchesHaveARoute(t *testing.T) {
	table := mustTable(t, "a GET /a")
	for _, target := range []string{"/b", "/a%2fb", "bad host/a", "/oauth/a"} {
		host, raw := cutHost(target)
		m := table.Match(host, "GET", mustPath(t, raw))
		if m.Outcome == route.Found || m.Route != nil || len(slices.Collect(m.Captures())) != 0 {
			t.Errorf("%s: %v, %v", target, m.Outcome, m.Route)
		}
	}
	if m := table.Match("", "POST", mustPath(t, "/a")); m.Outcome != route.MethodNotAllowed || m.Route != nil {
		t.Errorf("POST: %v, %v", m.Outcome, m.Route)
	}
}

func TestAPathThatWasNeverReadMatchesNothing(t *testing.T) {
	table := mustTable(t, "root any /*")
	if m := table.Match("", "GET", &route.Path{}); m.Outcome != route.NoRoute {
		t.Errorf("the zero path: %v", m.Outcome)
	}
	if m := table.Match("", "GET", &route.Path{Raw: "/a"}); m.Outcome != route.NoRoute {
		t.Errorf("a path not made by Canonical: %v", m.Outcome)
	}
}

func TestATableWithoutRoutesFindsNone(t *testing.T) {
	var zero route.Table
	if m := zero.Match("h.example", "GET", mustPath(t, "/a")); m.Outcome != route.NoRoute {
		t.Errorf("%v", m.Outcome)
	}
}

func TestPreflightsFindTheRouteOfTheMethodTheyAskFor(t *testing.T) {
	table := mustTable(t, `
read     GET          /a/*       cors
write    PUT          /a/*
own      OPTIONS,GET  /own       cors
open     any          /open      cors
closed   any          /closed
slashes  any          /files/*   cors slash
`)
	tests := []struct{ raw, method, want string }{
		{"/a/b", "GET", "read"},
		{"/a/b", "HEAD", "read"},
		{"/a/b", "PUT", "404"},    // without CORS
		{"/a/b", "DELETE", "404"}, // not taken
		{"/own", "GET", "own"},
		{"/open", "DELETE", "open"},
		{"/open", "TRACE", "404"},
		{"/closed", "GET", "404"},
		{"/nowhere", "GET", "404"},
		{"/files/a%2fb", "GET", "slashes"},
		{"/open%2fb", "GET", "404"},
		{"/oauth/token", "POST", "404"},
	}
	for _, test := range tests {
		m := table.MatchPreflight("h.example", mustPath(t, test.raw), test.method)
		if got := outcome(m); got != test.want {
			t.Errorf("%s %s -> %s, want %s", test.method, test.raw, got, test.want)
		}
	}
}

// A refusal that a browser is to read carries CORS fields, though no route
// takes the method.
func TestARefusedMethodNamesASiblingWithCORS(t *testing.T) {
	table := mustTable(t, "write PUT /a\nread GET /a cors\nalone GET /b")
	if m := table.Match("", "DELETE", mustPath(t, "/a")); m.Sibling == nil || m.Sibling.Name != "read" {
		t.Errorf("/a: %v", m.Sibling)
	}
	if m := table.Match("", "DELETE", mustPath(t, "/b")); m.Sibling != nil {
		t.Errorf("/b: %v", m.Sibling)
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	table := mustTable(t, bigTable(1000))
	for _, raw := range []string{"/svc7/v1/items/42", "/svc7/v1/other/a/b/c", "/nowhere", "/svc7/v1/items/a%20b"} {
		path := mustPath(t, raw)
		n := testing.AllocsPerRun(100, func() {
			m := table.Match("api.example.com:8080", "GET", path)
			if c, ok := m.Capture("id"); ok && c.Raw == "" {
				t.Fatal("empty capture")
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations", raw, n)
		}
	}
	path := mustPath(t, "/svc7/v1/items/42")
	if n := testing.AllocsPerRun(100, func() { table.Match("", "PATCH", path) }); n != 0 {
		t.Errorf("405: %v allocations", n)
	}
}

// bigTable has n routes, four to a service: two patterns with names, a tree
// and a method of its own.
func bigTable(n int) string {
	text := ""
	for i := 0; i < n; i += 4 {
		text += fmt.Sprintf(`
read%[1]d  GET       /svc%[1]d/v1/items/{id}
write%[1]d PUT,POST  /svc%[1]d/v1/items/{id}
lines%[1]d GET       /svc%[1]d/v1/items/{id}/lines
tree%[1]d  any       /svc%[1]d/v1/*
`, i/4)
	}
	return text
}

func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{10, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			table := mustTable(b, bigTable(n))
			path := mustPath(b, "/svc1/v1/items/42")
			b.ReportAllocs()
			for b.Loop() {
				if m := table.Match("api.example.com", "GET", path); m.Outcome != route.Found {
					b.Fatal(m.Outcome)
				}
			}
		})
	}
}

func BenchmarkCanonical(b *testing.B) {
	for name, raw := range map[string]string{"plain": "/partner/invoices/2026/7", "escaped": "/partner/invoices/b%C3%BCro/7"} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := route.Canonical(raw); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkCanonicalHost(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := route.CanonicalHost("api.example.com:8080"); !ok {
			b.Fatal("refused")
		}
	}
}
