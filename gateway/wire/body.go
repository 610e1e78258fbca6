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
	waiting atomic.Int64 // bytes that are still to come from the socket
	stopped atomic.Bool  // interrupted: nothing is read any more
}

func (b *body) set(first []byte, length int64) {
	b.first = first
	b.stopped.Store(false)
	b.waiting.Store(length - int64(len(first)))
}

// left returns how many bytes are still on their way. What lies in the buffer
// does not count: it can be passed over.
func (b *body) left() int64 { return b.waiting.Load() }

// Buffered returns the content as far as it is in memory, without reading.
func (b *body) Buffered() []byte { return b.first }

// Read returns io.EOF after the last byte, and io.ErrUnexpectedEOF if the
// caller ended before it.
func (b *body) Read(p []byte) (int, error) {
	if len(b.first) > 0 {
		n := copy(p, b.first)
		b.first = b.first[n:]
		return n, nil
	}
	left := b.waiting.Load()
	if left == 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > left {
		p = p[:left]
	}
	_ = b.c.sock.SetReadDeadline(time.Now().Add(b.c.f.BodyTimeout))
	if b.stopped.Load() { // looked at after the deadline is set: Interrupt sets both the other way round
		return 0, errInterrupted
	}
	n, err := b.c.sock.Read(p)
	b.waiting.Add(-int64(n))
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if n > 0 {
		return n, nil
	}
	return 0, err
}

var errInterrupted = errors.New("the body is not wanted any more")

// Interrupt implements exchange.Interrupter.
func (b *body) Interrupt() {
	b.stopped.Store(true)
	_ = b.c.sock.SetReadDeadline(time.Unix(1, 0))
}
