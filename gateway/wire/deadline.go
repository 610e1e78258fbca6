package wire

import (
	"errors"
	"os"
	"syscall"
	"time"
)

// limit is when the present wait is over for good.
func (c *conn) limit() time.Time {
	if !c.headSince.IsZero() {
		return c.headSince.Add(c.f.HeadTimeout)
	}
	if c.served == 0 && c.f.drained.Load() {
		return c.idleSince.Add(min(c.f.IdleTimeout, c.f.newGrace))
	}
	return c.idleSince.Add(c.f.IdleTimeout)
}

// arm sets the read deadline of the wait that begins: its limit, or sooner for
// the look that a resting connection is due.
func (c *conn) arm(now time.Time) {
	until := c.limit()
	if look := now.Add(c.f.lookAfter); c.headSince.IsZero() && !c.looked && look.Before(until) {
		until = look
	}
	c.setDeadline(until)
}

func (c *conn) setDeadline(until time.Time) {
	c.deadline = until
	_ = c.sock.SetReadDeadline(until)
}

// beginHead bounds the time for a head, from its first byte.
func (c *conn) beginHead() {
	if c.headSince.IsZero() {
		c.headSince = time.Now()
		c.setDeadline(c.limit())
	}
}

// rest begins the wait for the next request. The deadline of a busy connection
// is moved only when half of it is over: moving it costs more than looking.
func (c *conn) rest(now time.Time) {
	c.idleSince, c.headSince = now, time.Time{}
	if left := c.deadline.Sub(now); c.looked || left < c.f.lookAfter/2 || left > c.f.lookAfter {
		c.looked = false
		c.arm(now)
	}
}

// wake makes a connection look whether it is to end. Whoever waits on the
// socket for another reason finds that its time has not come (early).
func (c *conn) wake() { _ = c.sock.SetReadDeadline(time.Unix(1, 0)) }

// early reports whether a wait ended before its time: it was woken.
func early(err error, until time.Time) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) && time.Now().Before(until)
}

// cut ends a connection whatever it does. The socket is not closed here: that
// waits for whoever uses it.
func (c *conn) cut() {
	_ = c.raw.Control(func(fd uintptr) { _ = syscall.Shutdown(int(fd), syscall.SHUT_RDWR) })
}
