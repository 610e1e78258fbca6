package gateway_test

import (
	"bufio"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"scopegate/gateway"
	"scopegate/gateway/gatewaytest"
)

// short is a time-out that tests wait for.
const short = 50 * time.Millisecond

// serveFront serves a front over net/http, as cmd/scopegate does.
func serveFront(t *testing.T, f *gateway.Front) (addr string) {
	t.Helper()
	s := httptest.NewUnstartedServer(f)
	s.Listener = gateway.WatchFraming(gateway.BoundWrites(s.Listener, short))
	s.Config.ConnContext = gateway.FramingContext
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.Start()
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestABodyThatStopsComingEndsItsConnection(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	addr := serveFront(t, &gateway.Front{Gateway: h.Gateway, BodyTimeout: short})
	for name, raw := range map[string]string{
		"small":   "POST /public/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab",
		"large":   "POST /public/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nab",
		"chunked": "POST /public/x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
		"refused": "POST /a/x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nab",
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(gatewaytest.Patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(c, raw); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(c)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the connection is still open after %q", got)
			}
			if name == "refused" && !strings.HasPrefix(string(got), "HTTP/1.1 401") {
				t.Errorf("the refusal did not come: %q", got)
			}
		})
	}
}

// A deadline that stayed behind a body would look like a caller who left.
func TestABodyThatWasReadLeavesNoDeadline(t *testing.T) {
	release := make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-release
	}))
	t.Cleanup(backend.Close)
	h := gatewaytest.New(t, strings.ReplaceAll(plainRoutes, "${UPSTREAM}", backend.URL))
	addr := serveFront(t, &gateway.Front{Gateway: h.Gateway, BodyTimeout: short})
	time.AfterFunc(4*short, func() { close(release) })
	for _, size := range []string{"5", "20000"} {
		got := gatewaytest.Talk(t, addr, "POST /public/x HTTP/1.1\r\nHost: a\r\nContent-Length: "+size+"\r\n\r\n"+
			strings.Repeat("x", map[string]int{"5": 5, "20000": 20000}[size]))
		if !strings.HasPrefix(got, "HTTP/1.1 200") || !strings.HasSuffix(got, "(kept)\n") {
			t.Errorf("%s bytes: %s", size, got)
		}
	}
}

func TestAnAnswerThatNobodyReadsEndsItsConnection(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bounded := gateway.BoundWrites(l, short)
	t.Cleanup(func() { _ = bounded.Close() })
	caller, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer caller.Close()
	c, err := bounded.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for chunk := make([]byte, 1<<20); err == nil; {
		_, err = c.Write(chunk)
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the write ended with %v", err)
	}
	// A farewell with a time of its own keeps that time.
	if err := c.SetWriteDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("x")); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a write beyond its own deadline: %v", err)
	}
	if err := c.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, caller) }() // ends with the connection
	if _, err := c.Write([]byte("x")); err != nil {
		t.Errorf("a write that is read: %v", err)
	}
}

func TestAnHTTP2StreamThatNobodyReadsIsReset(t *testing.T) {
	left := make(chan struct{})
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		for chunk := make([]byte, 64<<10); r.Context().Err() == nil; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	t.Cleanup(backend.Close)
	h := gatewaytest.New(t, strings.ReplaceAll(plainRoutes, "${UPSTREAM}", backend.URL))
	s := startTLS(t, &gateway.Front{Gateway: h.Gateway, WriteTimeout: short})
	res, err := s.Client().Get(s.URL + "/public/endless")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.ProtoMajor != 2 {
		t.Fatalf("%s, want HTTP/2", res.Proto)
	}
	select {
	case <-left:
	case <-time.After(gatewaytest.Patience):
		t.Fatal("the upstream still sends to a stream that nobody reads")
	}
	if _, err := io.Copy(io.Discard, bufio.NewReader(res.Body)); err == nil {
		t.Error("the part was taken for the whole")
	}
}
