package main_test

import (
	"net/http"
	"strings"
	"time"
)

// targetCases are how a target is read, and which fields could have it read
// in another way.
func targetCases() []standard {
	return []standard{
		{"H-43", "M", "RFC 9110 7.7", "odd paths and queries", "the upstream sees the same bytes, or the caller 400", tested(func(s *scene) {
			for _, target := range []string{
				"/a/%2e%2e/b", "/a%2Fb", "//a", "/a/;x=1", "/a/x?a=1;b=2", "/a/x?%zz", "/a/x?", "/a/%78?a[]=%20+", "/a/~x?q=%C3%A9", "/a/x?&&=", "/a/x?/../", "/any?x#y",
			} {
				target += map[bool]string{true: "&{tag}", false: "?{tag}"}[strings.Contains(target, "?")]
				c := statuses(s.talk("GET " + target + " HTTP/1.1\r\n" + hostAndToken + "\r\n"))
				if len(c) != 1 || c[0] != "200" && c[0] != "400" && c[0] != "404" {
					s.Errorf("%s: %q", target, c)
				}
				seen := s.upstream.of(s.tag)
				if len(c) == 1 && c[0] == "200" && seen[len(seen)-1].target() != s.fill(target) {
					s.Errorf("%s: the upstream saw %s", target, seen[len(seen)-1].target())
				}
			}
			if len(s.upstream.of(s.tag)) == 0 {
				s.Error("none of them passed")
			}
		})},
		{"H-44", "P", "RFC 9110 17.3", "paths that somebody could read as another route's", "400 or 404, or judged as what the upstream reads", tested(func(s *scene) {
			for _, path := range []string{
				"/public/..%2fadmin", "/public/%2e%2e/admin", "/public/../admin", "/public;/../admin", "/public/..;/admin", "/PUBLIC", "/admin%00", "/admin%2f", "//admin",
				`/public\..\admin`, "/public/./x", "/public/%2e/x", "/public%2f..%2fadmin", "/public/%252e%252e/admin%00", "/public/%c0%ae%c0%ae/admin", "/public/x%0d%0aX:y",
			} {
				s.refused("GET "+path+"?{tag} HTTP/1.1\r\nHost: gw.example\r\n\r\n", "400", "404", "401")
			}
			s.bare(s.get("/%61dmin?{tag}", ""))
			s.insufficient(s.get("/%61dmin/x?{tag}", s.whole), "c:admin")
		})},
		{"H-45", "P", "override fields", "`X-HTTP-Method-Override`, `X-Original-URL` and their kin", "the upstream sees none", tested(func(s *scene) {
			names := []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", "X_HTTP_Method_Override", "X-Original-URL", "X-Original-Method", "X-Rewrite-URL", "X.Rewrite.Url"}
			fields := make([]string, 0, len(names))
			for _, name := range names {
				fields = append(fields, name+": /admin")
			}
			s.lacks(s.passes(getA(fields...)), names...)
		})},
		{"H-46", "P", "CGI names", "`X_Principal_Client_Id` and other spellings; a space before the colon", "the upstream sees ours alone; 400", tested(func(s *scene) {
			s.refused(rawGet(hostAndToken+"X-Principal-Client-Id : evil\r\n"), "400")
			names := []string{"X_Principal_Client_Id", "X.Principal.Client.Id", "x-principal_client-id", "X-Principal-Client-Id_", "-X-Principal-Client-Id"}
			fields := make([]string, 0, len(names))
			for _, name := range names {
				fields = append(fields, name+": evil")
			}
			saw := s.passes(getA(fields...))
			if s.has(saw, "X-Principal-Client-Id", s.alice.id); strings.Contains(saw.head, "evil") {
				s.Error(saw)
			}
		})},
	}
}

// connectionCases are connections, dates, and upstreams that do not answer.
func connectionCases() []standard {
	return []standard{
		{"H-54", "S", "RFC 9112 9.3", "100 requests in a row on one connection, HTTP/1.0, `Connection: close`", "answers in order, and the right ends", tested(func(s *scene) {
			told := s.talk(strings.Repeat(getA(), 100))
			if c := statuses(told); len(c) != 100 || !strings.HasSuffix(told, "(kept)\n") {
				s.Errorf("%d answers:\n%s", len(c), told)
			}
			for raw, end := range map[string]string{
				"GET /a/x?{tag} HTTP/1.0\r\n" + hostAndToken + "\r\n": "(closed)\n", getA("Connection: close"): "(closed)\n",
			} {
				if told := s.talk(raw); statuses(told)[0] != "200" || !strings.HasSuffix(told, end) {
					s.Errorf("%q:\n%s", raw, told)
				}
			}
		})},
		{"H-55", "M", "RFC 9110 6.6.1", "an answer of our own, and one of an upstream without `Date`", "`Date`", tested(func(s *scene) {
			for _, a := range []*answer{s.get("/none", ""), s.get("/a/x", s.read)} {
				if at, err := http.ParseTime(a.header.Get("Date")); err != nil || time.Since(at).Abs() > scriptPatience {
					s.Error(a.text())
				}
			}
		})},
		{"H-56", "S", "RFC 9110 10.2.4", "`Server`", "none of ours; the upstream's passes", tested(func(s *scene) {
			if a := s.get("/none", ""); a.header.Get("Server") != "" {
				s.Error(a.text())
			}
			if told := s.talk(getA(answering("HTTP/1.1 200 OK\nServer: legacy/1\nContent-Length: 2\n\nok"))); !strings.Contains(told, "\nserver: legacy/1\n") {
				s.Error(told)
			}
		})},
		{"H-57", "M", "RFC 9110 15.6", "an upstream that refuses, has no address, is silent before and within its answer", "502, 502 or 504, 504, the end", tested(upstreamDoesNotAnswer)},
		{"H-58", "P", "RFC 9110 7.6", "the caller leaves while the upstream is at work", "the upstream's connection ends", tested(func(s *scene) {
			c := s.dial(getA("X-Then: hold"))
			s.poll(func() bool { return len(s.upstream.of(s.tag)) == 1 })
			c.Close()
			s.poll(func() bool { return s.upstreamSaw().gone })
		})},
	}
}

func upstreamDoesNotAnswer(s *scene) {
	s.problem(s.get("/gone?{tag}", s.read), 502, "upstream_unavailable")
	if a := s.get("/nameless?{tag}", s.read); a.status != 502 && a.status != 504 {
		s.Error(a.text())
	}
	s.problem(s.get("/slow?{tag}", s.read, "X-Then: hold"), 504, "upstream_timeout")
	told := s.talk(request("GET", "/halting", "{read}", "", "X-Then: hang", answering("HTTP/1.1 200 OK\nContent-Length: 10\n\nhalf")))
	if !strings.HasPrefix(told, "(no whole answer)\n") || !strings.HasSuffix(told, "(closed)\n") {
		s.Error(told)
	}
}

// problem wants a problem document that tells nothing of the inside.
func (s *scene) problem(a *answer, status int, code string) {
	s.Helper()
	s.want(a, status, code)
	d := a.json()
	if a.header.Get("Content-Type") != "application/problem+json" || d["status"] != float64(status) || d["type"] != "about:blank" || d["title"] == "" || d["detail"] == "" {
		s.Errorf("no problem document: %s", a.text())
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Scopegate-Error") != code || d["request_id"] != a.header.Get("X-Request-Id") {
		s.Error(a.text())
	}
	for _, inside := range []string{s.upstream.addr, "127.0.0.1", "spoat_", "spocs_", ".go:", "goroutine"} {
		if strings.Contains(a.body, inside) {
			s.Errorf("%s is told of: %s", inside, a.text())
		}
	}
}
