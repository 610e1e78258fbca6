package upstream_test

import (
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

// callerBody is a body that comes piece by piece, and can be interrupted.
type callerBody struct {
	pieces      chan string
	interrupted chan struct{}
	once        sync.Once
	rest        string
}

func newCallerBody() *callerBody {
	return &callerBody{pieces: make(chan string), interrupted: make(chan struct{})}
}

func (b *callerBody) Read(p []byte) (int, error) {
	if b.rest == "" {
		select {
		case piece, ok := <-b.pieces:
			if !ok {
				return 0, io.EOF
			}
			b.rest = piece
		case <-b.interrupted:
			return 0, errors.New("interrupted")
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

func (b *callerBody) Interrupt() { b.once.Do(func() { close(b.interrupted) }) }

func upload(body io.Reader, length int64) *upstream.Request {
	return &upstream.Request{Method: "POST", Target: "/", Host: "h", Body: body, BodyLength: length}
}

// An answer that comes before the body's end is passed on; the rest is not
// sent, and neither connection is used again.
func TestEarlyAnswers(t *testing.T) {
	for _, status := range []string{"413 Too Large", "401 Unauthorized", "200 OK"} {
		t.Run("H-30 "+status, func(t *testing.T) {
			ended := make(chan struct{})
			b := serve(t, func(p *peer) {
				p.head()
				p.say("HTTP/1.1 %s\r\nContent-Length: 2\r\n\r\nno", status)
				p.drain()
				close(ended)
			})
			u := open(t, upstream.Options{}, b)
			out, answer := forward(t, u, upload(newCallerBody(), 1<<30))
			if out.Reason != authz.ReasonNone || answer.Content() != "no" || answer.State() != exchangetest.Ended || !answer.Closes() {
				t.Errorf("%v (%v), content %q, answer %s, closes %t", out.Reason, out.Err, answer.Content(), answer.State(), answer.Closes())
			}
			select {
			case <-ended:
			case <-time.After(long):
				t.Error("the backend's connection was kept")
			}
		})
	}
}

// The backend has answered and does not read the rest, so that the sender
// waits on it and not on the caller.
func TestEarlyAnswerWhileTheBackendDoesNotRead(t *testing.T) {
	b := serve(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno")
		<-p.b.t.Context().Done()
	})
	u := open(t, upstream.Options{}, b)
	out, answer := forward(t, u, upload(endless{}, exchange.UnknownLength))
	if out.Reason != authz.ReasonNone || answer.Content() != "no" {
		t.Errorf("%v (%v), content %q", out.Reason, out.Err, answer.Content())
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// A backend may answer while it reads: both directions flow at once.
func TestBothDirectionsFlow(t *testing.T) {
	b := serve(t, func(p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
		for {
			line, err := p.r.ReadString('\n')
			if err != nil || line == "0\r\n" {
				break
			}
			data, _ := p.r.ReadString('\n')
			p.say("%s%s", line, data)
		}
		p.r.ReadString('\n')
		p.say("0\r\n\r\n")
		always(hello)(p)
	})
	u := open(t, upstream.Options{}, b)
	body, answer := newCallerBody(), exchangetest.New()
	done := make(chan upstream.Outcome)
	go func() { done <- u.Forward(t.Context(), permit(t), upload(body, exchange.UnknownLength), answer, nil) }()
	want := ""
	for _, piece := range []string{"one", "two", "three"} {
		body.pieces <- piece
		want += piece
		answer.Await(t, piece, func() bool { return answer.Flushed() == want })
	}
	close(body.pieces)
	if out := <-done; out.Reason != authz.ReasonNone || answer.Closes() {
		t.Errorf("%v (%v), closes %t", out.Reason, out.Err, answer.Closes())
	}
	mustPass(t, u, get("/"))
	if b.accepted() != 1 {
		t.Error("the connection was not kept")
	}
}

type brokenBody struct {
	content io.Reader
	err     error
}

func (b *brokenBody) Read(p []byte) (int, error) {
	n, err := b.content.Read(p)
	if err == io.EOF {
		err = b.err
	}
	return n, err
}

// A body that ends early must not look whole to the backend.
func TestBodiesThatCannotBeRead(t *testing.T) {
	tests := []struct {
		name   string
		err    error
		length int64
		sends  int
		want   authz.Reason
	}{
		{"too large", exchange.ErrBodyTooLarge, exchange.UnknownLength, 100 << 10, authz.ReasonBodyTooLarge},
		{"malformed", exchange.ErrBodyMalformed, exchange.UnknownLength, 100, authz.ReasonBadRequest},
		{"caller gone", errors.New("reset"), exchange.UnknownLength, 100, authz.ReasonClientGone},
		{"shorter than its length", io.EOF, 1 << 20, 100 << 10, authz.ReasonClientGone},
		{"small, too large", exchange.ErrBodyTooLarge, 100, 50, authz.ReasonBodyTooLarge},
		{"small, shorter than its length", io.EOF, 100, 50, authz.ReasonClientGone},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, func(p *peer) {
				p.request()
				p.drain()
			})
			u := open(t, upstream.Options{}, b)
			body := &brokenBody{strings.NewReader(strings.Repeat("b", tt.sends)), tt.err}
			out, answer := forward(t, u, upload(body, tt.length))
			if out.Reason != tt.want || answer.Began() {
				t.Errorf("%v (%v), answer %s; want %v", out.Reason, out.Err, answer.State(), tt.want)
			}
			for _, seen := range b.seen() {
				if strings.HasSuffix(seen, "0\r\n\r\n") {
					t.Errorf("the backend saw a whole body: %.200q", seen)
				}
			}
		})
	}
}

// H-57: silence of either side within the request's body.
func TestSilenceWithinTheRequestBody(t *testing.T) {
	b := serve(t, func(p *peer) { p.head(); <-p.b.t.Context().Done() })
	u := open(t, upstream.Options{Idle: short}, b)
	body := newCallerBody()
	if out, answer := forward(t, u, upload(body, exchange.UnknownLength)); out.Reason != authz.ReasonClientGone || !answer.Closes() {
		t.Errorf("the caller is silent: %v (%v), closes %t; want client_gone", out.Reason, out.Err, answer.Closes())
	}
	if out, _ := forward(t, u, upload(endless{}, exchange.UnknownLength)); out.Reason != authz.ReasonUpstreamTimeout {
		t.Errorf("the backend does not read: %v (%v), want upstream_timeout", out.Reason, out.Err)
	}
}

// The response timeout counts from the body's end.
func TestSlowUploadIsNotAResponseTimeout(t *testing.T) {
	b := serve(t, always(hello))
	u := open(t, upstream.Options{Response: 2 * time.Second}, b)
	body := newCallerBody()
	go func() {
		ticker := time.NewTicker(250 * time.Millisecond)
		defer ticker.Stop()
		for range 10 {
			<-ticker.C
			body.pieces <- "piece"
		}
		close(body.pieces)
	}()
	if out, answer := forward(t, u, upload(body, exchange.UnknownLength)); out.Reason != authz.ReasonNone || answer.Content() != "hello" {
		t.Errorf("%v (%v)", out.Reason, out.Err)
	}
}
