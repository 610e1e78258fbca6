package wire

import (
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// outSize is how much of an answer is gathered before it is written: head and
// content of a small answer leave in one write.
const outSize = 16 << 10

var crlf = []byte("\r\n")

// output gathers what is to be written on one connection.
type output struct {
	b     []byte // what is gathered, in room unless it grew out of it
	room  *[outSize]byte
	until time.Time // the write deadline in force
	parts [3][]byte
	whole net.Buffers
}

var rooms = sync.Pool{New: func() any { return new([outSize]byte) }}

// hold makes sure that there is room.
func (o *output) hold() {
	if o.room == nil {
		o.room = rooms.Get().(*[outSize]byte)
		o.b = o.room[:0]
	}
}

// release gives the room back; what is in it is gone.
func (o *output) release() {
	if o.room != nil {
		rooms.Put(o.room)
		o.room, o.b = nil, nil
	}
}

// gather takes content, and what follows it, if there is room for both.
func (o *output) gather(p, tail []byte) bool {
	if len(o.b)+len(p)+len(tail) > outSize {
		return false
	}
	o.b = append(append(o.b, p...), tail...)
	return true
}

// send writes what was gathered, the content and its tail in one call.
func (o *output) send(w io.Writer, p, tail []byte) error {
	o.parts = [3][]byte{o.b, p, tail}
	o.whole = o.parts[:]
	_, err := o.whole.WriteTo(w)
	o.parts, o.whole = [3][]byte{}, nil
	o.b = o.b[:0]
	return err
}

// keepDeadline gives a write at least half of the time-out.
func (o *output) keepDeadline(c *conn) {
	now := time.Now()
	if o.until.Sub(now) < c.f.WriteTimeout/2 {
		o.until = now.Add(c.f.WriteTimeout)
		_ = c.sock.SetWriteDeadline(o.until)
	}
}

// dateText is the Date of one second.
type dateText struct {
	second int64
	text   string
}

var lastDate atomic.Pointer[dateText]

// date returns the text of a Date field (RFC 9110 section 6.6.1), made once a second.
func date(now time.Time) string {
	second := now.Unix()
	d := lastDate.Load()
	if d == nil || d.second != second {
		d = &dateText{second, now.UTC().Format(http.TimeFormat)}
		lastDate.Store(d)
	}
	return d.text
}
