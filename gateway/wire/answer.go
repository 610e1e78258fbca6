package wire

import (
	"bytes"
	"errors"
	"net/http"
	"strconv"
	"time"

	"scopegate/gateway/exchange"
)

var (
	errTwice   = errors.New("the answer has begun already")
	errOutside = errors.New("content outside of an answer")
	errStatus  = errors.New("a status that cannot stand here")
	errSplit   = errors.New("a field of the answer holds a line break")
	errShort   = errors.New("the answer is shorter than it declared")
	errLong    = errors.New("the answer is longer than it declared")
	errAborted = errors.New("the answer was aborted")
	errTunnel  = errors.New("this front makes no tunnels")
)

// answer writes one answer after another on its connection.
type answer struct {
	c         *conn
	output    output
	now       time.Time // of the last write
	lines     int       // of the head being written
	headOnly  bool      // HEAD, 204, 304: no content is written
	chunked   bool
	began     bool
	ended     bool
	cut       bool // aborted: the caller must see it
	closing   bool // the connection ends after this answer
	declared  int64
	written   int64
	fail      error
	watch     chan struct{}
	watchStop chan struct{}
}

func (a *answer) begin(head, closing bool, now time.Time) {
	*a = answer{c: a.c, output: a.output, headOnly: head, closing: closing, now: now}
}

// settle ends the exchange. An answer that is not whole is cut. It reports
// whether the connection may carry another.
func (a *answer) settle() (more bool) {
	a.stopWatch()
	if !a.ended || a.fail != nil {
		a.Abort()
	}
	a.output.release()
	return !a.closing
}

// Began implements exchange.Answer.
func (a *answer) Began() bool { return a.began }

// CloseAfter implements exchange.Answer.
func (a *answer) CloseAfter() { a.closing = true }

// Interim implements exchange.Answer.
func (a *answer) Interim(status int, fields []exchange.Field) error {
	switch {
	case a.fail != nil:
		return a.fail
	case a.began:
		return errTwice
	case status < 100 || status > 199 || status == http.StatusSwitchingProtocols:
		return errStatus
	}
	a.statusLine(status)
	a.fields(fields)
	if err := a.endHead(); err != nil {
		return err
	}
	return a.Flush()
}

// Begin implements exchange.Answer. Where it returns an error, nothing began.
func (a *answer) Begin(status int, fields []exchange.Field, length int64) error {
	switch {
	case a.fail != nil:
		return a.fail
	case a.began:
		return errTwice
	case status < 200 || status > 999 || length < exchange.UnknownLength:
		return errStatus
	}
	if a.c.body.left() > 0 {
		a.closing = true // a body that nobody may read to its end
	}
	a.statusLine(status)
	if !a.fields(fields) {
		a.line("Date", date(a.now))
	}
	bodiless := status == http.StatusNoContent || status == http.StatusNotModified
	a.frame(status, bodiless, length)
	if a.closing {
		a.line("Connection", "close")
	}
	if err := a.endHead(); err != nil {
		return err
	}
	a.began, a.declared = true, length
	a.headOnly = a.headOnly || bodiless
	a.chunked = !a.headOnly && length < 0
	return nil
}

// statusLine begins a head; nothing else is in the buffer then.
func (a *answer) statusLine(status int) {
	a.output.hold()
	a.lines = 1
	b := append(a.output.b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(status)...)
	a.output.b = append(b, "\r\n"...)
}

// line writes a field line.
func (a *answer) line(name, value string) {
	b := append(a.output.b, name...)
	b = append(b, ": "...)
	b = append(b, value...)
	a.output.b = append(b, "\r\n"...)
	a.lines++
}

// fields writes end-to-end fields and reports whether Date was among them.
func (a *answer) fields(fields []exchange.Field) (dated bool) {
	for i := range fields {
		name := fields[i].Name
		switch len(name) {
		case 4:
			dated = dated || exchange.EqualName(name, "Date")
		case 7, 10, 14, 17:
			if isFraming(name) {
				continue
			}
		}
		a.line(name, fields[i].Value)
	}
	return dated
}

// isFraming reports whether a field is the front's own affair.
func isFraming(name string) bool {
	switch len(name) {
	case len("Trailer"):
		return exchange.EqualName(name, "Trailer") || exchange.EqualName(name, "Upgrade")
	case len("Connection"):
		return exchange.EqualName(name, "Connection") || exchange.EqualName(name, "Keep-Alive")
	case len("Content-Length"):
		return exchange.EqualName(name, "Content-Length")
	}
	return exchange.EqualName(name, "Transfer-Encoding")
}

// frame says how long the content is (RFC 9112 section 6.3).
func (a *answer) frame(status int, bodiless bool, length int64) {
	switch {
	case status == http.StatusNoContent:
	case length > 0 || length == 0 && !bodiless:
		a.output.b = append(a.output.b, "Content-Length: "...)
		a.output.b = strconv.AppendInt(a.output.b, length, 10)
		a.output.b = append(a.output.b, "\r\n"...)
		a.lines++
	case !bodiless:
		a.line("Transfer-Encoding", "chunked")
	}
}

// endHead ends a head. It counts the line breaks, so that no text of any
// field, wherever it came from, splits the answer.
func (a *answer) endHead() error {
	head := append(a.output.b, "\r\n"...)
	a.lines++
	if bytes.Count(head, []byte{'\n'}) != a.lines || bytes.Count(head, []byte{'\r'}) != a.lines {
		a.output.b = a.output.b[:0]
		return errSplit
	}
	a.output.b = head
	return nil
}

// Write implements exchange.Answer.
func (a *answer) Write(p []byte) (int, error) {
	switch {
	case a.fail != nil:
		return 0, a.fail
	case !a.began || a.ended:
		return 0, errOutside
	case a.headOnly || len(p) == 0:
		return len(p), nil
	case !a.chunked && a.written+int64(len(p)) > a.declared:
		a.fail = errLong
		return 0, a.fail
	}
	a.written += int64(len(p))
	var tail []byte
	a.output.hold()
	if a.chunked {
		a.output.b = append(strconv.AppendInt(a.output.b, int64(len(p)), 16), "\r\n"...)
		tail = crlf
	}
	if a.output.gather(p, tail) {
		return len(p), nil
	}
	a.now = a.output.keepDeadline(a.c)
	if a.fail = a.output.send(a.c.sock, p, tail); a.fail != nil {
		return 0, a.fail
	}
	return len(p), nil
}

// Flush implements exchange.Answer.
func (a *answer) Flush() error {
	if a.fail != nil || len(a.output.b) == 0 {
		return a.fail
	}
	a.now = a.output.keepDeadline(a.c)
	_, a.fail = a.c.sock.Write(a.output.b)
	a.output.release()
	return a.fail
}

// End implements exchange.Answer.
func (a *answer) End() error {
	switch {
	case a.fail != nil || a.ended:
		return a.fail
	case !a.began:
		return errOutside
	case a.chunked:
		a.output.hold()
		a.output.b = append(a.output.b, "0\r\n\r\n"...)
	case !a.headOnly && a.written != a.declared:
		a.Abort()
		return errShort
	}
	a.ended = true
	return a.Flush()
}

// Abort implements exchange.Answer: the connection ends by a reset, so that no
// caller takes the part for the whole. It is closed when the exchange is over.
func (a *answer) Abort() {
	if a.cut {
		return
	}
	a.cut, a.closing = true, true
	if a.fail == nil {
		a.fail = errAborted
	}
	if s, ok := a.c.sock.(interface{ SetLinger(int) error }); ok {
		_ = s.SetLinger(0)
	}
	a.c.body.Interrupt()
}

// Tunnel implements exchange.Answer; upgrades are net/http's.
func (a *answer) Tunnel([]exchange.Field) (exchange.Tunnel, error) { return nil, errTunnel }
