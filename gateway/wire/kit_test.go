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

	"go.uber.org/goleak"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/wire"
	"scopegate/metrics"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds every wait of these tests; nothing depends on it being short.
const patience = 30 * time.Second

// pipeline is a Pipeline of one function.
type pipeline func(ctx context.Context, x *exchange.Exchange)

func (p pipeline) Serve(ctx context.Context, x *exchange.Exchange) { p(ctx, x) }

// answer gives a whole answer.
func answer(x *exchange.Exchange, status int, text string) error {
	fields := []exchange.Field{{Name: "Content-Type", Value: "text/plain"}, {Name: "Date", Value: "today"}}
	if err := x.Answer.Begin(status, fields, int64(len(text))); err != nil {
		return err
	}
	if _, err := io.WriteString(x.Answer, text); err != nil {
		return err
	}
	return x.Answer.End()
}

// echoPipeline answers what it was asked, so that a test sees what was read.
type echoPipeline struct{}

func (echoPipeline) Serve(_ context.Context, x *exchange.Exchange) {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", x.Method, x.Path)
	if x.HasQuery {
		fmt.Fprintf(&b, "?%s", x.Query)
	}
	fmt.Fprintf(&b, " host=%s", x.Host)
	fields := func() {
		for _, f := range x.Fields {
			fmt.Fprintf(&b, " %s=%q", f.Name, f.Value)
		}
	}
	if x.Body == nil {
		fields()
	} else {
		data, err := io.ReadAll(x.Body)
		fields() // they are good still
		fmt.Fprintf(&b, " body=%q err=%v", data, err)
	}
	b.WriteByte('\n')
	if x.Path == "/chunked" {
		_ = x.Answer.Begin(200, nil, exchange.UnknownLength)
		_, _ = io.WriteString(x.Answer, b.String())
		_ = x.Answer.End()
		return
	}
	_ = answer(x, 200, b.String())
}

func reserved(path string) bool { return strings.HasPrefix(path, "/oauth/") }

// newFront returns a front of this pipeline, to be changed before it is run.
func newFront(p wire.Pipeline) *wire.Front {
	return &wire.Front{
		Pipeline: p, Log: slog.New(slog.DiscardHandler), Reserved: reserved,
		Open: metrics.New(metrics.Options{Reasons: authz.Reasons()}).Connections("wire"),
	}
}

// start serves a pipeline and, behind it, net/http for what is handed over.
func start(t testing.TB, p wire.Pipeline) (addr string, f *wire.Front) {
	t.Helper()
	f = newFront(p)
	return run(t, f), f
}

func run(t testing.TB, f *wire.Front) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	runOn(t, f, l)
	return l.Addr().String()
}

func runOn(t testing.TB, f *wire.Front, l net.Listener) {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		fmt.Fprintf(w, "net/http %s %s %q\n", r.Method, r.URL.RequestURI(), body)
	})
	behind := &http.Server{ReadHeaderTimeout: patience, Handler: handler}
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
}

// caller is one raw connection.
type caller struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func dial(t testing.TB, addr string) *caller {
	t.Helper()
	return dialOn(t, "tcp", addr)
}

func dialOn(t testing.TB, network, addr string) *caller {
	t.Helper()
	c, err := net.Dial(network, addr)
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

// get asks for a path and returns the content of the answer.
func (c *caller) get(path string) string {
	c.t.Helper()
	c.send(get(path))
	_, body := c.answer("GET")
	return body
}

// rest returns what comes until the connection ends, and how it ended.
func (c *caller) rest() (string, error) {
	c.t.Helper()
	all, err := io.ReadAll(c.r)
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		c.t.Fatalf("the connection does not end; so far %.300q", all)
	}
	return string(all), err
}

func (c *caller) endSending() {
	c.t.Helper()
	if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		c.t.Fatal(err)
	}
}

// within waits for a channel.
func within[T any](t testing.TB, what string, c <-chan T) (v T) {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v = <-c:
	case <-timer.C:
		t.Fatalf("no %s", what)
	}
	return v
}
