package gatewaytest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// Upstream answers every request with the same bytes and remembers what it saw.
type Upstream struct {
	Addr string

	mu      sync.Mutex
	answer  string
	thenEnd bool
	seen    []Seen
}

// Seen is one request as it arrived.
type Seen struct {
	Head string // with CRLF line ends
	Body string // decoded from its framing
}

// DefaultAnswer is what an Upstream says unless told otherwise.
const DefaultAnswer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"

// StartUpstream serves on a loopback port until the test ends.
func StartUpstream(t testing.TB) *Upstream {
	t.Helper()
	u := &Upstream{answer: DefaultAnswer}
	u.Addr = Listen(t, u.serve)
	return u
}

// Answer makes the upstream say this from now on; thenEnd closes the
// connection after it.
func (u *Upstream) Answer(answer string, thenEnd bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.answer, u.thenEnd = answer, thenEnd
}

// Seen returns what has arrived so far.
func (u *Upstream) Seen() []Seen {
	u.mu.Lock()
	defer u.mu.Unlock()
	return append([]Seen(nil), u.seen...)
}

func (u *Upstream) serve(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		seen, err := readRequest(r)
		if err != nil {
			return
		}
		u.mu.Lock()
		u.seen = append(u.seen, seen)
		answer, end := u.answer, u.thenEnd
		u.mu.Unlock()
		if _, err := io.WriteString(c, answer); err != nil || end {
			return
		}
	}
}

// readRequest reads one request without understanding more than its framing.
func readRequest(r *bufio.Reader) (s Seen, err error) {
	if s.Head, err = ReadHead(r); err != nil {
		return s, err
	}
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(s.Head)))
	if err != nil {
		return s, errors.New("not a request: " + s.Head)
	}
	body, trailer, err := ReadBody(r, req)
	s.Body = body
	for line := range strings.Lines(trailer) { // which must not be there
		s.Head += "TRAILER " + line
	}
	return s, err
}
