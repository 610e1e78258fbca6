//go:build linux

package load

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/sys/unix"
)

// BodyLength is the length of the fixed answer's body in bytes.
const BodyLength = 1024

// Body is the body of every answer but those below.
func Body() string { return strings.Repeat("scopegate bench\n", BodyLength/16) }

// HeadersSuffix ends the paths at which the upstream answers with the head
// that it received.
const HeadersSuffix = "/headers"

// AuthPath is where the upstream judges a bearer token, for proxies that ask
// a service: 200 if it knows it, 401 otherwise, both with an empty body.
const AuthPath = "/auth"

// upstream is the fixed service behind the proxies.
type upstream struct {
	loop   *loop
	fd     int
	answer []byte
	tokens map[string]struct{}
}

var (
	headersLine = []byte(HeadersSuffix + " HTTP/1.1")
	authLine    = []byte("GET " + AuthPath + " ")
	bearer      = []byte("\r\nauthorization: bearer ")
	known       = []byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	unknown     = []byte("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer\r\nContent-Length: 0\r\n\r\n")
)

func newUpstream(l *loop) (*upstream, string, error) {
	fd, addr, err := listen()
	if err != nil {
		return nil, "", err
	}
	u := &upstream{loop: l, fd: fd, tokens: map[string]struct{}{}}
	u.answer = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", BodyLength, Body())
	return u, addr, l.join(fd, u)
}

// readable takes a new connection.
func (u *upstream) readable() {
	fd, _, err := unix.Accept4(u.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err != nil {
		return // the caller has left
	}
	c := &served{upstream: u, fd: fd, buf: make([]byte, 64<<10)}
	if err := ready(fd); err != nil {
		_ = unix.Close(fd)
		return
	}
	if err := u.loop.join(fd, c); err != nil {
		_ = unix.Close(fd)
	}
}

// served is a connection of a proxy to the upstream.
type served struct {
	upstream *upstream
	fd       int
	buf      []byte
	n        int // bytes in buf
}

func (c *served) readable() {
	n, err := read(c.fd, c.buf[c.n:])
	if err == unix.EAGAIN {
		return
	}
	if err != nil || n == 0 {
		c.upstream.loop.leave(c.fd)
		return
	}
	c.n += n
	for c.n > 0 {
		used, err := c.serve(c.buf[:c.n])
		if err != nil {
			c.upstream.loop.leave(c.fd)
			return
		}
		if used == 0 {
			return
		}
		c.n = copy(c.buf, c.buf[used:c.n])
	}
}

// serve answers the first request of data and returns its length, 0 if it is
// not there as a whole.
func (c *served) serve(data []byte) (int, error) {
	head, _, wire, whole := framing(data, data[0] == 'P')
	if !whole {
		if len(data) == len(c.buf) {
			return 0, fmt.Errorf("a request of more than %d bytes", len(c.buf))
		}
		return 0, nil
	}
	answer := c.upstream.answer
	line := data[:bytes.IndexByte(data, '\r')]
	switch {
	case bytes.HasSuffix(line, headersLine):
		answer = fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s", head, data[:head])
	case bytes.HasPrefix(line, authLine):
		answer = c.upstream.judge(data[:head])
	}
	n, err := write(c.fd, answer)
	if err == nil && n < len(answer) {
		err = fmt.Errorf("only %d bytes of %d went out", n, len(answer))
	}
	return head + wire, err
}

func (u *upstream) judge(head []byte) []byte {
	at := bytes.Index(bytes.ToLower(head), bearer)
	if at < 0 {
		return unknown
	}
	token := head[at+len(bearer):]
	if _, ok := u.tokens[string(token[:bytes.IndexByte(token, '\r')])]; ok {
		return known
	}
	return unknown
}
