package wire

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"scopegate/gateway/exchange"
	"scopegate/gateway/rawio"
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
	now       time.Time // when the exchange began
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
	a.output.keepDeadline(a.c)
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
	if rest := a.output.b[a.writeNow(a.output.b):]; len(rest) > 0 {
		a.output.keepDeadline(a.c)
		_, a.fail = a.c.sock.Write(rest)
	}
	a.output.release()
	return a.fail
}

// writeNow writes what the socket takes without a wait, and returns how much
// that was. What went wrong shows in the write of the rest.
func (a *answer) writeNow(p []byte) int {
	if a.c.fd < 0 {
		return 0
	}
	n, _ := rawio.Write(a.c.fd, p)
	return n
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
