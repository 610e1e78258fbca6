//go:build unix

package rawio

import (
	"io"
	"net"
	"os"
	"syscall"
)

// Conn is a TCP or Unix connection whose reads and writes go past the
// scheduler; where they have to wait, the poller and the deadlines are those
// of package net. One goroutine at a time may read, and one may write.
type Conn struct {
	socket
	raw     syscall.RawConn
	reading transfer
	writing transfer
}

type socket interface {
	net.Conn
	syscall.Conn
	CloseWrite() error
}

// transfer is one Read or Write under way.
type transfer struct {
	p    []byte
	n    int
	err  syscall.Errno
	step func(fd uintptr) (done bool) // made once: a closure for each call would be an allocation
}

// Wrap returns the connection as a Conn, or as it is where package net knows
// no socket below it.
func Wrap(c net.Conn) net.Conn {
	s, ok := c.(socket)
	if !ok {
		return c
	}
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
	default: // it may read and write more than its socket does
		return c
	}
	raw, err := s.SyscallConn()
	if err != nil {
		return c
	}
	w := &Conn{socket: s, raw: raw}
	w.reading.step, w.writing.step = w.reading.read, w.writing.write
	return w
}

// Read implements net.Conn.
func (c *Conn) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	t := &c.reading
	t.p, t.n, t.err = p, 0, 0
	err := c.raw.Read(t.step)
	t.p = nil
	switch {
	case err != nil:
		return 0, err
	case t.err != 0:
		return 0, c.failure("read", t.err)
	case t.n == 0:
		return 0, io.EOF
	}
	return t.n, nil
}

// Write implements net.Conn: it writes all of p or returns an error.
func (c *Conn) Write(p []byte) (int, error) {
	t := &c.writing
	t.p, t.n, t.err = p, 0, 0
	err := c.raw.Write(t.step)
	t.p = nil
	if err == nil && t.err != 0 {
		err = c.failure("write", t.err)
	}
	return t.n, err
}

// failure is an error as package net makes it.
func (c *Conn) failure(what string, err syscall.Errno) error {
	return &net.OpError{Op: what, Net: c.LocalAddr().Network(), Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.NewSyscallError(what, err)}
}

func (t *transfer) read(fd uintptr) (done bool) {
	for {
		t.n, t.err = Read(int(fd), t.p)
		switch t.err {
		case syscall.EINTR:
		case syscall.EAGAIN:
			t.err = 0
			return false
		default:
			return true
		}
	}
}

func (t *transfer) write(fd uintptr) (done bool) {
	for t.n < len(t.p) {
		n, err := Write(int(fd), t.p[t.n:])
		t.n += n
		switch err {
		case 0, syscall.EINTR:
		case syscall.EAGAIN:
			return false
		default:
			t.err = err
			return true
		}
	}
	return true
}
