package upstream_test

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

// arrived is a body that says that it has come.
type arrived struct{ io.Reader }

func (arrived) Arrived() bool { return true }

func TestABodyThatHasComeGoesOutAsItWouldOtherwise(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", 4<<10)
	for _, tc := range []struct {
		name string
		body io.Reader
		want string // the decoded content
	}{
		{"nothing", strings.NewReader(""), ""},
		{"in one piece", strings.NewReader("hello"), "hello"},
		{"in many pieces", iotest.OneByteReader(strings.NewReader("hello")), "hello"},
		{"the last byte with the end", iotest.DataErrReader(strings.NewReader("hello")), "hello"},
		{"as long as what is read ahead", strings.NewReader(large[:8<<10]), large[:8<<10]},
		{"longer than what is read ahead", strings.NewReader(large), large},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := serve(t, func(p *peer) {
				for p.request() {
					p.say("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			})
			u := open(t, upstream.Options{}, b)
			out, answer := forward(t, u, upload(arrived{tc.body}, exchange.UnknownLength))
			if out.Reason != authz.ReasonNone || answer.Content() != "ok" || answer.State() != exchangetest.Ended {
				t.Fatalf("%v (%v), content %q", out.Reason, out.Err, answer.Content())
			}
			head, content, _ := strings.Cut(b.seen()[0], "\r\n\r\n")
			if !strings.Contains(head, "\r\nTransfer-Encoding: chunked") || strings.Contains(head, "Content-Length") {
				t.Errorf("framed otherwise: %s", head)
			}
			if got := unchunk(t, content); got != tc.want {
				t.Errorf("the backend got %d bytes, want %d", len(got), len(tc.want))
			}
			if again, _ := forward(t, u, &upstream.Request{Method: "GET", Target: "/", Host: "h"}); again.Reason != authz.ReasonNone || b.accepted() != 1 {
				t.Errorf("%v, and %d connections: the first was not kept", again.Reason, b.accepted())
			}
		})
	}
}

func TestABodyThatHasComeAndCannotBeReadBothersNoBackend(t *testing.T) {
	b := serve(t, func(p *peer) { p.drain() })
	u := open(t, upstream.Options{}, b)
	body := io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(exchange.ErrBodyMalformed))
	out, _ := forward(t, u, upload(arrived{body}, exchange.UnknownLength))
	if out.Reason != authz.ReasonBadRequest || b.accepted() != 0 {
		t.Errorf("%v (%v), %d connections", out.Reason, out.Err, b.accepted())
	}
}

// unchunk decodes a chunked content that has no trailers.
func unchunk(t *testing.T, framed string) string {
	t.Helper()
	var content strings.Builder
	for {
		line, rest, ok := strings.Cut(framed, "\r\n")
		size := 0
		for _, c := range line {
			size = size<<4 | strings.IndexRune("0123456789abcdef", c)
		}
		if !ok || size < 0 || len(rest) < size+2 || rest[size:size+2] != "\r\n" {
			t.Fatalf("not chunked: %.60q", framed)
		}
		if size == 0 {
			if rest != "\r\n" {
				t.Fatalf("behind the last chunk: %.60q", rest)
			}
			return content.String()
		}
		content.WriteString(rest[:size])
		framed = rest[size+2:]
	}
}
