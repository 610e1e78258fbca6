package upstream

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"unsafe"

	"scopegate/authz"
	"scopegate/gateway/exchange"
)

const (
	maxHead    = 16 << 10 // bytes of one answer's head
	maxFields  = 256      // end-to-end fields of one head
	maxNamed   = 16       // further names that Connection fields may list
	maxLength  = 1<<62 - 1
	bufferSize = 32 << 10
)

// answerHead is what the head of an answer says about the connection and the
// content; the end-to-end fields are kept beside it. Its texts lie in the
// read buffer.
type answerHead struct {
	status    int
	minor     byte // of the HTTP version: '0' or '1'
	length    int64
	lengths   int
	codings   int // Transfer-Encoding fields
	close     bool
	keepAlive bool
	toUpgrade bool // Connection names Upgrade
	upgrade   string
	upgrades  int
	named     []string // what Connection names besides
}

// readHead reads the next head, interim or final, into t.head and t.fields.
// Every doubt is an error: the connection is then of no use (RFC 9112
// sections 4, 5, 6.3; STANDARDS H-40).
func (t *trip) readHead(ctx context.Context) error {
	t.compact()
	t.head = answerHead{length: exchange.UnknownLength, named: t.head.named[:0]}
	t.fields = t.fields[:0]
	start, seen := 0, 0 // of the line that is read, and how far it was looked through
	for {
		i := bytes.IndexByte(t.buf[seen:t.w], '\n')
		if i < 0 {
			seen = t.w
			if err := t.more(ctx, start, t.w); err != nil {
				return err
			}
			continue
		}
		end := seen + i
		if end >= maxHead {
			return garbage("its head is over %d bytes", maxHead)
		}
		if end == start || t.buf[end-1] != '\r' {
			return garbage("a line ends without CR")
		}
		line := t.buf[start : end-1]
		first := start == 0
		start, seen = end+1, end+1
		switch {
		case first:
			if err := t.head.statusLine(line); err != nil {
				return err
			}
		case len(line) == 0:
			t.r = start
			return t.finishHead()
		default:
			if err := t.field(line); err != nil {
				return err
			}
		}
	}
}

// more reads on within a head, of which the line from start is not whole.
func (t *trip) more(ctx context.Context, start, end int) error {
	if end >= maxHead {
		return garbage("its head is over %d bytes", maxHead)
	}
	if start == 0 && !bytes.HasPrefix([]byte(version), t.buf[:min(end, len(version))]) {
		return garbage("not HTTP/1")
	}
	if err := t.fill(ctx); err != nil {
		return readFailure(err, t.heard)
	}
	return nil
}

const version = "HTTP/1."

// statusLine parses HTTP-version SP status-code [SP reason]. The second space
// is a must in RFC 9112 section 4, and missing in many a legacy answer.
func (h *answerHead) statusLine(line []byte) error {
	const digits = len(version) + 2
	if len(line) < digits+3 || string(line[:len(version)]) != version || line[digits-1] != ' ' {
		return garbage("status line %.40q", line)
	}
	h.minor = line[len(version)]
	if h.minor != '0' && h.minor != '1' {
		return garbage("version %.40q", line)
	}
	for _, c := range line[digits : digits+3] {
		if c < '0' || c > '9' {
			return garbage("status line %.40q", line)
		}
		h.status = h.status*10 + int(c-'0')
	}
	if h.status < 100 {
		return garbage("status %d", h.status)
	}
	if reason := line[digits+3:]; len(reason) > 0 && (reason[0] != ' ' || !cleanValue(reason)) {
		return garbage("status line %.40q", line)
	}
	return nil
}

// field parses one field line. Names are tokens, so that a folded line and a
// space before the colon are refused (RFC 9112 section 5.1, 5.2).
func (t *trip) field(line []byte) error {
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 {
		return garbage("field line %.40q", line)
	}
	name := lend(line[:colon])
	if !isToken(name) {
		return garbage("field name %.40q", name)
	}
	value := trim(line[colon+1:])
	if !cleanValue(value) {
		return garbage("the value of %.40q holds CR or NUL", name)
	}
	hop, err := t.head.framing(name, lend(value))
	if err != nil || hop {
		return err
	}
	if len(t.fields) == maxFields {
		return garbage("over %d fields", maxFields)
	}
	t.fields = append(t.fields, exchange.Field{Name: name, Value: lend(value)})
	return nil
}

// framing takes in a field that is about the connection or the framing, and
// reports whether it was one: those are not passed on (RFC 9110 section
// 7.6.1, STANDARDS H-4).
func (h *answerHead) framing(name, value string) (hop bool, err error) {
	switch len(name) {
	case 2:
		return exchange.EqualName(name, "te"), nil
	case 7:
		if exchange.EqualName(name, "upgrade") {
			h.upgrade = value
			h.upgrades++
			return true, nil
		}
		return exchange.EqualName(name, "trailer"), nil
	case 10:
		if exchange.EqualName(name, "connection") {
			return true, h.connection(value)
		}
		return exchange.EqualName(name, "keep-alive"), nil
	case 14:
		if exchange.EqualName(name, "content-length") {
			h.lengths++
			h.length, err = parseLength(value)
			return true, err
		}
	case 16:
		return exchange.EqualName(name, "proxy-connection"), nil
	case 17:
		if exchange.EqualName(name, "transfer-encoding") {
			h.codings++
			if !exchange.EqualName(value, "chunked") {
				err = garbage("transfer coding %.40q", value)
			}
			return true, err
		}
	}
	return false, nil
}

func (h *answerHead) connection(value string) error {
	for value != "" {
		option, rest, _ := strings.Cut(value, ",")
		value = rest
		switch option = strings.Trim(option, " \t"); {
		case option == "":
		case exchange.EqualName(option, "close"):
			h.close = true
		case exchange.EqualName(option, "keep-alive"):
			h.keepAlive = true
		case exchange.EqualName(option, "upgrade"):
			h.toUpgrade = true
		case len(h.named) == maxNamed:
			return garbage("Connection names over %d fields", maxNamed)
		default:
			h.named = append(h.named, option)
		}
	}
	return nil
}

func parseLength(value string) (int64, error) {
	if value == "" || len(value) > 18 {
		return 0, garbage("Content-Length %.40q", value)
	}
	var n int64
	for i := 0; i < len(value); i++ {
		if value[i] < '0' || value[i] > '9' {
			return 0, garbage("Content-Length %.40q", value)
		}
		n = n*10 + int64(value[i]-'0')
	}
	return n, nil
}

// finishHead judges the head as a whole and drops what Connection names.
func (t *trip) finishHead() error {
	h := &t.head
	switch {
	case h.lengths > 1:
		return garbage("more than one Content-Length")
	case h.codings > 1:
		return garbage("more than one Transfer-Encoding")
	case h.codings > 0 && h.lengths > 0:
		return garbage("Content-Length beside Transfer-Encoding")
	case h.codings > 0 && h.minor == '0':
		return garbage("Transfer-Encoding in HTTP/1.0")
	case h.status < 200 && h.minor == '0':
		return garbage("interim answer in HTTP/1.0")
	}
	if len(h.named) == 0 {
		return nil
	}
	kept := t.fields[:0]
	for _, f := range t.fields {
		if !h.isNamed(f.Name) {
			kept = append(kept, f)
		}
	}
	t.fields = kept
	return nil
}

func (h *answerHead) isNamed(name string) bool {
	for _, n := range h.named {
		if exchange.EqualName(n, name) {
			return true
		}
	}
	return false
}

// reusable reports whether the connection may carry another exchange once
// this answer's content has been read (RFC 9112 section 9.3).
func (h *answerHead) reusable(method string) bool {
	return !h.close && (h.minor == '1' || h.keepAlive) && (h.bodiless(method) || h.codings > 0 || h.lengths > 0)
}

// bodiless reports whether the answer ends with its head whatever its fields
// say (RFC 9112 section 6.3, STANDARDS H-42).
func (h *answerHead) bodiless(method string) bool {
	return method == "HEAD" || h.status == 204 || h.status == 304 || h.status < 200
}

// switched reports whether a 101 is the answer to what was asked for.
func (h *answerHead) switched() error {
	switch {
	case h.upgrades != 1 || !h.toUpgrade || !exchange.EqualName(h.upgrade, "websocket"):
		return fail(authz.ReasonUpstreamError, errors.New("the upstream switched to another protocol than asked for"))
	case h.lengths > 0 || h.codings > 0:
		return garbage("framing in a 101")
	}
	return nil
}

func cleanValue(v []byte) bool {
	return bytes.IndexByte(v, '\r') < 0 && bytes.IndexByte(v, 0) < 0
}

// trim cuts optional white space (RFC 9110 section 5.6.3).
func trim(v []byte) []byte {
	for len(v) > 0 && (v[0] == ' ' || v[0] == '\t') {
		v = v[1:]
	}
	for len(v) > 0 && (v[len(v)-1] == ' ' || v[len(v)-1] == '\t') {
		v = v[:len(v)-1]
	}
	return v
}

// lend makes a text of bytes in the read buffer without a copy. It is good
// until the buffer is filled again, which is after Answer.Begin returned.
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
