package upstream_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// long bounds what should happen at once; it is not what is tested.
const long = 20 * time.Second

// backend is a scripted TCP server: it says what the script says, byte for
// byte, and remembers the requests that the script reads.
type backend struct {
	t        testing.TB
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	conns    []net.Conn
	requests []string
	changed  chan struct{}
}

// peer is one connection at the backend; n counts them from 1.
type peer struct {
	net.Conn
	b *backend
	r *bufio.Reader
	n int
}

// serve starts a backend that runs the script for each connection and closes
// the connection when the script returns.
func serve(t testing.TB, script func(p *peer)) *backend {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, listener, script)
}

func serveOn(t testing.TB, listener net.Listener, script func(p *peer)) *backend {
	b := &backend{t: t, listener: listener, changed: make(chan struct{})}
	b.running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			b.mu.Lock()
			b.conns = append(b.conns, conn)
			p := &peer{Conn: conn, b: b, r: bufio.NewReader(conn), n: len(b.conns)}
			b.mu.Unlock()
			b.running.Go(func() {
				defer conn.Close()
				script(p)
			})
		}
	})
	t.Cleanup(b.close)
	return b
}

func (b *backend) close() {
	b.listener.Close()
	b.mu.Lock()
	for _, c := range b.conns {
		c.Close()
	}
	b.mu.Unlock()
	b.running.Wait()
}

func (b *backend) seen() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]string(nil), b.requests...)
}

func (b *backend) accepted() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.conns)
}

func (b *backend) endpoint() upstream.Endpoint {
	address := b.listener.Addr().String()
	return upstream.Endpoint{URL: "http://" + address, Network: "tcp", Address: address, Authority: address}
}

// request reads one request, remembers it and reports whether there was one.
// The content is remembered as it was framed.
func (p *peer) request() bool {
	head, ok := p.head()
	if !ok {
		return false
	}
	p.remember(head + p.content(head))
	return true
}

func (p *peer) head() (string, bool) {
	var head strings.Builder
	for {
		line, err := p.r.ReadString('\n')
		if err != nil {
			return "", false
		}
		head.WriteString(line)
		if line == "\r\n" {
			return head.String(), true
		}
	}
}

func (p *peer) content(head string) string {
	_, length, ok := strings.Cut(head, "\r\nContent-Length: ")
	if ok {
		length, _, _ = strings.Cut(length, "\r\n")
		n, _ := strconv.Atoi(length)
		content := make([]byte, n)
		n, _ = io.ReadFull(p.r, content)
		return string(content[:n])
	}
	if !strings.Contains(head, "\r\nTransfer-Encoding: chunked\r\n") {
		return ""
	}
	var content strings.Builder
	for {
		line, err := p.r.ReadString('\n')
		content.WriteString(line)
		if err != nil || line == "\r\n" && strings.HasSuffix(content.String(), "0\r\n\r\n") {
			return content.String()
		}
	}
}

func (p *peer) remember(request string) {
	p.b.mu.Lock()
	p.b.requests = append(p.b.requests, request)
	p.b.mu.Unlock()
}

func (p *peer) say(format string, args ...any) {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	io.WriteString(p, format)
}

// drain reads until the other side ends, and reports how many bytes came.
func (p *peer) drain() int64 {
	n, _ := io.Copy(io.Discard, p.r)
	return n
}

// always answers every request of every connection in the same way.
func always(answer string) func(p *peer) {
	return func(p *peer) {
		for p.request() {
			p.say(answer)
		}
	}
}

const hello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"

// open makes an upstream of the backends, closed with the test.
func open(t testing.TB, o upstream.Options, backends ...*backend) *upstream.Upstream {
	t.Helper()
	if o.Name == "" {
		o.Name = "billing"
	}
	for _, b := range backends {
		o.Endpoints = append(o.Endpoints, b.endpoint())
	}
	u, err := upstream.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(u.Close)
	return u
}

// permit is what an Authorizer's allowing Decision yields.
func permit(t testing.TB) *authz.Permit {
	a := &authz.Authorizer{Now: time.Now}
	d := a.Authorize(t.Context(), authz.Credential{}, &authz.Requirement{Public: true})
	p := d.Permit()
	if !p.Valid() {
		t.Fatal("no permit")
	}
	return &p
}

func get(target string) *upstream.Request {
	return &upstream.Request{Method: "GET", Target: target, Host: "api.example"}
}

func post(body string) *upstream.Request {
	return &upstream.Request{
		Method: "POST", Target: "/", Host: "api.example",
		Body: strings.NewReader(body), BodyLength: int64(len(body)),
	}
}

// forward carries req over and returns what came of it.
func forward(t testing.TB, u *upstream.Upstream, req *upstream.Request) (upstream.Outcome, *exchangetest.Answer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), long)
	defer cancel()
	answer := exchangetest.New()
	out := u.Forward(ctx, permit(t), req, answer, nil)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatalf("the exchange did not end: %v", out.Err)
	}
	return out, answer
}

// mustPass fails the test if the exchange was not whole.
func mustPass(t testing.TB, u *upstream.Upstream, req *upstream.Request) *exchangetest.Answer {
	t.Helper()
	out, answer := forward(t, u, req)
	if out.Reason != authz.ReasonNone || answer.State() != exchangetest.Ended {
		t.Fatalf("outcome %v (%v), answer %s; want a whole answer", out.Reason, out.Err, answer.State())
	}
	return answer
}

func fields(pairs ...string) []exchange.Field {
	list := []exchange.Field{}
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, exchange.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return list
}
