package wire

import (
	"bytes"
	"unsafe"

	"scopegate/gateway/exchange"
)

// maxFields is the most field lines of a head that this front reads.
const maxFields = 100

// verdict is what reading a head came to.
type verdict uint8

const (
	complete verdict = iota // the head is whole and understood
	partial                 // more bytes are needed
	foreign                 // net/http's: not of the narrow grammar
)

// head is what the front itself needs of a request's head.
type head struct {
	length int   // of the head in bytes
	body   int64 // Content-Length; 0: none
	close  bool  // Connection: close
}

// readHead reads one head from b into x. Texts of x lie in b. Whatever is not
// of the narrow grammar is foreign, never guessed at.
func readHead(b []byte, x *exchange.Exchange) (head, verdict) {
	end := bytes.Index(b, []byte("\r\n\r\n"))
	if end < 0 {
		if foreignStart(b) {
			return head{}, foreign
		}
		return head{}, partial
	}
	h := head{length: end + 4}
	line := bytes.IndexByte(b, '\n') // there is one: the head's end
	if line == 0 || b[line-1] != '\r' || !readRequestLine(b[:line-1], x) {
		return h, foreign
	}
	return h, readFields(b[line+1:end+2], x, &h)
}

// foreignStart tells early what can never become a head of this grammar, so
// that TLS, HTTP/2 prefaces and bare line feeds are handed over without
// waiting for more.
func foreignStart(b []byte) bool {
	for rest := b; ; {
		lf := bytes.IndexByte(rest, '\n')
		if lf < 0 {
			break
		}
		if lf == 0 || rest[lf-1] != '\r' {
			return true
		}
		rest = rest[lf+1:]
	}
	for i, c := range b {
		if i == len("OPTIONS ") || c == ' ' {
			return !knownMethod(b[:i])
		}
		if c < 'A' || c > 'Z' {
			return true
		}
	}
	return false
}

func knownMethod(m []byte) bool {
	switch string(m) {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return true
	}
	return false
}

// readRequestLine reads `METHOD SP origin-form SP HTTP/1.1` (RFC 9112 section 3).
func readRequestLine(b []byte, x *exchange.Exchange) bool {
	const version = " HTTP/1.1"
	sp := bytes.IndexByte(b, ' ')
	if sp < 0 || !knownMethod(b[:sp]) || len(b) < sp+1+len(version) || string(b[len(b)-len(version):]) != version {
		return false
	}
	target := b[sp+1 : len(b)-len(version)]
	if len(target) == 0 || target[0] != '/' {
		return false
	}
	query := -1
	for i := range target {
		c := target[i]
		switch {
		case c <= ' ' || c >= 0x7f || c == '#':
			return false
		case c == '?' && query < 0:
			query = i
		case c == '%' && query < 0 && (i+2 >= len(target) || !isHex(target[i+1]) || !isHex(target[i+2])):
			return false
		}
	}
	x.Method, x.Proto = lend(b[:sp]), exchange.HTTP11
	x.Path, x.Query, x.HasQuery = lend(target), "", false
	if query >= 0 {
		x.Path, x.Query, x.HasQuery = lend(target[:query]), lend(target[query+1:]), true
	}
	return true
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// readFields reads the field lines of b, each ended by CRLF.
func readFields(b []byte, x *exchange.Exchange, h *head) verdict {
	x.Fields, x.Host = x.Fields[:0], ""
	lengths := 0
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if end < 1 || b[end-1] != '\r' || len(x.Fields) == maxFields {
			return foreign
		}
		name, value, ok := readField(b[:end-1])
		if !ok {
			return foreign
		}
		b = b[end+1:]
		switch meaning(name) {
		case isHost:
			if x.Host != "" || !cleanHost(value) {
				return foreign
			}
			x.Host = lend(value)
			continue
		case isLength:
			lengths++
			if h.body, ok = readLength(value); !ok || lengths > 1 {
				return foreign
			}
		case isForeign:
			return foreign
		case isConnection:
			if !readConnection(value, h) {
				return foreign
			}
		}
		x.Fields = append(x.Fields, exchange.Field{Name: lend(name), Value: lend(value)})
	}
	if x.Host == "" {
		return foreign
	}
	return complete
}

// readField splits a field line (RFC 9112 section 5): a token, a colon, a
// value of printable ASCII and tabs without the white space around it.
func readField(b []byte) (name, value []byte, ok bool) {
	colon := bytes.IndexByte(b, ':')
	if colon < 1 {
		return nil, nil, false
	}
	for _, c := range b[:colon] {
		if !tokenChar[c] {
			return nil, nil, false
		}
	}
	value = b[colon+1:]
	for len(value) > 0 && isBlank(value[0]) {
		value = value[1:]
	}
	for len(value) > 0 && isBlank(value[len(value)-1]) {
		value = value[:len(value)-1]
	}
	for _, c := range value {
		if (c < ' ' || c >= 0x7f) && c != '\t' {
			return nil, nil, false
		}
	}
	return b[:colon], value, true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// cleanHost accepts names, IPv4 and bracketed IPv6 with a port; whether they
// mean anything is the pipeline's business.
func cleanHost(b []byte) bool {
	for _, c := range b {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '-' || c == ':' || c == '[' || c == ']' || c == '_') {
			return false
		}
	}
	return len(b) > 0
}

// readLength reads a Content-Length of up to 18 digits (RFC 9110 section 8.6).
func readLength(b []byte) (n int64, ok bool) {
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return n, true
}

// readConnection reads a list of tokens (RFC 9110 section 7.6.1). An upgrade
// is net/http's.
func readConnection(b []byte, h *head) bool {
	for len(b) > 0 {
		var option []byte
		if comma := bytes.IndexByte(b, ','); comma >= 0 {
			option, b = b[:comma], b[comma+1:]
		} else {
			option, b = b, nil
		}
		option = bytes.Trim(option, " \t")
		for _, c := range option {
			if !tokenChar[c] {
				return false
			}
		}
		switch {
		case exchange.EqualName(lend(option), "close"):
			h.close = true
		case exchange.EqualName(lend(option), "upgrade"):
			return false
		}
	}
	return true
}

// lend makes a text of bytes without copying: it is good as long as the
// buffer (exchange.Field).
func lend(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
