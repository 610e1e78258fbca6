package upstream

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"scopegate/authz"
	"scopegate/gateway/exchange"
)

// appendHead writes the head of the request, with its framing, behind dst.
// What it adds itself is counted: each line brings one CR and one LF, so that
// a value with one more cannot make a line of its own. That is the last
// defence; fronts and pipeline have refused such requests before.
func appendHead(dst []byte, req *Request, authority string) ([]byte, error) {
	host := req.Host
	if host == "" {
		host = authority
	}
	// None of them is repeated: the error is logged, and the query may hold a secret.
	if !isToken(req.Method) || req.Method == "CONNECT" || !isOrigin(req.Target) || !cleanTarget(host) {
		return dst, badHead(errors.New("the method, the target with its query, or the host cannot be sent"))
	}
	start := len(dst)
	dst = append(dst, req.Method...)
	dst = append(dst, ' ')
	dst = append(dst, req.Target...)
	dst = append(dst, " HTTP/1.1\r\nHost: "...)
	dst = append(dst, host...)
	dst = append(dst, "\r\n"...)
	for i := range req.Fields {
		f := &req.Fields[i]
		if !isToken(f.Name) || isOurs(f.Name) {
			return dst, badHead(fmt.Errorf("field name %.40q cannot be sent", f.Name))
		}
		dst = append(dst, f.Name...)
		dst = append(dst, ": "...)
		dst = append(dst, f.Value...)
		dst = append(dst, "\r\n"...)
	}
	lines := len(req.Fields) + 3 // request line, Host, the empty line
	switch {
	case req.Upgrade != "":
		dst = append(dst, "Connection: Upgrade\r\nUpgrade: websocket\r\n"...)
		lines += 2
	case req.Body == nil && !wantsLength(req.Method):
	case req.Body != nil && req.BodyLength < 0:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
		lines++
	default:
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, bodyLength(req), 10)
		dst = append(dst, "\r\n"...)
		lines++
	}
	dst = append(dst, "\r\n"...)
	head := dst[start:]
	if bytes.Count(head, crByte) != lines || bytes.Count(head, lfByte) != lines || bytes.IndexByte(head, 0) >= 0 {
		return dst, badHead(errors.New("a field value holds CR, LF or NUL"))
	}
	return dst, nil
}

var crByte, lfByte = []byte{'\r'}, []byte{'\n'}

func badHead(err error) error { return fail(authz.ReasonBadRequest, err) }

// bodyLength is the length of a body that is not sent chunked.
func bodyLength(req *Request) int64 {
	if req.Body == nil {
		return 0
	}
	return req.BodyLength
}

// wantsLength reports whether servers expect a length even of an empty body
// (RFC 9110 section 8.6).
func wantsLength(method string) bool {
	return method == "POST" || method == "PUT" || method == "PATCH"
}

// isOurs reports whether a field is added here alone: two of it would let the
// backend read another message than was sent.
func isOurs(name string) bool {
	switch len(name) {
	case 4:
		return exchange.EqualName(name, "host")
	case 7:
		return exchange.EqualName(name, "upgrade")
	case 10:
		return exchange.EqualName(name, "connection")
	case 14:
		return exchange.EqualName(name, "content-length")
	case 17:
		return exchange.EqualName(name, "transfer-encoding")
	}
	return false
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if !tokenByte[s[i]] {
			return false
		}
	}
	return s != ""
}

// isOrigin reports whether s is a target in origin-form or asterisk-form: the
// forms that cannot name another host (RFC 9112 section 3.2).
func isOrigin(s string) bool {
	return cleanTarget(s) && (s[0] == '/' || s == "*")
}

// cleanTarget reports whether s can stand in a request line or as a Host:
// something, without space, control or DEL.
func cleanTarget(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return s != ""
}

var tokenByte = func() (t [256]bool) {
	for _, c := range "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" {
		t[c] = true
	}
	return t
}()
