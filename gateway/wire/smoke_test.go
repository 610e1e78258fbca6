package wire_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/wire"
	"scopegate/metrics"
)

// patience bounds every wait of these tests; nothing depends on it being short.
const patience = 30 * time.Second

// echoPipeline answers what it was asked, so that a test sees what was read.
type echoPipeline struct{}

func (echoPipeline) Serve(_ context.Context, x *exchange.Exchange) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", x.Method, x.Path)
	if x.HasQuery {
		fmt.Fprintf(&b, "?%s", x.Query)
	}
	fmt.Fprintf(&b, " host=%s", x.Host)
	for _, f := range x.Fields {
		fmt.Fprintf(&b, " %s=%q", f.Name, f.Value)
	}
	if x.Body != nil {
		data, err := io.ReadAll(x.Body)
		fmt.Fprintf(&b, " body=%q err=%v", data, err)
	}
	b.WriteByte('\n')
	text := b.String()
	length := int64(len(text))
	if x.Path == "/chunked" {
		length = exchange.UnknownLength
	}
	_ = x.Answer.Begin(200, []exchange.Field{{Name: "Content-Type", Value: "text/plain"}}, length)
	_, _ = io.WriteString(x.Answer, text)
	_ = x.Answer.End()
}

// start serves a pipeline and, behind it, net/http for what is handed over.
func start(t *testing.T, p wire.Pipeline) (addr string, f *wire.Front) {
	t.Helper()
	m := metrics.New(metrics.Options{Reasons: authz.Reasons()})
	f = &wire.Front{
		Pipeline: p, Log: slog.New(slog.DiscardHandler), Open: m.Connections("wire"),
		Reserved: func(path string) bool { return strings.HasPrefix(path, "/oauth/") },
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	behind := &http.Server{ReadHeaderTimeout: patience, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "net/http %s %s %q\n", r.Method, r.URL.RequestURI(), body)
	})}
	served, behindServed := make(chan error, 1), make(chan error, 1)
	go func() { served <- f.Serve(l) }()
	go func() { behindServed <- behind.Serve(f.Handover()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := f.Shutdown(ctx); err != nil {
			t.Errorf("shutdown: %v", err)
		}
		if err := <-served; !errors.Is(err, net.ErrClosed) {
			t.Errorf("serve: %v", err)
		}
		_ = behind.Close()
		<-behindServed
	})
	return l.Addr().String(), f
}

// caller is one raw connection.
type caller struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, addr string) *caller {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return &caller{t, c, bufio.NewReader(c)}
}

func (c *caller) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

func (c *caller) answer(method string) (*http.Response, string) {
	c.t.Helper()
	resp, err := http.ReadResponse(c.r, &http.Request{Method: method})
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp, string(body)
}

func TestPlainRequestsAreReadAsSent(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	for range 3 {
		c.send("GET /a%20b?x=1;y&%zz HTTP/1.1\r\nHost: h.example:80\r\nX-Odd_Name:  v a l \r\nACCEPT: */*\r\n\r\n")
		if resp, body := c.answer("GET"); resp.StatusCode != 200 || body != `GET /a%20b?x=1;y&%zz host=h.example:80 X-Odd_Name="v a l" ACCEPT="*/*"`+"\n" {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
	c.send("GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n")
	if resp, body := c.answer("GET"); len(resp.TransferEncoding) != 1 || body != "GET /chunked host=h\n" {
		t.Errorf("%v %q", resp.TransferEncoding, body)
	}
	c.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\nGET /after HTTP/1.1\r\nHost: h\r\n\r\n")
	if resp, body := c.answer("HEAD"); resp.ContentLength != 15 || body != "" {
		t.Errorf("HEAD: length %d body %q", resp.ContentLength, body)
	}
	if _, body := c.answer("GET"); body != "GET /after host=h\n" {
		t.Errorf("after HEAD: %q", body)
	}
}

func TestBodiesOfAnySplitArriveWhole(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	large := strings.Repeat("0123456789abcdef", 4096)
	for _, cut := range []int{0, 1, 5, 50, 70, 80} {
		c := dial(t, addr)
		for _, body := range []string{"hello", large} {
			text := fmt.Sprintf("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			at := min(cut, len(text))
			c.send(text[:at])
			c.send(text[at:] + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
			if _, got := c.answer("POST"); !strings.HasSuffix(got, fmt.Sprintf("body=%q err=<nil>\n", body)) {
				t.Fatalf("cut %d: %.200q", cut, got)
			}
			if _, got := c.answer("GET"); got != "GET /next host=h\n" {
				t.Fatalf("cut %d: next %q", cut, got)
			}
		}
	}
}

func TestWhatIsNotUnderstoodIsNetHTTPs(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	for name, text := range map[string]string{
		"a reserved path": "GET /oauth/x HTTP/1.1\r\nHost: h\r\n\r\n",
		"chunked":         "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"HTTP/1.0":        "GET /z HTTP/1.0\r\n\r\n",
		"a bare LF":       "GET /z HTTP/1.1\nHost: h\n\n",
		"a long head":     "GET /z HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 10000) + "\r\n\r\n",
		"Expect":          "POST /z HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
		"absolute form":   "GET http://h/z HTTP/1.1\r\nHost: h\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, addr)
			c.send(text)
			if _, body := c.answer("GET"); !strings.HasPrefix(body, "net/http ") {
				t.Errorf("%q", body)
			}
		})
	}
}

func TestACallerThatEndsItsSideGetsItsAnswerAndTheEnd(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	c.send("GET /one HTTP/1.1\r\nHost: h\r\n\r\n")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c.r)
	if err != nil || !strings.Contains(string(all), "GET /one host=h\n") {
		t.Errorf("%q %v", all, err)
	}
}

func TestConnectionCloseIsKept(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	c.send("GET /one HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	all, err := io.ReadAll(c.r)
	if err != nil || !strings.Contains(string(all), "Connection: close\r\n") {
		t.Errorf("%q %v", all, err)
	}
}
