package main_test

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// refusal asks a guarded path and wants a refusal of which the upstream sees
// nothing. Its challenge is held to RFC 6750 section 3.
func (s *scene) refusal(a *answer, status int, code string) *answer {
	s.Helper()
	s.want(a, status, code)
	s.silent()
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Content-Type") != "application/problem+json" {
		s.Errorf("may be kept, or is no problem document: %s", a.text())
	}
	s.challenge(a)
	return a
}

var attribute = regexp.MustCompile(`^([a-z_]+)="([\x20-\x21\x23-\x5b\x5d-\x7e]*)"(?:, |$)`)

// challenge reads the answer's one challenge, of which each attribute stands
// once and as a quoted-string; nil where there is none.
func (s *scene) challenge(a *answer) map[string]string {
	s.Helper()
	fields := a.header.Values("WWW-Authenticate")
	if len(fields) == 0 {
		return nil
	}
	rest, bearer := strings.CutPrefix(fields[0], "Bearer ")
	attributes := map[string]string{}
	for bearer && rest != "" {
		m := attribute.FindStringSubmatch(rest)
		if m == nil {
			break
		}
		if _, twice := attributes[m[1]]; twice {
			s.Errorf("%s stands twice in %q", m[1], fields[0])
		}
		attributes[m[1]] = m[2]
		rest = rest[len(m[0]):]
	}
	if len(fields) != 1 || !bearer || rest != "" || attributes["realm"] != "gw" {
		s.Errorf("no challenge by RFC 6750: %q", fields)
	}
	return attributes
}

// bare is the challenge of a caller that did not try (RFC 6750 section 3.1).
func (s *scene) bare(a *answer) {
	s.Helper()
	s.refusal(a, http.StatusUnauthorized, "no_token")
	got := s.challenge(a)
	delete(got, "realm")
	delete(got, "resource_metadata") // RFC 9728 section 5.1 wants it here too
	if len(got) > 0 || a.header.Get("WWW-Authenticate") == "" {
		s.Errorf("no bare challenge: %s", a.text())
	}
}

func (s *scene) invalidToken(a *answer) {
	s.Helper()
	s.refusal(a, http.StatusUnauthorized, "invalid_token")
	if got := s.challenge(a); got["error"] != "invalid_token" {
		s.Errorf("challenge %v", got)
	}
}

func (s *scene) insufficient(a *answer, scope string) {
	s.Helper()
	s.refusal(a, http.StatusForbidden, "insufficient_scope")
	if got := s.challenge(a); got["error"] != "insufficient_scope" || got["scope"] != scope {
		s.Errorf("challenge %v", got)
	}
}

// authorized asks a guarded path with these Authorization fields.
func (s *scene) authorized(fields ...string) *answer {
	s.Helper()
	return s.send(call{method: http.MethodGet, path: "/a/x?{tag}", auth: fields, kind: "none"})
}

func challengeCases() []standard {
	return []standard{
		{"B-1", "M", "RFC 6750 3", "no `Authorization`", "401 with `WWW-Authenticate: Bearer realm=...`", tested(func(s *scene) { s.bare(s.get("/a/x?{tag}", "")) })},
		{"B-2", "S", "RFC 6750 3.1", "no `Authorization`: the challenge", "no `error` in it", tested(func(s *scene) { s.bare(s.get("/a/x?{tag}", "")) })},
		{"B-3", "S", "RFC 6750 3.1", "`Authorization: Basic`", "the bare Bearer challenge", tested(func(s *scene) { s.bare(s.authorized(basicAuth(s.alice.id, s.alice.secret))) })},
		{"B-4", "M", "RFC 9110 11.1", "`bearer`, `BEARER`", "200", tested(func(s *scene) {
			s.want(s.authorized("bearer "+s.read), 200, "")
			s.want(s.authorized("BEARER "+s.read), 200, "")
		})},
		{"B-5", "P", "RFC 9110 11.4", "two spaces behind the scheme", "200", tested(func(s *scene) { s.want(s.authorized("Bearer  "+s.read), 200, "") })},
		{"B-6", "P", "RFC 6750 3.1", "`Bearer` and nothing", "400 `invalid_request`", tested(func(s *scene) {
			s.refusal(s.authorized("Bearer"), 400, "invalid_request")
			s.refusal(s.authorized("Bearer "), 400, "invalid_request")
		})},
		{"B-7", "S", "RFC 6750 3.1", "two words, quotes, a comma", "401 `invalid_token`", tested(func(s *scene) {
			for _, text := range []string{"a,b", `"{read}"`, "{read} {read}", "{read},", "a=b"} {
				s.invalidToken(s.authorized("Bearer " + text))
			}
		})},
		{"B-8", "S", "RFC 6750 3.1", "a token of the right shape that nobody issued", "401 `invalid_token`", tested(func(s *scene) {
			s.invalidToken(s.authorized("Bearer spoat_264W11111111111111111111111111111111111111111111dNJfv"))
		})},
		{"B-9", "S", "RFC 6750 3.1", "an expired token", "401 `invalid_token`", tested(func(s *scene) {
			s.poll(func() bool { return s.get("/a/x", s.expired).status == http.StatusUnauthorized })
			s.invalidToken(s.get("/a/x?{tag}", s.expired))
		})},
		{"B-10", "M", "RFC 7009 2.1", "a revoked token", "401 `invalid_token` at the very next request", tested(func(s *scene) {
			token := s.token(s.T, s.client())
			s.want(s.get("/a/x", token), 200, "")
			s.want(s.post("/oauth/revoke", s.client(), "token", token), 200, "")
			s.invalidToken(s.get("/a/x?{tag}", token))
		})},
		{"B-11", "M", "RFC 7009 2.1", "a client revoked that has 1,000 tokens", "each 401 at once, and after SIGKILL and a restart", seen("V-10")},
		{"B-12", "S", "RFC 6750 3.1", "a token without the scope", "403 `insufficient_scope` naming the scope", tested(func(s *scene) { s.insufficient(s.get("/a/x?{tag}", s.write), "a:read") })},
		{"B-13", "M", "RFC 6750 3", "all challenges: attributes", "each at most once", seen("B-1, B-8, B-12, B-15")},
		{"B-14", "M", "RFC 6750 3", "all challenges: values", "quoted-strings in the alphabet of section 3", seen("B-1, B-8, B-12, B-15")},
		{"B-15", "M", "RFC 9110 5.3", "two `Authorization` fields: good and bad, good and good", "400 `invalid_request`", tested(func(s *scene) {
			s.refusal(s.authorized("Bearer "+s.read, "Bearer x"), 400, "invalid_request")
			s.refusal(s.authorized("Bearer "+s.read, "Bearer "+s.read), 400, "invalid_request")
		})},
		{"B-16", "M", "RFC 9700 4.3.2", "the token in the query", "401: it is not looked at", tested(func(s *scene) { s.bare(s.get("/a/x?{tag}&access_token="+s.read, "")) })},
		{"B-17", "M", "RFC 6750 2", "the token in the field and a text in the query", "the field counts; the query passes and is not logged", tested(func(s *scene) {
			a := s.get("/a/x?{tag}&access_token=unlogged", s.read)
			s.want(a, 200, "")
			s.poll(func() bool { return strings.Contains(s.logs(), a.header.Get("X-Request-Id")) })
			if got := s.upstreamSaw().target(); got != s.fill("/a/x?{tag}&access_token=unlogged") {
				s.Errorf("the upstream saw %s", got)
			}
			if strings.Contains(s.logs(), "unlogged") {
				s.Error("the query is in the log")
			}
		})},
		{"B-18", "P", "RFC 6750 2.2", "the token in a form", "401: it is not looked at", tested(func(s *scene) {
			s.bare(s.send(call{path: "/a/x?{tag}", auth: noAuth, body: "access_token={write}"}))
		})},
	}
}

func bearerCases() []standard {
	return []standard{
		{"B-19", "P", "RFC 6750 5.3", "a good request: what the upstream sees", "no `Authorization`, no token anywhere", tested(func(s *scene) {
			s.want(s.get("/a/x?{tag}", s.read), 200, "")
			if saw := s.upstreamSaw(); saw.values("Authorization") != nil || strings.Contains(saw.head, "spoat_") {
				s.Errorf("the upstream saw %q", saw.head)
			}
		})},
		{"B-20", "P", "RFC 6750 5.3", "good and failed requests with the log at debug", "no token in any line", tested(func(s *scene) {
			s.want(s.get("/a/x?{tag}", s.read), 200, "")
			s.want(s.get("/a/"+s.read+"?{tag}", s.read+"x"), 401, "invalid_token")
			last := s.get("/a/x", s.write).header.Get("X-Request-Id")
			s.poll(func() bool { return strings.Contains(s.logs(), last) })
			if strings.Contains(s.logs(), s.read[:20]) {
				s.Error("the log holds a token")
			}
		})},
		{"B-21", "S", "RFC 9111 3.5", "the gateway's own 401 and 403", "`Cache-Control: no-store`", seen("B-1, B-8, B-12")},
		{"B-22", "M", "RFC 9110 9.3.2", "HEAD without a token", "401, fields as of GET, no body", tested(func(s *scene) {
			head, get := s.send(call{method: "HEAD", path: "/a/x?{tag}", auth: noAuth, kind: "none"}), s.get("/a/x?{tag}", "")
			for _, a := range []*answer{head, get} {
				a.header.Del("Date")
				a.header.Del("X-Request-Id")
				a.header.Del("Content-Length") // of a document that holds the request's id
			}
			if head.status != 401 || head.body != "" || fmt.Sprint(head.header) != fmt.Sprint(get.header) {
				s.Errorf("%s\nis not\n%s", head.text(), get.text())
			}
			s.silent()
		})},
		{"B-23", "P", "RFC 9110 15.5.5", "no route; a method that no route takes; with and without a token", "404; 405 with `Allow`", tested(func(s *scene) {
			for _, token := range []string{"", s.whole} {
				s.refusal(s.get("/none?{tag}", token), 404, "no_route")
				auth := noAuth
				if token != "" {
					auth = []string{"Bearer " + token}
				}
				a := s.send(call{method: "DELETE", path: "/a/x?{tag}", auth: auth, kind: "none"})
				if s.refusal(a, 405, "method_not_allowed"); a.header.Get("Allow") != "GET, HEAD, POST, PUT" {
					s.Error(a.text())
				}
			}
		})},
		{"B-24", "P", "RFC 6750 3.1", "a route of two scopes, a token of one", "403 naming both", tested(func(s *scene) { s.insufficient(s.get("/both?{tag}", s.read), "a:read b:write") })},
		{"B-25", "P", "RFC 9700 4.13", "a public route, forged principal fields", "they are gone, and none is set", tested(func(s *scene) {
			s.want(s.get("/public/x?{tag}", "", "X-Principal-Client-Id: evil", "X_principal_scopes: evil", "X-Remote-User: evil"), 200, "")
			if saw := strings.ToLower(s.upstreamSaw().head); strings.Contains(saw, "principal") || strings.Contains(saw, "evil") {
				s.Errorf("the upstream saw %q", saw)
			}
		})},
		{"B-26", "P", "Fetch", "a preflight on a route with `cors` and on one without", "204 for the origins it names; else as any method", tested(func(s *scene) {
			preflight := func(path string) *answer {
				return s.send(call{method: "OPTIONS", path: path, auth: noAuth, kind: "none", fields: []string{"Origin: https://app.example", "Access-Control-Request-Method: GET"}})
			}
			if a := preflight("/browser?{tag}"); a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "https://app.example" {
				s.Error(a.text())
			}
			s.bare(preflight("/any?{tag}"))
		})},
		{"B-27", "P", "RFC 6585 5", "a token of 100 KiB; fields of 1 MiB", "431 or 401", tested(func(s *scene) {
			for _, size := range []int{100 << 10, 1 << 20} {
				a := s.get("/a/x?{tag}", strings.Repeat("A", size))
				if a.err == nil && a.status != http.StatusRequestHeaderFieldsTooLarge && a.status != http.StatusUnauthorized { // or the connection ended
					s.Error(a.text())
				}
			}
			s.silent()
		})},
		{"B-28", "P", "RFC 6750 3.1", "tokens with a bad checksum", "401 without a read of the store", seen("M-7")},
		{"B-29", "M", "RFC 6750 3.1", "one letter in another case, a letter more, a tab, a NUL", "401 or 400", tested(func(s *scene) {
			other := s.read[:10] + swapCase(s.read[10:])
			for _, text := range []string{other, s.read + "A", s.read[:len(s.read)-1], s.read + "\tx"} {
				s.invalidToken(s.authorized("Bearer " + text))
			}
			s.refused("GET /a/x?{tag} HTTP/1.1\r\nHost: gw.example\r\nAuthorization: Bearer {read}\x00\r\n\r\n", "400")
		})},
		{"B-30", "X", "RFC 9728 5.1", "a challenge", "`resource_metadata` names a document that is there", seen("R-7")},
		{"B-31", "P", "RFC 7009 2.1", "a token revoked while requests and a tunnel run", "what comes after is 401; the tunnel ends within a second", tested(revokedInFlight)},
	}
}

// swapCase changes the case of the first letter.
func swapCase(text string) string {
	for i := range len(text) {
		if c := text[i]; c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			return text[:i] + string(c^0x20) + text[i+1:]
		}
	}
	return text + "A"
}

func revokedInFlight(s *scene) {
	token := s.token(s.T, s.client())
	tunnel := s.dialTunnel(token)
	const running = 20
	for range running {
		defer s.dial("GET /a/x?running-{tag} HTTP/1.1\r\nHost: gw.example\r\nAuthorization: Bearer " + token + "\r\nX-Then: hold\r\n\r\n").Close()
	}
	s.poll(func() bool { return len(s.upstream.of("running-"+s.tag)) == running })
	s.want(s.post("/oauth/revoke", s.client(), "token", token), 200, "")
	for range 100 {
		s.want(s.get("/a/x?after-{tag}", token), 401, "invalid_token")
	}
	if seen := s.upstream.of("after-" + s.tag); len(seen) > 0 {
		s.Errorf("the upstream saw %q", seen)
	}
	if n, err := tunnel.Read(make([]byte, 1)); n > 0 || err == nil {
		s.Error("the tunnel lives on")
	}
}
