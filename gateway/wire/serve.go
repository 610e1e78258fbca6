package wire

import (
	"fmt"
	"io"
	"net"
	"runtime/debug"
	"time"

	"scopegate/gateway/rawio"
)

const (
	// lingerTime and lingerBytes bound what is read of a caller whose
	// connection ends.
	lingerTime  = time.Second
	lingerBytes = 256 << 10
	// maxBlank is how many line breaks behind a POST are no part of the next
	// request.
	maxBlank = 4
)

// serve lets the pipeline answer one exchange, or the handler of the reserved
// paths; false means that the connection ends.
func (c *conn) serve(fixed bool) bool {
	now := time.Now()
	x := &c.in.x
	x.Peer, x.Start, x.Answer, x.Upgrade, x.TargetAuthority = c.peer, now, &c.a, "", ""
	x.Body, x.BodyLength = nil, c.head.body
	if c.head.body > 0 {
		x.Body = &c.body
	}
	c.a.begin(x.Method == "HEAD", c.head.close || c.f.draining.Load(), now)
	c.blank = 0
	if x.Method == "POST" {
		c.blank = maxBlank
	}
	c.answer(fixed)
	c.served++
	if !c.a.settle() || c.f.draining.Load() {
		return false
	}
	c.rest(now.Add(time.Since(now))) // half the price of time.Now
	return true
}

// answer runs what answers. A panic ends the connection and nothing else; what
// it held may still be in use and is left to the garbage collector.
func (c *conn) answer(fixed bool) {
	defer func() {
		if r := recover(); r != nil {
			c.f.Log.Error("panic", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			c.a.closing = true
			c.in, c.start, c.end = nil, 0, 0
		}
	}()
	if fixed {
		c.serveFixed(&c.in.x)
		return
	}
	c.f.Pipeline.Serve(c.f.base, &c.in.x)
}

// serveWithBody serves a request whose body is still on its way, reading the
// socket in the ordinary way until it is answered.
func (c *conn) serveWithBody() bool {
	from := c.start + c.head.length
	c.body.set(c.in.b[from:c.end], c.head.body)
	if !c.serve(false) { // as where it was not read to its end
		return false
	}
	c.release()
	return true
}

// finish closes the connection. Where this side ends it, the end is sent first
// and what the caller still sends is read for a moment: else a reset could
// overtake the last answer (RFC 9112 section 9.6).
func (c *conn) finish() {
	if !c.a.cut && c.served > 0 && c.result != io.EOF && c.sock.CloseWrite() == nil {
		c.linger()
	}
	_ = c.sock.Close()
	c.release()
}

func (c *conn) linger() {
	if c.in == nil {
		c.in = inboxes.Get().(*inbox)
	}
	for left, until := lingerBytes, time.Now().Add(lingerTime); left > 0; {
		_ = c.sock.SetReadDeadline(until)
		n, err := c.sock.Read(c.in.b[:])
		left -= n
		if err != nil && !early(err, until) {
			return
		}
	}
}

// give returns the connection for net/http, with the bytes already read.
func (c *conn) give() net.Conn {
	first := append([]byte(nil), c.in.b[c.start:c.end]...)
	c.release()
	_ = c.sock.SetDeadline(time.Time{})
	return &handed{socket: c.sock, conn: rawio.Wrap(c.sock), first: first}
}
