package gateway

import (
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"scopegate/gateway/exchange"
	"scopegate/gateway/rawio"
)

// net/http bounds the time for a head and for the wait between requests. It
// bounds neither a body that stops coming nor an answer that nobody reads,
// unless by a time for the whole exchange, which would cut streams. So both
// are bounded by their silence.
const (
	defaultBodyTimeout  = time.Minute
	defaultWriteTimeout = time.Minute
	// lateBody is how long what is left of a body may take once it is
	// answered. net/http reads on without a bound, so that its closing does
	// not overtake the answer.
	lateBody = time.Second
	// heldByHTTP2 is how much of an answer net/http gathers before it writes a
	// frame. Bounding a write costs a message to the connection's goroutine and
	// a timer, and taking the bound back another message.
	heldByHTTP2 = 4 << 10
)

func orDefault(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// deadlines bounds the silence of one exchange over net/http.
type deadlines struct {
	rc    *http.ResponseController
	body  time.Duration
	write time.Duration
	until time.Time // the read deadline in force; zero: none
}

// beforeRead gives a read at least half of the time-out. Errors say that the
// connection is gone, and show in the read. At the body's end net/http takes
// the deadline back.
func (d *deadlines) beforeRead() {
	if now := time.Now(); d.until.Sub(now) < d.body/2 {
		d.until = now.Add(d.body)
		_ = d.rc.SetReadDeadline(d.until)
	}
}

// beforeWrite bounds a write of an HTTP/2 stream, whose caller may refuse to
// open its window; the connection's writes are bounded by BoundWrites. Such a
// deadline ends the stream even if nothing is being written: afterWrite takes
// it back.
func (a *httpAnswer) beforeWrite() {
	if a.x.Proto == exchange.HTTP2 {
		_ = a.rc.SetWriteDeadline(time.Now().Add(a.x.silence.write))
	}
}

func (a *httpAnswer) afterWrite() {
	if a.x.Proto == exchange.HTTP2 {
		_ = a.rc.SetWriteDeadline(time.Time{})
	}
}

// BoundWrites wraps a listener so that a write on its connections that the
// other side does not take within the time-out (0: one minute) fails. At
// least half of it is given. A caller that reads slowly, but reads, is served.
func BoundWrites(l net.Listener, timeout time.Duration) net.Listener {
	return boundListener{l, orDefault(timeout, defaultWriteTimeout)}
}

type boundListener struct {
	net.Listener
	timeout time.Duration
}

// Accept implements net.Listener.
func (l boundListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &boundConn{Conn: rawio.Wrap(c), timeout: l.timeout}, nil
}

type boundConn struct {
	net.Conn
	timeout time.Duration
	until   atomic.Int64 // the deadline that Write set, in Unix nanoseconds
	foreign atomic.Bool  // somebody else set one: a TLS farewell
}

// Write implements net.Conn.
func (c *boundConn) Write(p []byte) (int, error) {
	now := time.Now()
	if !c.foreign.Load() && time.Duration(c.until.Load()-now.UnixNano()) < c.timeout/2 {
		until := now.Add(c.timeout)
		c.until.Store(until.UnixNano())
		_ = c.Conn.SetWriteDeadline(until) // an error shows in the write
	}
	return c.Conn.Write(p)
}

// SetWriteDeadline implements net.Conn. The zero time gives the deadline back.
func (c *boundConn) SetWriteDeadline(t time.Time) error {
	c.foreign.Store(!t.IsZero())
	c.until.Store(0)
	return c.Conn.SetWriteDeadline(t)
}

// SetDeadline implements net.Conn.
func (c *boundConn) SetDeadline(t time.Time) error {
	c.foreign.Store(!t.IsZero())
	c.until.Store(0)
	return c.Conn.SetDeadline(t)
}

// CloseWrite ends the sending side where the connection can, as framingConn's.
func (c *boundConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}
