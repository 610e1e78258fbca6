package upstream_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strconv"
	"testing"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/upstream"
)

// sink is an answer that nobody reads: what a benchmark measures besides it is
// the way to the backend.
type sink struct{ began bool }

func (s *sink) Interim(int, []exchange.Field) error              { return nil }
func (s *sink) Begin(int, []exchange.Field, int64) error         { s.began = true; return nil }
func (s *sink) Write(p []byte) (int, error)                      { return len(p), nil }
func (s *sink) Flush() error                                     { return nil }
func (s *sink) End() error                                       { return nil }
func (s *sink) Abort()                                           {}
func (s *sink) Began() bool                                      { return s.began }
func (s *sink) CloseAfter()                                      {}
func (s *sink) Watch() <-chan struct{}                           { return nil }
func (s *sink) Tunnel([]exchange.Field) (exchange.Tunnel, error) { return nil, io.ErrClosedPipe }

// benchBackend answers each request with n bytes.
func benchBackend(b *testing.B, n int) *backend {
	answer := []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nContent-Length: " +
		strconv.Itoa(n) + "\r\n\r\n" + string(bytes.Repeat([]byte("x"), n)))
	return serve(b, func(p *peer) {
		buf := make([]byte, 64<<10)
		for {
			n, err := p.Read(buf) // a request comes in one piece
			if err != nil || !bytes.Contains(buf[:n], []byte("\r\n\r\n")) {
				return
			}
			if _, err := p.Write(answer); err != nil {
				return
			}
		}
	})
}

var benchFields = fields("User-Agent", "bench", "Accept", "*/*", "X-Principal-Client-Id", "7f0c7f0c-7f0c-4f0c-8f0c-7f0c7f0c7f0c",
	"X-Principal-Scopes", "invoices.read", "X-Request-Id", "0123456789abcdef", "Via", "1.1 scopegate")

// BenchmarkForward measures 32 exchanges at a time per core, beside net/http's
// client doing the same in the same run. The backend's part is in both.
func BenchmarkForward(b *testing.B) {
	small := make([]byte, 1<<10)
	for _, bm := range []struct {
		name string
		n    int
		body []byte
	}{{"1k", 1 << 10, nil}, {"1M", 1 << 20, nil}, {"post", 64, small}} {
		b.Run(bm.name, func(b *testing.B) {
			backend := benchBackend(b, bm.n)
			u := open(b, upstream.Options{}, backend)
			p := permit(b)
			b.SetBytes(int64(bm.n))
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				req := &upstream.Request{Method: "GET", Target: "/invoices/7", Host: "billing", Fields: benchFields}
				body := bytes.NewReader(bm.body)
				answer := &sink{}
				for pb.Next() {
					if bm.body != nil {
						body.Reset(bm.body)
						req.Method, req.Body, req.BodyLength = "POST", body, int64(len(bm.body))
					}
					answer.began = false
					if out := u.Forward(context.Background(), p, req, answer, nil); out.Reason != authz.ReasonNone {
						b.Error(out.Err)
						return
					}
				}
			})
		})
		b.Run(bm.name+"-net-http", func(b *testing.B) {
			backend := benchBackend(b, bm.n)
			tr := &http.Transport{MaxIdleConnsPerHost: 1024, DisableCompression: true}
			b.Cleanup(tr.CloseIdleConnections)
			b.SetBytes(int64(bm.n))
			b.ReportAllocs()
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					method, body := "GET", io.Reader(nil)
					if bm.body != nil {
						method, body = "POST", bytes.NewReader(bm.body)
					}
					req, _ := http.NewRequest(method, backend.endpoint().URL+"/invoices/7", body)
					for _, f := range benchFields {
						req.Header.Set(f.Name, f.Value)
					}
					resp, err := tr.RoundTrip(req)
					if err != nil {
						b.Error(err)
						return
					}
					io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
				}
			})
		})
	}
}
