package main_test

import (
	"io"
	"slices"
	"strings"
)

// messageCases are content, expectations, upgrades and trailers.
func messageCases() []standard {
	return []standard{
		{"H-29", "P", "RFC 9110 8.6", "a body by length, and one in chunks", "one framing upstream, the same bytes", tested(func(s *scene) {
			for _, raw := range []string{postA("hello", "Content-Length: 5"), postA("3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n", "Transfer-Encoding: chunked")} {
				s.talk(raw)
			}
			seen := s.upstream.of(s.tag)
			if len(seen) != 2 {
				s.Fatalf("%q", seen)
			}
			for _, saw := range seen {
				if saw.body != "hello" || len(saw.values("Content-Length"))+len(saw.values("Transfer-Encoding")) != 1 {
					s.Errorf("%q", saw)
				}
			}
		})},
		{"H-30", "M", "RFC 9110 10.1.1", "`Expect: 100-continue`, refused by the upstream at once", "its status, and the body goes nowhere twice", tested(func(s *scene) {
			told := s.talk(postA("hello", "Expect: 100-continue", "Content-Length: 5", "X-Then: early", answering("HTTP/1.1 413 Too Large\nContent-Length: 0\nConnection: close\n\n")))
			if c := statuses(told); len(c) == 0 || c[0] != "413" {
				s.Error(told)
			}
			s.upstreamSaw()
		})},
		{"H-31", "M", "RFC 9110 10.1.1", "`Expect: 100-continue` with a bad token", "401 before any 100", tested(func(s *scene) {
			c := s.dial("POST /a/x?{tag} HTTP/1.1\r\nHost: gw.example\r\nAuthorization: Bearer x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
			if head := c.head(); !strings.HasPrefix(head, "HTTP/1.1 401 ") {
				s.Error(head)
			}
			s.silent()
		})},
		{"H-32", "S", "RFC 9110 10.1.1", "`Expect: foo`", "417", refuses(getA("Expect: foo"), "417")},
		{"H-33", "M", "RFC 9110 7.8", "a WebSocket handshake where the route takes it", "101, then bytes both ways", tested(func(s *scene) {
			c := s.dialTunnel("{read}")
			if _, err := io.WriteString(c, "ping"); err != nil {
				s.Fatal(err)
			}
			back := make([]byte, 4)
			if _, err := io.ReadFull(c, back); err != nil || string(back) != "ping" {
				s.Errorf("%q %v", back, err)
			}
			s.want(s.get("/socket", "", "Connection: Upgrade", "Upgrade: websocket"), 401, "no_token")
		})},
		{"H-34", "M", "RFC 9110 7.8", "`Upgrade: h2c`, TLS, several", "the upstream sees no `Upgrade`", tested(func(s *scene) {
			for _, upgrade := range []string{"h2c", "TLS/1.0", "websocket, h2c", "foo"} {
				s.talk(request("GET", "/socket", "{read}", "", "Connection: Upgrade, HTTP2-Settings", "Upgrade: "+upgrade, "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"))
			}
			for _, saw := range s.upstream.of(s.tag) {
				s.lacks(saw, "Upgrade", "HTTP2-Settings", "Connection")
			}
		})},
		{"H-35", "M", "RFC 9110 7.8", "the upstream answers 200 to a handshake, and bytes come behind it", "they are a request of their own here, or the end; never the upstream's", tested(func(s *scene) {
			smuggled := "GET /admin?{tag} HTTP/1.1\r\nHost: gw.example\r\nX-Smuggled: 1\r\n\r\n"
			s.talk(request("GET", "/socket", "{read}", "", upgradeFields) + smuggled)
			for _, saw := range s.upstream.of(s.tag) {
				s.lacks(saw, "X-Smuggled")
			}
		})},
		{"H-36", "M", "RFC 9110 7.8", "`Upgrade` in HTTP/1.0", "ignored", tested(func(s *scene) {
			s.talk("GET /socket?{tag} HTTP/1.0\r\n" + hostAndToken + upgradeFields + "\r\n\r\n")
			for _, saw := range s.upstream.of(s.tag) {
				s.lacks(saw, "Upgrade")
			}
		})},
		{"H-37", "M", "RFC 9110 6.5.1", "trailers `Authorization`, `X-Principal-Client-Id`, `Host`", "nowhere upstream", tested(func(s *scene) {
			saw := s.passes(postA("5\r\nhello\r\n0\r\nAuthorization: Bearer evil\r\nX-Principal-Client-Id: evil\r\nHost: evil\r\nContent-Length: 3\r\n\r\n",
				"Transfer-Encoding: chunked", "Trailer: X-Principal-Client-Id"))
			if strings.Contains(saw.String(), "evil") || saw.trailer != "" || saw.body != "hello" {
				s.Errorf("%q", saw)
			}
		})},
		{"H-38", "M", "RFC 9110 9.2.2", "the upstream ends the connection after it read a POST", "502, and one try", tested(func(s *scene) {
			if told := s.talk(postA("hello", "Content-Length: 5", "X-Then: drop")); statuses(told)[0] != "502" {
				s.Error(told)
			}
			s.upstreamSaw()
		})},
	}
}

// answered is a case in which the upstream says something and the caller has
// to be told one of the statuses; "" is the end without a whole answer.
func answered(answer, then string, allowed ...string) how {
	return tested(func(s *scene) {
		told := s.talk(getA("X-Then: "+then, answering(answer)))
		got := ""
		if c := statuses(told); len(c) > 0 && !strings.HasPrefix(told, "(no whole answer)") {
			got = c[0]
		}
		if !slices.Contains(allowed, got) {
			s.Errorf("want %q, got\n%s", allowed, told)
		}
	})
}

// answerCases are what an upstream may do.
func answerCases() []standard {
	return []standard{
		{"H-39", "M", "RFC 9112 8", "an answer that is cut, by length and in chunks", "the end, never a whole 200", tested(func(s *scene) {
			answered("HTTP/1.1 200 OK\nContent-Length: 10\n\nhalf", "close", "").test(s)
			answered("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n5\nhello\n", "close", "").test(s)
		})},
		{"H-40", "M", "RFC 9112 6.3", "an answer with two framings, two lengths, a bad one", "502", tested(func(s *scene) {
			for _, framing := range []string{"Content-Length: 2\nTransfer-Encoding: chunked", "Content-Length: 2\nContent-Length: 3", "Content-Length: +2", "Content-Length: x"} {
				answered("HTTP/1.1 200 OK\n"+framing+"\n\nok", "close", "502").test(s)
			}
		})},
		{"H-41", "M", "RFC 9110 15.2", "103 before the answer, for HTTP/1.1 and for HTTP/1.0", "passes; does not", tested(func(s *scene) {
			early := answering("HTTP/1.1 103 Early Hints\nLink: </x.css>\n\nHTTP/1.1 200 OK\nContent-Length: 2\n\nok")
			if told := s.talk(getA(early)); !strings.HasPrefix(told, "HTTP/1.1 103\nlink: </x.css>\n") || !strings.Contains(told, "HTTP/1.1 200\n") {
				s.Error(told)
			}
			if told := s.talk("GET /a/x?{tag} HTTP/1.0\r\n" + hostAndToken + early + "\r\n\r\n"); !strings.HasPrefix(told, "HTTP/1.0 200\n") {
				s.Error(told)
			}
		})},
		{"H-42", "M", "RFC 9110 8.6", "204, 304, and HEAD, with a length", "no body, and the connection goes on", tested(func(s *scene) {
			for _, raw := range []string{
				getA(answering("HTTP/1.1 204 No Content\n\n")), getA(answering("HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n")),
				request("HEAD", "/a/x", "{read}", "", answering("HTTP/1.1 200 OK\nContent-Length: 5\n\n")),
			} {
				if told := s.talk(raw); strings.Contains(told, "\n| ") || !strings.HasSuffix(told, "(kept)\n") {
					s.Errorf("%s:\n%s", raw, told)
				}
			}
		})},
	}
}
