//go:build unix

package upstream

import (
	"syscall"

	"scopegate/gateway/rawio"
)

// rawSockets says that plain sockets are read and written here, in the
// poller's callback.
const rawSockets = true

// read does one step on the connection: it sends what is still to be sent and
// returns what came of the answer; 0 and no error is the end.
//
// On a plain socket it stays within one RawConn.Read, whose start resets the
// poller: the request is written first and nothing is read until the poller
// says that there is something. So a short exchange is one write and one read,
// and no edge can be lost, since the reset came before the write.
func (t *trip) read() (int, error) {
	if t.c.raw == nil {
		return t.readStream()
	}
	t.ioN, t.ioErr = 0, nil
	if err := t.c.raw.Read(t.onReady); err != nil {
		return 0, err
	}
	if t.ioErr == nil && len(t.rest) > 0 {
		if err := t.writeRest(); err != nil {
			return 0, err
		}
		return t.read()
	}
	return t.ioN, t.ioErr
}

// ready is the callback of RawConn.Read: false means to wait for the poller.
func (t *trip) ready(fd uintptr) (done bool) {
	if len(t.rest) > 0 {
		return t.writeFirst(int(fd))
	}
	for {
		n, err := rawio.Read(int(fd), t.buf[t.w:])
		switch err {
		case 0:
			t.ioN = n
			return true
		case syscall.EINTR:
		case syscall.EAGAIN:
			t.ioErr = t.beforeWait()
			return t.ioErr != nil
		default:
			t.ioErr = err
			return true
		}
	}
}

// writeFirst sends the request if that needs no wait. What it leaves is sent
// by writeRest.
func (t *trip) writeFirst(fd int) (done bool) {
	if t.c.kept && !t.sent && !rawio.Quiet(fd) {
		t.ioErr = errStale
		return true
	}
	n, err := rawio.Write(fd, t.rest)
	if n > 0 {
		t.sent = true
		t.rest = t.rest[n:]
	}
	if err != 0 && err != syscall.EAGAIN && err != syscall.EINTR {
		t.ioErr = err
		return true
	}
	return len(t.rest) > 0
}

// stale reports whether a kept connection has ended, or says something
// unasked, so that it must not be used.
func (c *conn) stale() bool {
	if c.peek == nil {
		return false
	}
	stale := false
	err := c.peek.Control(func(fd uintptr) { stale = !rawio.Quiet(int(fd)) })
	return err != nil || stale
}
