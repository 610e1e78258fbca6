package wire

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"scopegate/gateway/exchange"
)

// bufferSize bounds a head, and with it the memory of a caller who sends one
// byte a second. A larger head is net/http's.
const bufferSize = 8 << 10

// socket is what the front needs of a TCP or Unix connection.
type socket interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

// errNext ends the waiting loop of a connection that is not at its end: a body
// follows that has to be waited for.
var errNext = errors.New("a body follows")

// conn is one connection, served by one goroutine.
//
// Between requests it waits inside one RawConn.Read whose callback returns
// false: the socket is read only when the poller says that there is something,
// which saves the read that finds nothing after every request (four system
// calls a request in all, with the upstream's). A read shorter than the buffer
// means that the socket was drained.
type conn struct {
	f     *Front
	sock  socket
	raw   syscall.RawConn
	peer  netip.AddrPort
	buf   []byte // nil while the connection is idle
	start int    // buf[start:end] is read and not yet served
	end   int
	x     exchange.Exchange
	a     answer
	body  body
	head  head

	probe     bool // read once without waiting: an edge may have been lost
	served    int
	busy      atomic.Bool
	readUntil time.Time // the read deadline in force
	result    error     // why the waiting loop ended
}

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

func newConn(f *Front, s socket) (*conn, error) {
	raw, err := s.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &conn{f: f, sock: s, raw: raw}
	if a, ok := s.RemoteAddr().(*net.TCPAddr); ok {
		ap := a.AddrPort()
		c.peer = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	c.a.c, c.body.c = c, c
	return c, nil
}

// run serves the connection. A connection to hand over is returned.
func (c *conn) run() net.Conn {
	c.probe = true // what came before the poller watched
	for {
		c.keepDeadline(time.Now())
		c.result = nil
		err := c.raw.Read(c.ready)
		switch {
		case errors.Is(c.result, errNext):
			if c.serveWithBody() {
				c.probe = true
				continue
			}
			c.finish()
			return nil
		case errors.Is(c.result, errForeign):
			return c.give()
		}
		_ = err // the deadline, a close or the end: all are the end
		c.finish()
		return nil
	}
}

// errForeign ends the waiting loop of a connection that is net/http's.
var errForeign = errors.New("not of the narrow grammar")

// ready is called when there may be something to read; false waits for more.
func (c *conn) ready(fd uintptr) (done bool) {
	if !c.probe {
		c.probe = true
		return false
	}
	if c.buf == nil {
		c.buf = *buffers.Get().(*[]byte)
	}
	for {
		n, err := syscall.Read(int(fd), c.buf[c.end:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return c.wait()
		case err != nil || n == 0:
			c.result = io.EOF
			return true
		}
		c.end += n
		drained := c.end < len(c.buf)
		if !c.serveBuffered() {
			return true
		}
		// After its first request a connection is read once more, since the
		// end that a caller may have sent along gives no edge of its own.
		if drained && c.served != 1 {
			return c.wait()
		}
	}
}

// wait gives the buffer back if nothing is in it.
func (c *conn) wait() bool {
	if c.start == c.end {
		c.release()
	}
	return false
}

func (c *conn) release() {
	if c.buf != nil {
		b := c.buf
		buffers.Put(&b)
	}
	c.buf, c.start, c.end = nil, 0, 0
}

// serveBuffered serves the requests that are whole in the buffer; false ends
// the waiting loop, for the reason in result.
func (c *conn) serveBuffered() bool {
	for c.start < c.end {
		h, v := readHead(c.buf[c.start:c.end], &c.x)
		switch {
		case v == partial && c.end-c.start < len(c.buf):
			c.compact()
			c.beginHead()
			return true
		case v != complete, c.f.Reserved(c.x.Path):
			c.result = errForeign
			return false
		}
		c.head = h
		if int64(c.end-c.start-h.length) < h.body {
			c.result = errNext
			return false
		}
		from := c.start + h.length
		c.start = from + int(h.body)
		c.body.set(c.buf[from:c.start], h.body)
		if !c.serve() {
			c.result = io.EOF
			return false
		}
	}
	c.start, c.end = 0, 0
	return true
}

func (c *conn) compact() {
	if c.start > 0 {
		c.end = copy(c.buf, c.buf[c.start:c.end])
		c.start = 0
	}
}

// beginHead bounds the time for the rest of a head.
func (c *conn) beginHead() {
	c.readUntil = time.Now().Add(c.f.HeadTimeout)
	_ = c.sock.SetReadDeadline(c.readUntil)
}

// keepDeadline moves the idle deadline only when half of it is over: setting
// it costs more than looking at it.
func (c *conn) keepDeadline(now time.Time) {
	left := c.readUntil.Sub(now)
	if left < c.f.IdleTimeout/2 || left > c.f.IdleTimeout {
		c.readUntil = now.Add(c.f.IdleTimeout)
		_ = c.sock.SetReadDeadline(c.readUntil)
	}
}

// serve lets the pipeline answer one exchange; false means that the
// connection ends.
func (c *conn) serve() bool {
	c.busy.Store(true)
	now := time.Now()
	x := &c.x
	x.Peer, x.Start, x.Answer, x.Upgrade, x.TargetAuthority = c.peer, now, &c.a, "", ""
	x.Body, x.BodyLength = nil, c.head.body
	if c.head.body > 0 {
		x.Body = &c.body
	}
	c.a.begin(x.Method == "HEAD", c.head.close || c.f.draining.Load(), now)
	c.f.Pipeline.Serve(c.f.base, x)
	c.a.stopWatch()
	c.served++
	ok := c.a.whole() && !c.a.closing
	if ok {
		c.keepDeadline(c.a.now)
	}
	c.busy.Store(false)
	return ok && !c.f.draining.Load()
}

// serveWithBody serves a request whose body is still on its way, reading the
// socket in the ordinary way until it is answered.
func (c *conn) serveWithBody() bool {
	from := c.start + c.head.length
	c.body.set(c.buf[from:c.end], c.head.body)
	ok := c.serve()
	if !ok || c.body.left() > 0 {
		return false
	}
	c.readUntil = time.Time{}
	c.start, c.end = 0, 0
	c.release()
	return true
}

// finish closes the connection so that the last answer is not lost to a reset:
// the end is sent first, and what the caller still sends is read for a moment.
func (c *conn) finish() {
	if !c.a.cut {
		if c.served > 0 && c.sock.CloseWrite() == nil {
			_ = c.sock.SetReadDeadline(time.Now().Add(time.Second))
			_, _ = io.CopyN(io.Discard, c.sock, 256<<10)
		}
	}
	_ = c.sock.Close()
	c.release()
}

// give returns the connection for net/http, with the bytes already read.
func (c *conn) give() net.Conn {
	first := append([]byte(nil), c.buf[c.start:c.end]...)
	c.release()
	_ = c.sock.SetDeadline(time.Time{})
	return &Handed{socket: c.sock, first: first}
}

// closeIfIdle ends a connection that waits for its next request.
func (c *conn) closeIfIdle() {
	if !c.busy.Load() {
		_ = c.sock.SetReadDeadline(time.Unix(1, 0))
	}
}

// cut ends a connection whatever it does.
func (c *conn) cut() { _ = c.sock.Close() }
