package main_test

import (
	"net/http"
	"regexp"
	"strings"
)

var (
	rateLimitPolicy = regexp.MustCompile(`^"[a-z_]+";q=[0-9]+;w=[0-9]+$`)
	rateLimit       = regexp.MustCompile(`^"[a-z_]+";r=[0-9]+;t=[0-9]+$`)
)

// used asks the limited route twice, of which the second is too much.
func (s *scene) used() (first, second *answer) {
	s.Helper()
	token := s.token(s.T, s.client())
	return s.get("/limited", token), s.get("/limited?{tag}", token)
}

func problemCases() []standard {
	return []standard{
		{"E-1", "P", "RFC 9457 3", "refusals of the gateway and of the admin API", "`application/problem+json`: type, title, status, detail", tested(func(s *scene) {
			s.problem(s.get("/none?{tag}", ""), 404, "no_route")
			s.problem(s.get("/a/../x?{tag}", ""), 400, "bad_path")
			s.problem(s.get("/a/x?{tag}", s.write), 403, "insufficient_scope")
			if status, d := s.ask(s.T, http.MethodGet, "/clients/x", nil); status != 400 || d["status"] != 400.0 || d["title"] == nil || d["detail"] == nil {
				s.Error(status, d)
			}
		})},
		{"E-2", "P", "RFC 9457 3.1", "`type`", "`about:blank`; `error` says which", tested(func(s *scene) { s.problem(s.get("/none?{tag}", ""), 404, "no_route") })},
		{"E-3", "M", "RFC 9457 4", "an upstream that fails", "no address, path, stack, token or secret", seen("H-57")},
		{"E-4", "P", "RFC 9110 12", "`Accept: text/html`", "the problem document all the same", tested(func(s *scene) {
			s.problem(s.get("/none/<script>?{tag}", "", "Accept: text/html"), 404, "no_route")
		})},
		{"E-5", "M", "RFC 6585 4", "one request too many", "429 with `Retry-After`, `no-store`", tested(func(s *scene) {
			first, second := s.used()
			s.want(first, 200, "")
			s.problem(second, 429, "rate_limited")
			s.silent()
			if !regexp.MustCompile(`^[1-9][0-9]*$`).MatchString(second.header.Get("Retry-After")) {
				s.Error(second.text())
			}
		})},
		{"E-6", "P", "RateLimit draft 10", "answers of a limited route", "`RateLimit-Policy` and `RateLimit`", tested(func(s *scene) {
			first, second := s.used()
			for _, a := range []*answer{first, second} {
				if !rateLimitPolicy.MatchString(a.header.Get("RateLimit-Policy")) || !rateLimit.MatchString(a.header.Get("RateLimit")) {
					s.Error(a.text())
				}
			}
		})},
		{"E-7", "P", "fairness", "a client at its limit", "another client is not", tested(func(s *scene) {
			_, second := s.used()
			s.want(second, 429, "rate_limited")
			s.want(s.get("/limited", s.token(s.T, s.register(s.T, nil))), 200, "")
		})},
		{"E-8", "M", "RFC 6585 5", "fields beyond the bound", "431", seen("H-26, H-27, B-27")},
	}
}

const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

// untouched is a case in which trace fields pass as they came.
func untouched(fields ...string) how {
	return tested(func(s *scene) {
		saw := s.passes(getA(fields...))
		for _, name := range []string{"traceparent", "tracestate", "baggage"} {
			var want []string
			for _, f := range fields {
				if n, v, _ := strings.Cut(f, ": "); n == name {
					want = append(want, v)
				}
			}
			if got := saw.values(name); strings.Join(got, "\n") != strings.Join(want, "\n") {
				s.Errorf("the upstream saw %s: %q, want %q", name, got, want)
			}
		}
	})
}

func traceCases() []standard {
	const apart = "scopegate takes no part in traces, so that the fields are the caller's and the backend's: they pass as they came"
	return []standard{
		{"C-1", "M", "Trace Context 3.2", "`traceparent`", "passes unchanged", untouched("traceparent: " + traceparent)},
		{"C-2", "M", "Trace Context 3.2.2", "one that is not valid", "a new trace", untouched("traceparent: 00-00000000000000000000000000000000-0000000000000000-01").but(apart)},
		{"C-3", "M", "Trace Context 3.2.1", "a later version with more fields", "passes unchanged", untouched("traceparent: 01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more")},
		{"C-4", "M", "Trace Context 3.3", "`tracestate` alone", "dropped", untouched("tracestate: a=1").but(apart)},
		{"C-5", "M", "Trace Context 3.3.1", "two `tracestate` lines", "both, in order", untouched("traceparent: "+traceparent, "tracestate: a=1", "tracestate: b=2")},
		{"C-6", "S", "Trace Context 3.3.1.5", "`tracestate` of 512 characters", "whole", untouched("traceparent: "+traceparent, "tracestate: a="+strings.Repeat("x", 510))},
		{"C-7", "M", "Trace Context 3.2", "two `traceparent` lines", "a new trace", untouched("traceparent: "+traceparent, "traceparent: "+traceparent).but(apart)},
		{"C-8", "P", "Trace Context 6", "a good request: trace fields that we made", "none: no principal and no token is in one", tested(func(s *scene) {
			s.lacks(s.passes(getA()), "traceparent", "tracestate", "baggage")
		})},
		{"C-9", "P", "request id", "`X-Request-Id`: sane, of 10 KiB, with spaces, twice", "kept; else a new one", tested(func(s *scene) {
			s.has(s.passes(getA("X-Request-Id: a.b-c_1")), "X-Request-Id", "a.b-c_1")
			fresh := regexp.MustCompile(`^[0-9a-f]{32}$`)
			for _, fields := range [][]string{
				{"X-Request-Id: " + strings.Repeat("a", 10<<10)}, {"X-Request-Id: a b"}, {"X-Request-Id: a", "X-Request-Id: b"}, {"X-Request-Id: <x>"},
			} {
				s.talk(getA(append(fields, "X-Last: 1")...))
			}
			for _, saw := range s.upstream.of(s.tag)[1:] {
				if got := saw.values("X-Request-Id"); len(got) != 1 || !fresh.MatchString(got[0]) {
					s.Errorf("the upstream saw %q", got)
				}
			}
		})},
	}
}
