package wire

import (
	"bytes"
	"net/http"
	"strconv"

	"scopegate/gateway/exchange"
)

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
