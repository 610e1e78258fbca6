package upstream_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"scopegate/gateway/exchange"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

// recording is a connection on which a backend said something, in pieces of
// a given size, and closed.
type recording struct {
	said  *bytes.Reader
	piece int
}

func (r *recording) Read(p []byte) (int, error)       { return r.said.Read(p[:min(len(p), r.piece)]) }
func (r *recording) Write(p []byte) (int, error)      { return len(p), nil }
func (r *recording) Close() error                     { return nil }
func (r *recording) LocalAddr() net.Addr              { return nil }
func (r *recording) RemoteAddr() net.Addr             { return nil }
func (r *recording) SetDeadline(time.Time) error      { return nil }
func (r *recording) SetReadDeadline(time.Time) error  { return nil }
func (r *recording) SetWriteDeadline(time.Time) error { return nil }

// FuzzAnswer checks that no answer breaks the reader, that how it is cut into
// pieces changes nothing, and that what is accepted net/http reads in the same
// way: status, end-to-end fields, content, and where the next answer begins.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		hello, hello + hello, switching, "HTTP/1.0 200 OK\r\n\r\nto the end", "HTTP/1.1 204 N\r\n\r\n",
		"HTTP/1.1 304 N\r\nContent-Length: 9\r\n\r\n", "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\n" + hello,
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=\"y\"\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\nrest",
		"HTTP/1.1 200 OK\r\nConnection: close, X-A\r\nX-A: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\nContent-Length: 1\r\n\r\nx",
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
	} {
		f.Add([]byte(s), uint8(0), false)
		f.Add([]byte(s), uint8(1), true)
	}
	u := open(f, upstream.Options{Endpoints: []upstream.Endpoint{{URL: "http://a", Network: "tcp", Address: "a:80", Authority: "a"}}})
	f.Fuzz(func(t *testing.T, raw []byte, piece uint8, head bool) {
		req := get("/")
		if head {
			req.Method = "HEAD"
		}
		read := func(piece int) (*exchangetest.Answer, bool, int, error) {
			answer := exchangetest.New()
			keep, surplus, err := upstream.ReadAnswer(u, &recording{bytes.NewReader(raw), piece}, req, answer)
			return answer, keep, surplus, err
		}
		answer, keep, surplus, err := read(len(raw) + 1)
		if other, _, _, otherErr := read(int(piece) + 1); (err == nil) != (otherErr == nil) ||
			answer.Content() != other.Content() || answer.Head().Status != other.Head().Status {
			t.Fatalf("in one piece %v, in pieces of %d %v", err, int(piece)+1, otherErr)
		}
		if err != nil {
			if answer.State() == exchangetest.Ended {
				t.Fatalf("a whole answer and %v", err)
			}
			return
		}
		compare(t, raw, req.Method, answer, keep, surplus)
	})
}

// compare reads raw with net/http and compares.
func compare(t *testing.T, raw []byte, method string, answer *exchangetest.Answer, keep bool, surplus int) {
	r := bufio.NewReader(bytes.NewReader(raw))
	hr := &http.Request{Method: method}
	resp, err := http.ReadResponse(r, hr)
	for err == nil && resp.StatusCode < 200 {
		resp, err = http.ReadResponse(r, hr)
	}
	if err != nil {
		t.Fatalf("net/http refuses what was accepted: %v", err)
	}
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("net/http refuses content that was accepted: %v", err)
	}
	if resp.StatusCode != answer.Head().Status || string(content) != answer.Content() {
		t.Fatalf("net/http reads %d %q, here %d %q", resp.StatusCode, content, answer.Head().Status, answer.Content())
	}
	if rest, _ := io.ReadAll(r); len(rest) != surplus {
		t.Fatalf("net/http leaves %d bytes, here %d", len(rest), surplus)
	}
	if keep && (surplus > 0 || resp.Close) {
		t.Fatal("a connection would be kept that net/http closes")
	}
	for _, f := range answer.Head().Fields {
		if !has(resp.Header, f) {
			t.Fatalf("net/http has no field %q: %q", f.Name, f.Value)
		}
	}
}

func has(h http.Header, f exchange.Field) bool {
	for _, v := range h[textproto.CanonicalMIMEHeaderKey(f.Name)] {
		if strings.Trim(v, " \t") == f.Value {
			return true
		}
	}
	return false
}
