package upstream_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

const switching = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Accept: x\r\n\r\n"

func upgrade() *upstream.Request {
	req := get("/ws")
	req.Fields = fields("Sec-WebSocket-Key", "k")
	req.Upgrade = "websocket"
	return req
}

// tunnel forwards an upgrade and returns the caller's end of it.
func tunnel(t *testing.T, ctx context.Context, u *upstream.Upstream, req *upstream.Request) (net.Conn, *exchangetest.Answer, <-chan upstream.Outcome) {
	t.Helper()
	caller, inner := net.Pipe()
	t.Cleanup(func() { caller.Close(); inner.Close() })
	caller.SetDeadline(time.Now().Add(long))
	answer := exchangetest.New()
	answer.OnTunnel(inner)
	done := make(chan upstream.Outcome, 1)
	go func() { done <- u.Forward(ctx, permit(t), req, answer, nil) }()
	return caller, answer, done
}

func TestTunnelRelaysBothWays(t *testing.T) {
	b := serve(t, func(p *peer) {
		p.request()
		p.say(switching + "early ") // in one piece with the head
		<-time.After(2 * short)     // no idle time ends a tunnel
		io.Copy(p, p.r)             // an echo
	})
	u := open(t, upstream.Options{Idle: short}, b)
	caller, answer, done := tunnel(t, t.Context(), u, upgrade())
	r := bufio.NewReader(caller)
	expect := func(want string) {
		t.Helper()
		got := make([]byte, len(want))
		if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
			t.Fatalf("H-33 the caller got %q, %v; want %q", got, err, want)
		}
	}
	expect("early ")
	for _, s := range []string{"one", strings.Repeat("two", 50000), "three"} {
		go io.WriteString(caller, s)
		expect(s)
	}
	caller.Close()
	out := <-done
	if out.Reason != authz.ReasonNone || out.Status != 101 || out.Err != nil {
		t.Errorf("%v (%v), status %d", out.Reason, out.Err, out.Status)
	}
	want := fields("Sec-WebSocket-Accept", "x", "Connection", "Upgrade", "Upgrade", "websocket")
	if diff := cmp.Diff(want, answer.Head().Fields); diff != "" {
		t.Errorf("fields of the 101 (-want +got):\n%s", diff)
	}
	sent := "GET /ws HTTP/1.1\r\nHost: api.example\r\nSec-WebSocket-Key: k\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
	if diff := cmp.Diff([]string{sent}, b.seen()); diff != "" {
		t.Errorf("request at the backend (-want +got):\n%s", diff)
	}
}

func TestTunnelEndsWithTheBackend(t *testing.T) {
	b := serve(t, func(p *peer) { p.request(); p.say(switching + "bye") })
	caller, _, done := tunnel(t, t.Context(), open(t, upstream.Options{}, b), upgrade())
	if got, _ := io.ReadAll(caller); string(got) != "bye" {
		t.Errorf("the caller got %q", got)
	}
	if out := <-done; out.Reason != authz.ReasonNone || out.Bytes != 3 {
		t.Errorf("%v (%v), %d bytes", out.Reason, out.Err, out.Bytes)
	}
}

// DESIGN section 7: a tunnel ends with its token, and with the server.
func TestTunnelEndsWithItsPrincipal(t *testing.T) {
	for _, how := range []string{"revoked", "shutdown"} {
		t.Run(how, func(t *testing.T) {
			ended := make(chan struct{})
			b := serve(t, func(p *peer) {
				p.request()
				p.say(switching)
				p.drain()
				close(ended)
			})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var alive atomic.Bool
			alive.Store(true)
			req := upgrade()
			req.Alive = alive.Load
			caller, answer, done := tunnel(t, ctx, open(t, upstream.Options{}, b), req)
			answer.Await(t, "the tunnel", func() bool { return answer.State() == exchangetest.Tunneled })
			if how == "revoked" {
				alive.Store(false)
			} else {
				cancel()
			}
			if out := <-done; out.Reason != authz.ReasonNone || out.Err == nil {
				t.Errorf("%v (%v)", out.Reason, out.Err)
			}
			if _, err := caller.Read(make([]byte, 1)); err != io.EOF {
				t.Errorf("the caller's end: %v, want it closed", err)
			}
			select {
			case <-ended:
			case <-time.After(long):
				t.Error("the backend's end was not closed")
			}
		})
	}
}

// H-35: without a proper 101 there is no tunnel, and nothing that the caller
// sent behind its request reaches the backend.
func TestUpgradesThatAreRefused(t *testing.T) {
	tests := []struct {
		name, raw string
		want      authz.Reason
		state     exchangetest.State
	}{
		{"H-35 200", hello, authz.ReasonNone, exchangetest.Ended},
		{"H-35 426", "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nContent-Length: 0\r\n\r\n", authz.ReasonNone, exchangetest.Ended},
		{"another protocol", strings.Replace(switching, "WebSocket", "h2c", 1), authz.ReasonUpstreamError, exchangetest.Nothing},
		{"two protocols", strings.Replace(switching, "WebSocket", "websocket, h2c", 1), authz.ReasonUpstreamError, exchangetest.Nothing},
		{"two Upgrade fields", strings.Replace(switching, "Upgrade:", "Upgrade: websocket\r\nUpgrade:", 1), authz.ReasonUpstreamError, exchangetest.Nothing},
		{"no Upgrade", "HTTP/1.1 101 S\r\nConnection: upgrade\r\n\r\n", authz.ReasonUpstreamError, exchangetest.Nothing},
		{"no Connection", "HTTP/1.1 101 S\r\nUpgrade: websocket\r\n\r\n", authz.ReasonUpstreamError, exchangetest.Nothing},
		{"framing in the 101", strings.Replace(switching, "Sec-", "Content-Length: 5\r\nSec-", 1), authz.ReasonUpstreamError, exchangetest.Nothing},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			smuggled := make(chan int64, 1)
			b := serve(t, func(p *peer) {
				p.request()
				p.say(tt.raw)
				smuggled <- p.drain()
			})
			u := open(t, upstream.Options{KeepAlive: short}, b)
			caller, answer, done := tunnel(t, t.Context(), u, upgrade())
			go io.WriteString(caller, "GET /admin HTTP/1.1\r\nHost: x\r\n\r\n")
			if out := <-done; out.Reason != tt.want || answer.State() != tt.state {
				t.Errorf("%v (%v), answer %s; want %v, %s", out.Reason, out.Err, answer.State(), tt.want, tt.state)
			}
			if n := <-smuggled; n != 0 {
				t.Errorf("%d bytes reached the backend behind the request", n)
			}
		})
	}
}
