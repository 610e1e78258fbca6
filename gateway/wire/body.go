package wire

import (
	"errors"
	"io"
	"sync/atomic"
	"time"
)

// body is a request's content of known length: first what was read along with
// the head, then what comes. It is read by one goroutine at a time.
type body struct {
	c       *conn
	first   []byte
	unread  atomic.Int64 // bytes, in first and still to come
	stopped atomic.Bool  // interrupted: nothing is read any more
}

func (b *body) set(first []byte, length int64) {
	b.first = first
	b.stopped.Store(false)
	b.unread.Store(length)
}

// left returns how many bytes were not read. What a pipeline leaves is not
// passed over, even where it lies in the buffer: the connection ends.
func (b *body) left() int64 { return b.unread.Load() }

// Read returns io.EOF after the last byte, and io.ErrUnexpectedEOF if the
// caller ended before it.
func (b *body) Read(p []byte) (int, error) {
	switch {
	case b.stopped.Load():
		return 0, errInterrupted
	case len(b.first) > 0:
		n := copy(p, b.first)
		b.first = b.first[n:]
		b.unread.Add(-int64(n))
		return n, nil
	case b.left() == 0:
		return 0, io.EOF
	case len(p) == 0:
		return 0, nil
	}
	return b.receive(p[:min(int64(len(p)), b.left())])
}

func (b *body) receive(p []byte) (int, error) {
	for until := time.Now().Add(b.c.f.BodyTimeout); ; {
		_ = b.c.sock.SetReadDeadline(until)
		if b.stopped.Load() { // looked at after the deadline is set: Interrupt does both the other way round
			return 0, errInterrupted
		}
		n, err := b.c.sock.Read(p)
		switch {
		case n > 0:
			b.unread.Add(-int64(n))
			return n, nil
		case b.stopped.Load():
			return 0, errInterrupted
		case err == io.EOF:
			return 0, io.ErrUnexpectedEOF
		case !early(err, until):
			return 0, err
		}
	}
}

var errInterrupted = errors.New("the body is not wanted any more")

// Interrupt implements exchange.Interrupter.
func (b *body) Interrupt() {
	b.stopped.Store(true)
	_ = b.c.sock.SetReadDeadline(time.Unix(1, 0))
}
