package wire

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"

	"scopegate/gateway/exchange"
	"scopegate/gateway/rawio"
)

const (
	// bufferSize bounds a head, and with it the memory of a caller who sends
	// one byte a second. A larger head is net/http's.
	bufferSize = 8 << 10
	// lookAfter is how long, at most, a connection rests before it is read once
	// without being asked to (see ready).
	lookAfter = time.Second
)

// socket is what the front needs of a TCP or Unix connection.
type socket interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

// Why a connection no longer waits for its next request.
var (
	errBody    = errors.New("a body follows that has to be waited for")
	errForeign = errors.New("not of the narrow grammar")
	errLast    = errors.New("the last answer was given")
)

// conn is one connection, served by one goroutine.
//
// Between requests it waits inside one RawConn.Read whose callback returns
// false: the socket is read only when the poller says that there is something,
// which saves the read that finds nothing after every request (four system
// calls a request in all, with the upstream's). Nothing that runs in the
// callback may close or read the socket: it holds the descriptor's read lock.
type conn struct {
	f     *Front
	sock  socket
	raw   syscall.RawConn
	onRaw func(fd uintptr) bool // ready, made once
	fd    int                   // while ready runs, which holds it open; else -1
	peer  netip.AddrPort
	in    *inbox // nil while the connection is idle
	start int    // in.b[start:end] is read and not yet served
	end   int
	a     answer
	body  body
	head  head

	blank     int // line breaks to pass over before the next head
	served    int
	result    error     // why the waiting loop ended
	deadline  time.Time // the read deadline in force
	idleSince time.Time // when the last exchange ended
	headSince time.Time // when the head that is not whole began; zero: none did
	looked    bool      // read once since the last exchange
}

// inbox is what a connection needs while it has something of a request: the
// bytes and the exchange whose texts lie in them.
type inbox struct {
	b [bufferSize]byte
	x exchange.Exchange
}

var inboxes = sync.Pool{New: func() any { return &inbox{} }}

func newConn(f *Front, s socket) (*conn, error) {
	raw, err := s.SyscallConn()
	if err != nil {
		return nil, err
	}
	c := &conn{f: f, sock: s, raw: raw, fd: -1, idleSince: time.Now()}
	if a, ok := s.RemoteAddr().(*net.TCPAddr); ok {
		ap := a.AddrPort()
		c.peer = netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
	}
	c.a.c, c.body.c, c.onRaw = c, c, c.ready
	return c, nil
}

// run serves the connection. A connection to hand over is returned.
func (c *conn) run() net.Conn {
	for {
		c.result = nil
		c.arm(time.Now())
		err := c.raw.Read(c.onRaw)
		switch {
		case c.result == errBody:
			if c.serveWithBody() {
				continue
			}
		case c.result == errForeign:
			return c.give()
		case c.result == nil && errors.Is(err, os.ErrDeadlineExceeded):
			if now := time.Now(); now.Before(c.limit()) {
				c.looked = true
				continue
			}
			c.result = err
		}
		c.finish()
		return nil
	}
}

// ready is called when there may be something to read; false waits for more.
func (c *conn) ready(fd uintptr) (done bool) {
	c.fd = int(fd)
	done = c.read()
	c.fd = -1
	return done
}

// read serves what there is to read.
//
// The poller tells of each arrival once. A read shorter than the buffer took
// all the bytes, but the caller's end, if it came along with them, is told of
// no more. After a lone request nobody looks for it until the connection has
// rested for lookAfter; in all other cases the socket is read until it has
// nothing.
func (c *conn) read() (done bool) {
	if c.in == nil {
		c.in = inboxes.Get().(*inbox)
	}
	for {
		n, err := rawio.Read(c.fd, c.in.b[c.end:])
		switch {
		case err == syscall.EINTR:
			continue
		case err == syscall.EAGAIN:
			return c.wait()
		case err != 0 || n == 0:
			c.result = io.EOF
			return true
		}
		c.end += n
		short, before := c.end < bufferSize, c.served
		if !c.serveBuffered() {
			return true
		}
		if short && c.end == 0 && before > 0 && c.served == before+1 {
			return c.wait()
		}
	}
}

// wait gives the buffer back if nothing is in it.
func (c *conn) wait() (done bool) {
	if c.end == 0 {
		c.release()
		switch {
		case !c.f.drained.Load():
		case c.served == 0 && time.Now().Before(c.limit()):
			c.setDeadline(c.limit())
		default:
			c.result = errLast
			return true
		}
	}
	return false
}

func (c *conn) release() {
	if c.in != nil {
		c.in.x.Body, c.in.x.Answer = nil, nil
		inboxes.Put(c.in)
	}
	c.in, c.start, c.end = nil, 0, 0
}

// serveBuffered serves the requests that are whole in the buffer; false ends
// the waiting loop, for the reason in result.
func (c *conn) serveBuffered() bool {
	for c.passBlank(); c.start < c.end; c.passBlank() {
		h, v := readHead(c.in.b[c.start:c.end], &c.in.x)
		switch {
		case v == partial && c.end-c.start < bufferSize:
			c.compact()
			c.beginHead()
			return true
		case v != complete:
			c.result = errForeign
			return false
		}
		fixed, whole := c.f.Reserved(c.in.x.Path), int64(c.end-c.start-h.length) >= h.body
		switch {
		case fixed && !c.canServeFixed(h):
			c.result = errForeign
			return false
		case fixed && !whole:
			c.compact()
			c.beginHead()
			return true
		case !whole:
			c.head, c.result = h, errBody
			return false
		}
		c.head = h
		from := c.start + h.length
		c.start = from + int(h.body)
		c.body.set(c.in.b[from:c.start], h.body)
		if !c.serve(fixed) {
			c.result = errLast
			return false
		}
	}
	c.start, c.end = 0, 0
	return true
}

// passBlank passes over the line breaks that some callers send behind a form
// (RFC 9112 section 2.2). Only a POST has them, and four at most, as with
// net/http: everywhere else they are no request.
func (c *conn) passBlank() {
	for ; c.blank > 0 && c.start < c.end; c.start, c.blank = c.start+1, c.blank-1 {
		if b := c.in.b[c.start]; b != '\r' && b != '\n' {
			c.blank = 0
			return
		}
	}
}

func (c *conn) compact() {
	if c.start > 0 {
		c.end = copy(c.in.b[:], c.in.b[c.start:c.end])
		c.start = 0
	}
}
