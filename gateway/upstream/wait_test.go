package upstream_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

const short = 150 * time.Millisecond

// unreachable returns an endpoint that refuses connections.
func unreachable(t *testing.T) upstream.Endpoint {
	t.Helper()
	path := filepath.Join(t.TempDir(), "closed.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	listener.(*net.UnixListener).SetUnlinkOnClose(false)
	listener.Close()
	return upstream.Endpoint{URL: "unix:" + path, Network: "unix", Address: path, Authority: "localhost"}
}

func TestUnreachableAndSilentBackends(t *testing.T) {
	silent := func(p *peer) { p.drain() }
	tests := []struct {
		name   string
		script func(p *peer) // nil: nobody listens
		want   authz.Reason
		state  exchangetest.State
	}{
		{"H-57 refused", nil, authz.ReasonUpstreamUnavailable, exchangetest.Nothing},
		{"H-57 no head", silent, authz.ReasonUpstreamTimeout, exchangetest.Nothing},
		{"H-57 half a head", func(p *peer) { p.say("HTTP/1.1 200 OK\r\nA"); p.drain() }, authz.ReasonUpstreamTimeout, exchangetest.Nothing},
		{"H-57 interim answers only", func(p *peer) { p.say("HTTP/1.1 103 E\r\n\r\n"); p.drain() }, authz.ReasonUpstreamTimeout, exchangetest.Nothing},
		{"H-57 silent within a body", func(p *peer) { p.say("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"); p.drain() }, authz.ReasonUpstreamTimeout, exchangetest.Aborted},
		{"H-57 silent before the body", func(p *peer) { p.say("HTTP/1.1 200 OK\r\n\r\n"); p.drain() }, authz.ReasonUpstreamTimeout, exchangetest.Aborted},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := upstream.Options{Response: short, Idle: long}
			if tt.state == exchangetest.Aborted {
				o.Response, o.Idle = long, short
			}
			if tt.script == nil {
				o.Endpoints = []upstream.Endpoint{unreachable(t)}
			} else {
				o.Endpoints = []upstream.Endpoint{serve(t, tt.script).endpoint()}
			}
			out, answer := forward(t, open(t, o), get("/"))
			if out.Reason != tt.want || answer.State() != tt.state {
				t.Errorf("%v (%v), answer %s; want %v, %s", out.Reason, out.Err, answer.State(), tt.want, tt.state)
			}
		})
	}
}

func TestUnknownHost(t *testing.T) {
	u := open(t, upstream.Options{Endpoints: []upstream.Endpoint{{URL: "http://nobody.invalid", Network: "tcp", Address: "nobody.invalid:80", Authority: "nobody.invalid"}}})
	out, _ := forward(t, u, get("/"))
	if out.Reason != authz.ReasonUpstreamUnavailable && out.Reason != authz.ReasonUpstreamTimeout {
		t.Errorf("H-57 %v (%v)", out.Reason, out.Err)
	}
}

// A TLS handshake that never ends is a connect timeout.
func TestConnectTimeout(t *testing.T) {
	b := serve(t, func(p *peer) { p.drain() })
	e := b.endpoint()
	e.TLS = true
	out, answer := forward(t, open(t, upstream.Options{Endpoints: []upstream.Endpoint{e}, Connect: short}), get("/"))
	if out.Reason != authz.ReasonUpstreamTimeout || answer.Began() {
		t.Errorf("H-57 %v (%v), want upstream_timeout", out.Reason, out.Err)
	}
}

func TestRequestsHaveTheirOwnTimeouts(t *testing.T) {
	b := serve(t, func(p *peer) { p.drain() })
	u := open(t, upstream.Options{}, b)
	req := get("/")
	req.ResponseTimeout = short
	if out, _ := forward(t, u, req); out.Reason != authz.ReasonUpstreamTimeout {
		t.Errorf("%v (%v), want upstream_timeout", out.Reason, out.Err)
	}
}

// A wait longer than the first, short deadline goes on; so does a slow stream
// that is never silent for the idle time.
func TestSlowAnswersAreWhole(t *testing.T) {
	b := serve(t, func(p *peer) {
		ticker := time.NewTicker(short)
		defer ticker.Stop()
		for p.request() {
			<-ticker.C
			p.say("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhe")
			<-ticker.C
			p.say("l")
			<-ticker.C
			p.say("lo")
		}
	})
	u := open(t, upstream.Options{}, b)
	for range 2 {
		if got := mustPass(t, u, get("/")).Content(); got != "hello" {
			t.Errorf("content %q", got)
		}
	}
	if b.accepted() != 1 {
		t.Error("the connection was not kept")
	}
}

// Every event is with the caller before the next one comes.
func TestEventsAreFlushedAtOnce(t *testing.T) {
	for _, framing := range []string{"chunked", "until close"} {
		t.Run(framing, func(t *testing.T) {
			next := make(chan struct{})
			b := serve(t, func(p *peer) {
				p.request()
				p.say("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n")
				if framing == "chunked" {
					p.say("Transfer-Encoding: chunked\r\n\r\n")
				} else {
					p.say("\r\n")
				}
				for range 3 {
					<-next
					if framing == "chunked" {
						p.say("9\r\ndata: x\n\n\r\n")
					} else {
						p.say("data: x\n\n")
					}
				}
				<-next
				if framing == "chunked" {
					p.say("0\r\n\r\n")
				}
			})
			u := open(t, upstream.Options{}, b)
			answer := exchangetest.New()
			done := make(chan upstream.Outcome)
			go func() { done <- u.Forward(t.Context(), permit(t), get("/"), answer, nil) }()
			answer.Await(t, "the head", func() bool { return answer.State() == exchangetest.Sent })
			for n := range 3 {
				next <- struct{}{}
				want := strings.Repeat("data: x\n\n", n+1)
				answer.Await(t, "an event", func() bool { return answer.Flushed() == want })
			}
			close(next)
			if out := <-done; out.Reason != authz.ReasonNone || answer.State() != exchangetest.Ended {
				t.Errorf("%v (%v), answer %s", out.Reason, out.Err, answer.State())
			}
		})
	}
}

// H-58: the backend is told within the second; no goroutine stays behind.
func TestCallerLeaves(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"
	for name, before := range map[string]string{"H-58 before the head": "", "H-58 within the body": head} {
		for _, how := range []string{"leaves", "shutdown"} {
			t.Run(name+" "+how, func(t *testing.T) {
				came, ended := make(chan struct{}), make(chan struct{})
				b := serve(t, func(p *peer) {
					p.request()
					close(came)
					p.say("%s", before)
					p.drain()
					close(ended)
				})
				u := open(t, upstream.Options{}, b)
				answer := exchangetest.New()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				done := make(chan upstream.Outcome)
				go func() { done <- u.Forward(ctx, permit(t), get("/"), answer, nil) }()
				if how == "leaves" {
					answer.Await(t, "the watch", func() bool { return answer.Watched() > 0 })
					answer.Leave()
				} else {
					<-came
					cancel()
				}
				if out := <-done; out.Reason != authz.ReasonClientGone {
					t.Errorf("%v (%v), want client_gone", out.Reason, out.Err)
				}
				select {
				case <-ended:
				case <-time.After(long):
					t.Error("the backend's connection was not ended")
				}
			})
		}
	}
}

func TestFastAnswersAreNotWatched(t *testing.T) {
	b := serve(t, always(hello))
	if n := mustPass(t, open(t, upstream.Options{Connect: time.Minute}, b), get("/")).Watched(); n > 1 {
		t.Errorf("watched %d times", n)
	}
}

// A caller who cannot be written to has left.
func TestCallerWhoCannotBeWrittenTo(t *testing.T) {
	b := serve(t, always(hello))
	u := open(t, upstream.Options{}, b)
	answer := exchangetest.New()
	answer.Fail(errors.New("broken pipe"))
	out := u.Forward(t.Context(), permit(t), get("/"), answer, nil)
	if out.Reason != authz.ReasonClientGone {
		t.Errorf("%v, want client_gone", out.Reason)
	}
}
