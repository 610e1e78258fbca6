package wire

import (
	"errors"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"scopegate/gateway/exchange"
)

// outSize is how much of an answer is gathered before it is written: head and
// content of a small answer leave in one write.
const outSize = 16 << 10

var (
	errTwice  = errors.New("the answer has begun already")
	errShort  = errors.New("the answer is shorter than it declared")
	errLong   = errors.New("the answer is longer than it declared")
	errTunnel = errors.New("this front makes no tunnels")
)

// answer writes one answer after another on its connection.
type answer struct {
	c         *conn
	out       []byte
	now       time.Time
	headOnly  bool // HEAD, 204, 304: no content is written
	chunked   bool
	began     bool
	ended     bool
	cut       bool // aborted: the caller must see it
	closing   bool // the connection ends after this answer
	declared  int64
	written   int64
	fail      error
	until     time.Time // the write deadline in force
	watch     chan struct{}
	watchStop chan struct{}
}

func (a *answer) begin(head, closing bool, now time.Time) {
	out, until := a.out[:0], a.until
	*a = answer{c: a.c, out: out, until: until, headOnly: head, closing: closing, now: now}
}

// whole reports whether the answer was given to its end.
func (a *answer) whole() bool { return a.ended && !a.cut && a.fail == nil }

// Began implements exchange.Answer.
func (a *answer) Began() bool { return a.began }

// CloseAfter implements exchange.Answer.
func (a *answer) CloseAfter() { a.closing = true }

// Interim implements exchange.Answer.
func (a *answer) Interim(status int, fields []exchange.Field) error {
	if a.began {
		return errTwice
	}
	a.statusLine(status)
	a.fields(fields)
	a.out = append(a.out, "\r\n"...)
	return a.Flush()
}

// Begin implements exchange.Answer.
func (a *answer) Begin(status int, fields []exchange.Field, length int64) error {
	if a.began {
		return errTwice
	}
	a.began, a.declared = true, length
	if a.c.body.left() > 0 {
		a.closing = true // a body that nobody reads to its end
	}
	a.statusLine(status)
	if !a.fields(fields) {
		a.out = append(a.out, "Date: "...)
		a.out = append(a.out, date(a.now)...)
		a.out = append(a.out, "\r\n"...)
	}
	a.frame(status, length)
	if a.closing {
		a.out = append(a.out, "Connection: close\r\n"...)
	}
	a.out = append(a.out, "\r\n"...)
	return nil
}

func (a *answer) statusLine(status int) {
	a.out = append(a.out, "HTTP/1.1 "...)
	a.out = strconv.AppendInt(a.out, int64(status), 10)
	a.out = append(a.out, ' ')
	a.out = append(a.out, http.StatusText(status)...)
	a.out = append(a.out, "\r\n"...)
}

// fields writes end-to-end fields and reports whether Date was among them.
func (a *answer) fields(fields []exchange.Field) (dated bool) {
	for i := range fields {
		name := fields[i].Name
		switch len(name) {
		case 4:
			dated = dated || exchange.EqualName(name, "Date")
		case 10:
			if exchange.EqualName(name, "Connection") || exchange.EqualName(name, "Keep-Alive") {
				continue
			}
		case 14:
			if exchange.EqualName(name, "Content-Length") {
				continue
			}
		case 17:
			if exchange.EqualName(name, "Transfer-Encoding") {
				continue
			}
		}
		a.out = append(a.out, name...)
		a.out = append(a.out, ": "...)
		a.out = append(a.out, fields[i].Value...)
		a.out = append(a.out, "\r\n"...)
	}
	return dated
}

// frame says how long the content is (RFC 9112 section 6.3).
func (a *answer) frame(status int, length int64) {
	bodiless := status == http.StatusNoContent || status == http.StatusNotModified
	switch {
	case status == http.StatusNoContent:
	case length >= 0 && (status != http.StatusNotModified || length > 0):
		a.out = append(a.out, "Content-Length: "...)
		a.out = strconv.AppendInt(a.out, length, 10)
		a.out = append(a.out, "\r\n"...)
	case bodiless:
	case a.headOnly:
		a.out = append(a.out, "Transfer-Encoding: chunked\r\n"...)
	default:
		a.chunked = true
		a.out = append(a.out, "Transfer-Encoding: chunked\r\n"...)
	}
	a.headOnly = a.headOnly || bodiless
}

// Write implements exchange.Answer.
func (a *answer) Write(p []byte) (int, error) {
	switch {
	case a.fail != nil:
		return 0, a.fail
	case a.headOnly || len(p) == 0:
		return len(p), nil
	case !a.chunked && a.written+int64(len(p)) > a.declared:
		a.fail = errLong
		return 0, a.fail
	}
	a.written += int64(len(p))
	tail := ""
	if a.chunked {
		a.out = strconv.AppendInt(a.out, int64(len(p)), 16)
		a.out = append(a.out, "\r\n"...)
		tail = "\r\n"
	}
	if len(a.out)+len(p)+len(tail) <= outSize {
		a.out = append(append(a.out, p...), tail...)
		return len(p), nil
	}
	return len(p), a.send(p, tail)
}

// send writes what was gathered, the content and its tail in one call.
func (a *answer) send(p []byte, tail string) error {
	a.keepDeadline()
	parts := net.Buffers{a.out, p}
	if tail != "" {
		parts = append(parts, []byte(tail))
	}
	if _, err := parts.WriteTo(a.c.sock); err != nil {
		a.fail = err
	}
	a.out = a.out[:0]
	return a.fail
}

// Flush implements exchange.Answer.
func (a *answer) Flush() error {
	if len(a.out) == 0 || a.fail != nil {
		return a.fail
	}
	a.keepDeadline()
	if _, err := a.c.sock.Write(a.out); err != nil {
		a.fail = err
	}
	a.out = a.out[:0]
	return a.fail
}

// keepDeadline gives a write at least half of the time-out.
func (a *answer) keepDeadline() {
	now := time.Now()
	a.now = now
	if a.until.Sub(now) < a.c.f.WriteTimeout/2 {
		a.until = now.Add(a.c.f.WriteTimeout)
		_ = a.c.sock.SetWriteDeadline(a.until)
	}
}

// End implements exchange.Answer.
func (a *answer) End() error {
	if a.ended {
		return a.fail
	}
	switch {
	case a.chunked:
		a.out = append(a.out, "0\r\n\r\n"...)
	case !a.headOnly && a.declared >= 0 && a.written != a.declared:
		a.Abort()
		return errShort
	}
	a.ended = true
	return a.Flush()
}

// Abort implements exchange.Answer: a reset, so that no caller takes the part
// for the whole.
func (a *answer) Abort() {
	if a.cut {
		return
	}
	a.cut, a.closing = true, true
	if tcp, ok := a.c.sock.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = a.c.sock.Close()
}

// Tunnel implements exchange.Answer; upgrades are net/http's.
func (a *answer) Tunnel([]exchange.Field) (exchange.Tunnel, error) { return nil, errTunnel }

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
