package main_test

import (
	"fmt"
	"slices"
	"strings"
)

// refusesAll is refuses for several requests.
func refusesAll(allowed []string, raws ...string) how {
	return tested(func(s *scene) {
		for _, raw := range raws {
			s.refused(raw, allowed...)
		}
	})
}

// raw is a request of which only the fields are given, for fields that are
// not well-formed.
func rawGet(fields string) string {
	return "GET /a/x?{tag} HTTP/1.1\r\n" + fields + "\r\n"
}

const hostAndToken = "Host: gw.example\r\nAuthorization: Bearer {read}\r\n"

// faulty makes one request of each framing, with a body and with another
// request where the body's end could be.
func faulty(framings ...string) (raws []string) {
	for _, framing := range framings {
		raws = append(raws, "POST /a/x?{tag} HTTP/1.1\r\nHost: gw.example\r\nAuthorization: Bearer {write}\r\n"+framing+"\r\n\r\n0\r\n\r\n"+getA("X-Smuggled: 1"))
	}
	return raws
}

func hosts(values ...string) (raws []string) {
	for _, v := range values {
		raws = append(raws, rawGet(v+"Authorization: Bearer {read}\r\n"))
	}
	return raws
}

// framingCases are RFC 9112 sections 2 to 6: what a request is.
func framingCases() []standard {
	bad := []string{"400"}
	return []standard{
		{"H-11", "M", "RFC 9112 3.2", "no `Host`, two, one that is none", "400", refusesAll(bad, hosts("", "Host: a\r\nHost: a\r\n", "Host: a\r\nHost: b\r\n",
			"Host: a b\r\n", "Host: a/b\r\n", "Host: u@h\r\n", "Host: a,b\r\n")...)},
		{"H-12", "M", "RFC 9112 3.2.2", "an absolute-form target with another `Host`, and with the same", "400: two readings; 200 in origin-form", tested(func(s *scene) {
			s.refused("GET http://evil.example/a/x?{tag} HTTP/1.1\r\n"+hostAndToken+"\r\n", "400")
			saw := s.passes("GET http://gw.example/a/x?{tag} HTTP/1.1\r\n" + hostAndToken + "\r\n")
			if saw.target() != s.fill("/a/x?{tag}") {
				s.Error(saw)
			}
			absoluteFormOfAFixedEndpoint(s)
		}).but("the standard lets the target win; two hosts in one request are refused")},
		{"H-13", "M", "RFC 9112 3.2.4", "`OPTIONS *`, `GET *`", "answered here; 400", tested(func(s *scene) {
			if told := s.talk("OPTIONS * HTTP/1.1\r\nHost: gw.example\r\n\r\n"); !strings.HasPrefix(told, "HTTP/1.1 20") {
				s.Error(told)
			}
			s.refused("GET * HTTP/1.1\r\n"+hostAndToken+"\r\n", "400")
		})},
		{"H-14", "M", "RFC 9112 5.1", "a space before a colon", "400", refuses("POST /a/x?{tag} HTTP/1.1\r\nHost: gw.example\r\nAuthorization: Bearer {write}\r\nContent-Length : 5\r\n\r\nhello", "400")},
		{"H-15", "M", "RFC 9112 5.2", "a folded line", "400, or one space in its place", tested(func(s *scene) {
			told := s.talk(rawGet(hostAndToken + "X-Foo: a\r\n b\r\n"))
			for _, saw := range s.upstream.of(s.tag) {
				s.has(saw, "X-Foo", "a b")
			}
			if c := statuses(told); len(c) > 0 && c[0] != "400" && c[0] != "200" {
				s.Error(told)
			}
		})},
		{"H-16", "M", "RFC 9112 6.3", "`Content-Length` signed, hexadecimal, a list, empty, too large, twice", "400, and the connection ends", refusesAll(bad, faulty(
			"Content-Length: +5", "Content-Length: -1", "Content-Length: 0x5", "Content-Length: 5,6", "Content-Length: 5 5", "Content-Length: ",
			"Content-Length: 18446744073709551616", "Content-Length: 5\r\nContent-Length: 6")...)},
		{"H-17", "M", "RFC 9112 6.1", "`Content-Length` and chunked", "400, or chunked, and the connection ends", tested(lengthAndChunked)},
		{"H-18", "M", "RFC 9112 6.1", "the same with a request behind it", "that one is never answered", tested(lengthAndChunked)},
		{"H-19", "M", "RFC 9112 6.1", "transfer codings but chunked alone", "400 or 501", refusesAll([]string{"400", "501"}, faulty(
			"Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
			"Transfer-Encoding: \x0bchunked", "Transfer-Encoding: chunked\x00", "Transfer-Encoding: chunked,", "Transfer-Encoding: identity")...)},
		{"H-20", "M", "RFC 9112 6.1", "chunked in HTTP/1.0", "400, or the connection ends", tested(func(s *scene) {
			for _, target := range []string{"/a/x?{tag}", "/oauth/token"} {
				told := s.talk("POST " + target + " HTTP/1.0\r\nHost: gw.example\r\nConnection: keep-alive\r\nAuthorization: Bearer {write}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + getA("X-Smuggled: 1"))
				s.oneAnswerAndTheEnd(told)
			}
		})},
		{"H-21", "M", "RFC 9112 7.1", "chunk sizes that are none, line ends that are none", "400 or the end; no whole request upstream", refusesAll(bad, chunks(
			"0x5\r\nhello\r\n0\r\n\r\n", "+5\r\nhello\r\n0\r\n\r\n", "-5\r\nhello\r\n0\r\n\r\n", "5_0\r\nhello\r\n0\r\n\r\n", " 5\r\nhello\r\n0\r\n\r\n",
			"00000000000000005\r\nhello\r\n0\r\n\r\n", "5\r\nhello0\r\n\r\n", "5\nhello\r\n0\r\n\r\n", "5;a=\nb\r\nhello\r\n0\r\n\r\n", "5;a=\rb\r\nhello\r\n0\r\n\r\n")...).but("an extension is dropped unread, as RFC 9112 7.1.1 wants, whatever it holds but line ends")},
		{"H-22", "P", "RFC 9112 7.1.1", "chunk extensions of 64 KiB", "400 or the end", refusesAll(bad, chunks(
			"5;"+strings.Repeat("a", 64<<10)+"\r\nhello\r\n0\r\n\r\n", strings.Repeat("1;"+strings.Repeat("a", 1000)+"\r\nx\r\n", 64)+"0\r\n\r\n")...)},
		{"H-23", "M", "RFC 9112 2.2", "a bare CR in a value and in the request line", "400", refusesAll(bad, rawGet(hostAndToken+"X-Foo: a\rb\r\n"), "GET /a/x?{tag}\r HTTP/1.1\r\n"+hostAndToken+"\r\n")},
		{"H-24", "P", "RFC 9112 2.2", "line ends without CR", "400, or read as line ends", tested(func(s *scene) {
			told := s.talk(strings.ReplaceAll(rawGet(hostAndToken), "\r\n", "\n"))
			if c := statuses(told); len(c) > 0 && c[0] != "400" && c[0] != "200" {
				s.Error(told)
			}
			for _, saw := range s.upstream.of(s.tag) {
				if strings.Count(saw.head, "\n") != strings.Count(saw.head, "\r\n") {
					s.Errorf("%q", saw.head)
				}
			}
		})},
		{"H-25", "M", "RFC 9112 2.2", "white space before the first field", "400, or the line is left out", tested(func(s *scene) {
			told := s.talk(rawGet(" X-Foo: 1\r\n" + hostAndToken))
			if c := statuses(told); len(c) > 0 && c[0] != "400" {
				s.Error(told)
			}
			for _, saw := range s.upstream.of(s.tag) {
				s.lacks(saw, "X-Foo")
			}
		})},
		{"H-26", "S", "RFC 9112 3", "a request line and a field beyond any use", "414 or 431", refusesAll([]string{"414", "431", "400"},
			"GET /a/x?{tag}"+strings.Repeat("a", 1<<20)+" HTTP/1.1\r\n"+hostAndToken+"\r\n", rawGet(hostAndToken+"X-Foo: "+strings.Repeat("a", 1<<20)+"\r\n"))},
		{"H-27", "P", "RFC 6585 5", "10,000 short fields", "431", refuses(rawGet(hostAndToken+manyFields(10_000)), "431")},
		{"H-28", "M", "RFC 9110 5.5", "NUL in a value, a name that is none", "400", refusesAll(bad, rawGet(hostAndToken+"X-Foo: a\x00b\r\n"), rawGet(hostAndToken+"X Foo: a\r\n"), rawGet(hostAndToken+"X@Foo: a\r\n"), rawGet(hostAndToken+": a\r\n"))},
	}
}

func manyFields(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%c: \r\n", 'a'+rune(i%26))
	}
	return b.String()
}

func chunks(bodies ...string) (raws []string) {
	for _, body := range bodies {
		raws = append(raws, postA(body, "Transfer-Encoding: chunked"))
	}
	return raws
}

// oneAnswerAndTheEnd wants that nothing behind the first request was read.
func (s *scene) oneAnswerAndTheEnd(told string) {
	s.Helper()
	if len(statuses(told)) > 1 || !strings.HasSuffix(told, "(closed)\n") {
		s.Errorf("the connection goes on:\n%s", told)
	}
	if slices.ContainsFunc(s.upstream.of(s.tag), func(r recorded) bool { return len(r.values("X-Smuggled")) > 0 }) {
		s.Error("the request behind it reached the upstream")
	}
}

// absoluteFormOfAFixedEndpoint is held to what absolute-form is on routes.
func absoluteFormOfAFixedEndpoint(s *scene) {
	const path, body = "/oauth/token", grantForm + "&client_id={id}&client_secret={secret}"
	ask := func(target, host string) string {
		form := s.fill(body)
		return s.talk(fmt.Sprintf("POST %s%s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", target, path, host, len(form), form))
	}
	for _, same := range []string{"http://gw.example", "http://GW.example.:80", "https://gw.example:443"} {
		if told := ask(same, "gw.example"); !strings.HasPrefix(told, "HTTP/1.1 200\n") {
			s.Errorf("%s: %s", same, told)
		}
	}
	for _, other := range []string{"http://evil.example", "http://gw.example@evil.example", "http://evil.example@gw.example", "http://"} {
		if told := ask(other, "gw.example"); !strings.HasPrefix(told, "HTTP/1.1 400\n") || strings.Contains(told, "spoat_") {
			s.Errorf("%s: %s", other, told)
		}
	}
	for target, want := range map[string]string{"http://gw.example/oauth/nosuch": "404", "http://gw.example/.well-known/oauth-authorization-server?x": "200"} {
		if c := statuses(s.talk("GET " + target + " HTTP/1.1\r\nHost: gw.example\r\n\r\n")); len(c) != 1 || c[0] != want {
			s.Errorf("%s: %q", target, c)
		}
	}
}

func lengthAndChunked(s *scene) {
	for _, fields := range []string{"Content-Length: 4\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 4"} {
		s.oneAnswerAndTheEnd(s.talk(postA("0\r\n\r\n", fields) + getA("X-Smuggled: 1")))
		form := "POST /oauth/token HTTP/1.1\r\nHost: gw.example\r\nContent-Type: application/x-www-form-urlencoded\r\n" + fields + "\r\n\r\n0\r\n\r\n"
		s.oneAnswerAndTheEnd(s.talk(form + getA("X-Smuggled: 1")))
	}
	for _, saw := range s.upstream.of(s.tag) {
		s.lacks(saw, "Content-Length")
	}
}
