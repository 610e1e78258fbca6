package main_test

import (
	"strings"
)

// trusting is a scene on a server that believes this machine's proxies.
func (s *scene) trusting() *scene {
	s.Helper()
	st := newStage(s.T, s.front, "--trusted-proxies", "127.0.0.0/8")
	return newScene(s.T, st, "trusting")
}

func forwardedCases() []standard {
	return []standard{
		{"F-1", "P", "RFC 9700 4.13", "`X-Forwarded-*`, `Forwarded`, `X-Real-IP`, `True-Client-IP`, `X-SSL-*` of a caller", "gone, or made anew from the connection", tested(func(s *scene) {
			names := []string{
				"X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Forwarded-Prefix", "Forwarded", "X-Real-IP", "True-Client-IP",
				"CF-Connecting-IP", "X-SSL-Client-Cert", "X_Forwarded_For", "X-Forwarded-User", "X-Client-IP", "SSL_CLIENT_S_DN",
			}
			fields := make([]string, 0, len(names))
			for _, name := range names {
				fields = append(fields, name+": evil")
			}
			saw := s.passes(getA(fields...))
			if strings.Contains(saw.head, "evil") {
				s.Error(saw)
			}
			s.has(saw, "X-Forwarded-For", "127.0.0.1")
			s.has(saw, "X-Forwarded-Proto", "http")
			s.has(saw, "X-Forwarded-Host", "gw.example")
			s.has(saw, "Forwarded", "for=127.0.0.1;proto=http;host=gw.example")
		})},
		{"F-2", "P", "RFC 7239 4", "`X-Forwarded-For` of a trusted proxy", "ours behind it, in order", tested(func(s *scene) {
			saw := s.trusting().passes(getA("X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https", "X-Forwarded-Host: api.example.com"))
			s.has(saw, "X-Forwarded-For", "203.0.113.7, 127.0.0.1")
			s.has(saw, "X-Forwarded-Proto", "https")
			s.has(saw, "Forwarded", "for=203.0.113.7;proto=https;host=api.example.com, for=127.0.0.1")
		})},
		{"F-3", "M", "RFC 7239 6", "an IPv6 caller", "`for=\"[2001:db8::1]\"`", tested(func(s *scene) {
			saw := s.trusting().passes(getA("X-Forwarded-For: 2001:db8::1"))
			s.has(saw, "Forwarded", `for="[2001:db8::1]";proto=http;host=gw.example, for=127.0.0.1`)
		})},
		{"F-4", "M", "RFC 7239 4", "a host with a port; one with a quote", "a quoted-string that it cannot leave", tested(func(s *scene) {
			s.refused("GET /a/y?{tag} HTTP/1.1\r\nHost: a\",for=evil\r\nAuthorization: Bearer {read}\r\n\r\n", "400")
			saw := s.passes("GET /a/x?{tag} HTTP/1.1\r\nHost: gw.example:8080\r\nAuthorization: Bearer {read}\r\n\r\n")
			s.has(saw, "Forwarded", `for=127.0.0.1;proto=http;host="gw.example:8080"`)
		})},
		{"F-5", "P", "RFC 7239 6.3", "an identifier that hides the address", "`_id` or `unknown`", notBuilt("backends that are guarded want to know who calls")},
		{"F-6", "P", "RFC 7239 8.1", "1,000 addresses, and garbage, of a trusted proxy", "the nearest that is not trusted; the rest is not read", tested(func(s *scene) {
			scene := s.trusting()
			saw := scene.passes(getA("X-Forwarded-For: " + strings.Repeat("198.51.100.1, ", 1000) + "203.0.113.7"))
			s.has(saw, "X-Forwarded-For", "203.0.113.7, 127.0.0.1")
			scene.talk(getA("X-Forwarded-For: x, ::::, " + strings.Repeat("9", 500)))
		})},
		{"F-7", "P", "RFC 9700 4.13", "`X-Real-IP` of a stranger", "the log has the connection's peer", tested(func(s *scene) {
			id := s.get("/a/x?{tag}", s.read, "X-Real-IP: 203.0.113.99", "X-Forwarded-For: 203.0.113.99").header.Get("X-Request-Id")
			s.poll(func() bool { return strings.Contains(s.logs(), id) })
			if strings.Contains(s.logs(), "203.0.113.99") {
				s.Error("the log believes it")
			}
		})},
	}
}
