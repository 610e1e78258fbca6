package wire_test

import (
	"context"
	"io"
	"testing"

	"scopegate/gateway/exchange"
	"scopegate/gateway/wire"
)

const (
	plainRequest = "GET /a/b?c=d HTTP/1.1\r\nHost: h.example\r\nUser-Agent: bench\r\nAccept: */*\r\nAuthorization: Bearer x\r\n\r\n"
	plainHead    = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: today\r\nContent-Length: 1024\r\n\r\n"
	smallPost    = "POST /a/b HTTP/1.1\r\nHost: h.example\r\nContent-Length: 5\r\n\r\nhello"
)

// constant answers 1 KiB and allocates nothing.
func constant() wire.Pipeline {
	head := []exchange.Field{{Name: "Content-Type", Value: "text/plain"}, {Name: "Date", Value: "today"}}
	content, taken := make([]byte, 1024), make([]byte, 64)
	return pipeline(func(_ context.Context, x *exchange.Exchange) {
		if x.Body != nil {
			_, _ = io.ReadFull(x.Body, taken[:x.BodyLength])
		}
		_ = x.Answer.Begin(200, head, 1024)
		_, _ = x.Answer.Write(content)
		_ = x.Answer.End()
	})
}

// exchanger returns a function that makes one exchange on a kept connection.
func exchanger(t testing.TB, addr, request string) func() {
	c := dial(t, addr)
	out, in := []byte(request), make([]byte, len(plainHead)+1024)
	return func() {
		if _, err := c.Write(out); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c.Conn, in); err != nil {
			t.Fatal(err)
		}
	}
}

func BenchmarkConnection(b *testing.B) {
	for name, request := range map[string]string{"get": plainRequest, "post": smallPost} {
		b.Run(name, func(b *testing.B) {
			addr, _ := start(b, constant())
			exchange := exchanger(b, addr, request)
			b.ReportAllocs()
			for b.Loop() {
				exchange()
			}
		})
	}
}

func BenchmarkReadHead(b *testing.B) {
	text, x := []byte(plainRequest), exchange.Exchange{}
	b.ReportAllocs()
	for b.Loop() {
		if _, verdict := wire.ReadHead(text, &x); verdict != wire.Complete {
			b.Fatal(verdict)
		}
	}
}
