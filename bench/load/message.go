//go:build linux

package load

import (
	"bytes"
	"strconv"
)

// Markers of an HTTP/1.1 message.
var (
	headEnd  = []byte("\r\n\r\n")
	lineEnd  = []byte("\r\n")
	lengthIs = []byte("content-length")
	coding   = []byte("transfer-encoding")
)

// framing finds the length of a message's head and of its body, which follow
// each other in data. whole is false as long as a part is missing. body is
// the number of content bytes, wire what the body takes on the connection.
func framing(data []byte, hasBody bool) (head, body, wire int, whole bool) {
	end := bytes.Index(data, headEnd)
	if end < 0 {
		return 0, 0, 0, false
	}
	head = end + len(headEnd)
	if !hasBody {
		return head, 0, 0, true
	}
	for rest := data[:end+len(lineEnd)]; len(rest) > 0; {
		n := bytes.IndexByte(rest, '\n')
		line := rest[:n-1]
		rest = rest[n+1:]
		if value, ok := field(line, lengthIs); ok {
			body, _ = strconv.Atoi(string(value))
			return head, body, body, len(data) >= head+body
		}
		if _, ok := field(line, coding); ok {
			body, wire, whole = chunks(data[head:])
			return head, body, wire, whole
		}
	}
	return head, 0, 0, true
}

// field returns a line's value if it has the name, given in lower case.
func field(line, name []byte) ([]byte, bool) {
	if len(line) <= len(name) || line[len(name)] != ':' || !bytes.EqualFold(line[:len(name)], name) {
		return nil, false
	}
	return bytes.TrimSpace(line[len(name)+1:]), true
}

// chunks measures a chunked body without trailers (RFC 9112 section 7.1).
func chunks(data []byte) (body, wire int, whole bool) {
	for {
		n := bytes.Index(data[wire:], lineEnd)
		if n < 0 {
			return body, wire, false
		}
		size, _, _ := bytes.Cut(data[wire:wire+n], []byte(";"))
		length, err := strconv.ParseUint(string(size), 16, 31)
		wire += n + len(lineEnd) + int(length) + len(lineEnd)
		body += int(length)
		if err != nil || wire > len(data) {
			return body, wire, false
		}
		if length == 0 {
			return body, wire, true
		}
	}
}
