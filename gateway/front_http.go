package gateway

import (
	"errors"
	"io"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"scopegate/gateway/exchange"
	"scopegate/gateway/route"
)

// Front serves exchanges that net/http reads: everything over TLS and HTTP/2,
// and what another front hands over. The authorization server's paths are
// Reserved's, whatever their spelling; all others are the Gateway's, and so is
// what names two hosts, which it refuses.
//
// A server that uses it should wrap its listeners with BoundWrites, and the
// plain ones with WatchFraming.
type Front struct {
	Gateway  *Gateway
	Reserved http.Handler // if nil, its paths are 404

	BodyTimeout  time.Duration // silence within a body; 0: one minute
	WriteTimeout time.Duration // for one write of an HTTP/2 stream; 0: one minute

	exchanges sync.Pool // of *httpExchange
}

// httpExchange is an exchange and its answer over net/http.
type httpExchange struct {
	exchange.Exchange
	answer  httpAnswer
	body    httpBody
	silence deadlines
	names   []string
}

// ServeHTTP implements http.Handler. An answer that is not whole ends in
// http.ErrAbortHandler, by which net/http cuts the connection or the stream.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	target := TargetOf(r)
	if f.Reserved != nil && route.IsReservedPath(target.Path) && target.OneHost() {
		f.Reserved.ServeHTTP(w, r)
		return
	}
	x, _ := f.exchanges.Get().(*httpExchange)
	if x == nil {
		x = &httpExchange{}
	}
	start := time.Now()
	if f.Gateway.Now != nil {
		start = f.Gateway.Now()
	}
	x.silence = deadlines{
		rc: http.NewResponseController(w), body: orDefault(f.BodyTimeout, defaultBodyTimeout),
		write: orDefault(f.WriteTimeout, defaultWriteTimeout),
	}
	x.read(w, r, &target, start)
	if !x.expects(r) {
		f.Gateway.Serve(r.Context(), &x.Exchange)
	}
	x.leaveBody()
	aborted := x.answer.aborted
	x.forget()
	f.exchanges.Put(x)
	if aborted {
		panic(http.ErrAbortHandler)
	}
}

// expects answers an expectation other than 100-continue (RFC 9110 section
// 10.1.1); net/http does so for HTTP/1 alone.
func (x *httpExchange) expects(r *http.Request) bool {
	expect := r.Header["Expect"]
	if len(expect) == 0 || len(expect) == 1 && strings.EqualFold(expect[0], "100-continue") {
		return false
	}
	x.answer.w.WriteHeader(http.StatusExpectationFailed)
	return true
}

func (x *httpExchange) forget() {
	x.Exchange.Reset()
	clear(x.Fields[:cap(x.Fields)])
	clear(x.names)
	x.answer, x.names, x.silence = httpAnswer{}, x.names[:0], deadlines{}
	x.body.r, x.body.silence = nil, nil
	x.body.ended.Store(false)
	x.body.stopped.Store(false)
}

// read makes an exchange of a request. net/http has lost the fields' order
// and spelling: they come sorted by name, so that it is at least stable.
func (x *httpExchange) read(w http.ResponseWriter, r *http.Request, target *Target, start time.Time) {
	x.Method, x.TLS, x.Start = r.Method, r.TLS != nil, start
	x.Proto = protoOf(r)
	x.Peer = peerOf(r)
	x.Host, x.TargetAuthority = target.host, target.authority
	x.Path, x.Query, x.HasQuery = target.Path, target.query, target.hasQuery
	for name := range r.Header {
		x.names = append(x.names, name)
	}
	slices.Sort(x.names)
	for _, name := range x.names {
		if name == "Host" {
			continue // HTTP/2's, which the target has
		}
		for _, value := range r.Header[name] {
			x.Fields = append(x.Fields, exchange.Field{Name: name, Value: value})
		}
	}
	x.answer = httpAnswer{w: w, r: r, rc: x.silence.rc, x: x}
	x.Answer = &x.answer
	x.readBody(r)
	x.Upgrade = upgradeOf(r)
	if ClosesAfter(r) {
		x.answer.CloseAfter()
	}
}

func (x *httpExchange) readBody(r *http.Request) {
	if r.Body == nil || r.Body == http.NoBody || r.ContentLength == 0 {
		return
	}
	x.BodyLength = r.ContentLength
	x.body.r, x.body.silence, x.body.left = r.Body, &x.silence, r.ContentLength
	x.body.arrived = x.BodyLength < 0 && framingOf(r).bodyArrived()
	x.Body = &x.body
}

// leaveBody bounds what net/http reads of a body that was not read to its
// end. HTTP/2 reads no more of it.
func (x *httpExchange) leaveBody() {
	if x.Body != nil && !x.body.ended.Load() && x.Proto != exchange.HTTP2 {
		_ = x.silence.rc.SetReadDeadline(time.Now().Add(lateBody)) // an error says that it is gone
	}
}

func protoOf(r *http.Request) exchange.Proto {
	switch {
	case r.ProtoMajor >= 2:
		return exchange.HTTP2
	case r.ProtoAtLeast(1, 1):
		return exchange.HTTP11
	}
	return exchange.HTTP10
}

// peerOf returns the connection's other end; nothing for a Unix socket.
func peerOf(r *http.Request) netip.AddrPort {
	peer, _ := netip.ParseAddrPort(r.RemoteAddr)
	return peer
}

// upgradeOf returns the one protocol that an HTTP/1.1 request wants to change
// to (RFC 9110 section 7.8).
func upgradeOf(r *http.Request) string {
	protocols := r.Header["Upgrade"]
	if len(protocols) != 1 || r.ProtoMajor != 1 || r.ProtoMinor != 1 || strings.ContainsAny(protocols[0], ", ") {
		return ""
	}
	for _, value := range r.Header["Connection"] {
		for option := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(strings.Trim(option, " \t"), "upgrade") {
				return strings.ToLower(protocols[0])
			}
		}
	}
	return ""
}

// httpBody is a request's content. It knows whether its end was reached:
// where not, the connection carries no further request.
type httpBody struct {
	r       io.Reader
	silence *deadlines
	left    int64 // below zero: unknown
	arrived bool  // its end has come, in all likelihood
	ended   atomic.Bool
	stopped atomic.Bool // interrupted: nothing is read any more
}

var errInterrupted = errors.New("the body is not wanted any more")

// Read implements io.Reader.
func (b *httpBody) Read(p []byte) (int, error) {
	b.silence.beforeRead()
	if b.stopped.Load() { // looked at after the deadline is set: Interrupt does both the other way round
		return 0, errInterrupted
	}
	n, err := b.r.Read(p)
	if b.left >= 0 {
		b.left -= int64(n)
		if b.left <= 0 {
			b.ended.Store(true)
		}
	}
	switch {
	case err == io.EOF:
		b.ended.Store(true)
	case err != nil:
		err = bodyError(err)
	}
	return n, err
}

// Arrived implements exchange.Arriver.
func (b *httpBody) Arrived() bool { return b.arrived }

// Interrupt implements exchange.Interrupter.
func (b *httpBody) Interrupt() {
	b.stopped.Store(true)
	// An error says that the connection is gone, and with it the Read.
	_ = b.silence.rc.SetReadDeadline(time.Unix(1, 0))
}
