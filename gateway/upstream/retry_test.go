package upstream_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/upstream"
)

// reset closes a connection so that the other side reads a reset.
func (p *peer) reset() {
	p.Conn.(*net.TCPConn).SetLinger(0)
	p.Close()
}

// H-38: what may be sent again after a kept connection died with the request.
func TestDeadKeptConnections(t *testing.T) {
	tests := []struct {
		method   string
		body     string
		repeated bool
	}{
		{"GET", "", true},
		{"HEAD", "", true},
		{"OPTIONS", "", true},
		{"DELETE", "", true},
		{"PUT", "small, so it was kept", true},
		{"PUT", strings.Repeat("streamed", 4000), false},
		{"POST", "", false},
		{"POST", "body", false},
		{"PATCH", "body", false},
		{"INVOICE", "", false},
	}
	for _, tt := range tests {
		t.Run("H-38 "+tt.method, func(t *testing.T) {
			b := serve(t, func(p *peer) {
				p.request()
				p.say("HTTP/1.1 204 No Content\r\n\r\n")
				if p.n == 1 {
					p.request() // and closes without an answer
					return
				}
				always("HTTP/1.1 204 No Content\r\n\r\n")(p)
			})
			u := open(t, upstream.Options{}, b)
			mustPass(t, u, get("/first"))
			req := get("/second")
			req.Method = tt.method
			if tt.body != "" {
				req.Body, req.BodyLength = strings.NewReader(tt.body), int64(len(tt.body))
			}
			out, answer := forward(t, u, req)
			if tt.repeated {
				if out.Reason != authz.ReasonNone || out.Attempts != 2 || out.Status != 204 {
					t.Errorf("%v (%v) after %d attempts; want the answer to the second", out.Reason, out.Err, out.Attempts)
				}
				if seen := b.seen(); len(seen) != 3 || seen[1] != seen[2] || !strings.HasSuffix(seen[2], tt.body) {
					t.Errorf("the backend saw %q", seen)
				}
				return
			}
			if out.Reason != authz.ReasonUpstreamUnavailable || out.Attempts != 1 || answer.Began() {
				t.Errorf("%v (%v) after %d attempts; want upstream_unavailable after one", out.Reason, out.Err, out.Attempts)
			}
		})
	}
}

func TestFreshConnectionsAreNotTriedTwice(t *testing.T) {
	for name, end := range map[string]func(*peer){"closed": func(*peer) {}, "reset": (*peer).reset} {
		t.Run("H-38 "+name, func(t *testing.T) {
			b := serve(t, func(p *peer) {
				p.request()
				end(p)
			})
			out, answer := forward(t, open(t, upstream.Options{}, b), get("/"))
			if out.Reason != authz.ReasonUpstreamUnavailable || out.Attempts != 1 || answer.Began() {
				t.Errorf("%v (%v) after %d attempts; want upstream_unavailable after one", out.Reason, out.Err, out.Attempts)
			}
		})
	}
}

// At most one retry, whatever the second connection does.
func TestOneRetryAtMost(t *testing.T) {
	b := serve(t, func(p *peer) {
		p.request()
		if p.n == 1 {
			p.say(hello)
			p.request()
		}
	})
	u := open(t, upstream.Options{}, b)
	mustPass(t, u, get("/"))
	out, _ := forward(t, u, get("/"))
	if out.Reason != authz.ReasonUpstreamUnavailable || out.Attempts != 2 {
		t.Errorf("%v after %d attempts; want upstream_unavailable after two", out.Reason, out.Attempts)
	}
}

// endingFirst is a backend that ends its first connection behind an answer, as
// one does that closes what is idle; closed says that it has.
func endingFirst(t *testing.T) (b *backend, closed chan struct{}) {
	t.Helper()
	closed = make(chan struct{})
	return serve(t, func(p *peer) {
		p.request()
		p.say(hello)
		if p.n == 1 {
			p.Conn.(*net.TCPConn).CloseWrite()
			close(closed)
			p.drain()
			return
		}
		always(hello)(p)
	}), closed
}

// A backend that closes its idle connections, as Node does after
// 5 seconds, must not cost a POST: that the connection ended is seen before.
func TestEndedIdleConnectionIsNotUsed(t *testing.T) {
	b, closed := endingFirst(t)
	u := open(t, upstream.Options{KeepAlive: time.Hour}, b)
	mustPass(t, u, get("/"))
	<-closed
	out, _ := forward(t, u, post("body"))
	if out.Reason != authz.ReasonNone || out.Attempts != 1 {
		t.Errorf("%v (%v) after %d attempts; want an answer to the first", out.Reason, out.Err, out.Attempts)
	}
}

// An answer that nobody asked for would be read as the next exchange's.
func TestUnaskedAnswerOnIdleConnection(t *testing.T) {
	said := make(chan struct{})
	b := serve(t, func(p *peer) {
		for p.request() {
			p.say(hello)
			if p.n == 1 {
				<-said
				p.say("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
				said <- struct{}{}
			}
		}
	})
	u := open(t, upstream.Options{KeepAlive: time.Hour}, b)
	mustPass(t, u, get("/"))
	said <- struct{}{}
	<-said
	if got := mustPass(t, u, get("/")).Content(); got != "hello" {
		t.Errorf("content %q", got)
	}
}

func TestKeptConnectionsEndBeforeTheBackendEndsThem(t *testing.T) {
	ended := make(chan struct{})
	b := serve(t, func(p *peer) {
		always(hello)(p) // until the gateway closes
		close(ended)
	})
	u := open(t, upstream.Options{KeepAlive: 20 * time.Millisecond}, b)
	mustPass(t, u, get("/"))
	select {
	case <-ended:
	case <-time.After(long):
		t.Error("the idle connection was not closed")
	}
}

// H-38: not one byte of the streamed body had been read when the kept
// connection proved dead, so it goes over another one.
func TestStreamedBodyOverEndedIdleConnection(t *testing.T) {
	b, closed := endingFirst(t)
	u := open(t, upstream.Options{KeepAlive: time.Hour}, b)
	mustPass(t, u, get("/"))
	<-closed
	req := post(strings.Repeat("b", 100<<10))
	req.BodyLength = exchange.UnknownLength
	if out, _ := forward(t, u, req); out.Reason != authz.ReasonNone || out.Attempts != 1 {
		t.Errorf("%v (%v) after %d attempts; want an answer to the first", out.Reason, out.Err, out.Attempts)
	}
}

// Not even the sweep need have come by: what is too old is not given out.
func TestConnectionsTooOldAreNotGivenOut(t *testing.T) {
	b := serve(t, always(hello))
	u := open(t, upstream.Options{KeepAlive: time.Nanosecond}, b)
	for range 5 {
		mustPass(t, u, get("/"))
	}
	if n := b.accepted(); n != 5 {
		t.Errorf("%d connections for 5 exchanges, want one each", n)
	}
}
