package main_test

import (
	"slices"
	"strings"
)

// lacks fails the case if the upstream saw a field of one of these names.
func (s *scene) lacks(saw recorded, names ...string) {
	s.Helper()
	for _, name := range names {
		if got := saw.values(name); len(got) > 0 {
			s.Errorf("the upstream saw %s: %q", name, got)
		}
	}
}

// has fails the case unless the upstream saw the field with just this value.
func (s *scene) has(saw recorded, name, want string) {
	s.Helper()
	if got := saw.values(name); len(got) != 1 || got[0] != want {
		s.Errorf("the upstream saw %s: %q, want %q", name, got, want)
	}
}

// hopCases are RFC 9110 section 7.6 and what belongs to one connection.
func hopCases() []standard {
	return []standard{
		{"H-1", "M", "RFC 9110 7.6.1", "`Connection: close, X-Foo`, `X-Foo`", "the upstream sees neither", tested(func(s *scene) {
			s.lacks(s.passes(getA("Connection: close, X-Foo", "X-Foo: 1")), "X-Foo", "Connection")
		})},
		{"H-2", "M", "RFC 9110 7.6.1", "`Connection` names our fields, `Host`, `Authorization`", "ours arrive all the same", tested(func(s *scene) {
			saw := s.passes(getA("Connection: X-Principal-Client-Id, X-Forwarded-For, X-Request-Id, Host, Authorization, Via, Forwarded"))
			s.has(saw, "X-Principal-Client-Id", s.alice.id)
			s.has(saw, "Via", "1.1 scopegate")
			for _, name := range []string{"X-Forwarded-For", "X-Request-Id", "Host", "Forwarded"} {
				if len(saw.values(name)) != 1 {
					s.Errorf("%s is missing: %q", name, saw.head)
				}
			}
		})},
		{"H-3", "S", "RFC 9110 7.6.1", "`Keep-Alive`, `TE`, `Trailer`, `Upgrade`, `Proxy-*`", "the upstream sees none", tested(func(s *scene) {
			s.lacks(s.passes(getA("Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "TE: trailers", "Upgrade: foo", "Trailer: X",
				"Proxy-Authenticate: x", "Proxy-Authorization: x")),
				"Keep-Alive", "Proxy-Connection", "TE", "Upgrade", "Trailer", "Proxy-Authenticate", "Proxy-Authorization", "Transfer-Encoding")
		})},
		{"H-4", "M", "RFC 9110 7.6.1", "hop-by-hop fields of an answer", "the caller sees none", tested(func(s *scene) {
			told := s.talk(getA(answering("HTTP/1.1 200 OK\nConnection: X-Secret\nX-Secret: 1\nKeep-Alive: timeout=5\nProxy-Authenticate: x\nTrailer: X\nUpgrade: foo\nX-Kept: 1\nContent-Length: 2\n\nok")))
			for _, name := range []string{"x-secret", "keep-alive", "proxy-authenticate", "trailer", "upgrade"} {
				if strings.Contains(told, "\n"+name+":") {
					s.Errorf("%s passes:\n%s", name, told)
				}
			}
			if !strings.Contains(told, "\nx-kept: 1\n") {
				s.Error(told)
			}
		})},
		{"H-5", "M", "RFC 9110 7.6.3", "`Via` of a request, with one that is there", "ours behind it", tested(func(s *scene) {
			if got := s.passes(getA("Via: 1.0 fred")).values("Via"); strings.Join(got, ", ") != "1.0 fred, 1.1 scopegate" {
				s.Errorf("the upstream saw %q", got)
			}
		})},
		{"H-6", "M", "RFC 9110 7.6", "a request that comes back again and again", "508 after a few rounds", tested(func(s *scene) {
			if told := s.talk(getA("Via: 1.1 scopegate, 1.1 scopegate, 1.1 scopegate, 1.1 scopegate")); statuses(told)[0] != "508" {
				s.Error(told)
			}
			s.silent()
			s.loops()
		})},
		{"H-7", "M", "RFC 9110 7.6.2", "`OPTIONS` with `Max-Forwards: 0`", "answered here", tested(func(s *scene) {
			if told := s.talk(request("OPTIONS", "/any", "{read}", "", "Max-Forwards: 0")); !strings.HasPrefix(told, "HTTP/1.1 204\nallow: ") {
				s.Error(told)
			}
			s.silent()
		})},
		{"H-8", "M", "RFC 9110 7.6.2", "`OPTIONS` with `Max-Forwards: 5`", "the upstream sees 4", tested(func(s *scene) {
			s.has(s.passes(request("OPTIONS", "/any", "{read}", "", "Max-Forwards: 5")), "Max-Forwards", "4")
		})},
		{"H-9", "S", "RFC 9110 9.3.8", "`TRACE`", "405; nothing comes back", tested(func(s *scene) {
			told := s.talk(request("TRACE", "/any", "{read}", ""))
			if statuses(told)[0] != "405" || strings.Contains(told, "spoat_") {
				s.Error(told)
			}
			s.silent()
		})},
		{"H-10", "M", "RFC 9110 9.3.6", "`CONNECT`, and a request behind it", "405, and the connection ends", tested(func(s *scene) {
			told := s.talk("CONNECT backend:443 HTTP/1.1\r\nHost: backend:443\r\n\r\n" + getA())
			if codes := statuses(told); !slices.Equal(codes, []string{"405"}) && !slices.Equal(codes, []string{"400"}) || !strings.HasSuffix(told, "(closed)\n") {
				s.Error(told)
			}
			s.silent()
		})},
	}
}

// loops makes a route's upstream the server itself and walks into it.
func (s *scene) loops() {
	s.Helper()
	st := newStage(s.T, s.front, "--access-log", "off")
	st.writeRoutes(strings.Replace(standardsRoutes, `itself: { endpoints: [{ url: "${BACKEND_URL}" }] }`, `itself: { endpoints: [{ url: "http://`+st.addr+`" }] }`, 1))
	st.change(s.T, "POST", "/reload", nil)
	loop := newScene(s.T, st, "loop")
	loop.want(loop.get("/loop", ""), 508, "loop")
}
