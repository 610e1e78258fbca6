package gatewaytest

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
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
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &Upstream{Addr: l.Addr().String(), answer: DefaultAnswer}
	var running sync.WaitGroup
	var conns sync.Map
	running.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conns.Store(c, nil)
			running.Go(func() {
				defer c.Close()
				u.serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		running.Wait()
	})
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
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return s, err
		}
		head.WriteString(line)
		if line == "\r\n" || line == "\n" {
			break
		}
	}
	s.Head = head.String()
	req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(s.Head)))
	if err != nil {
		return s, errors.New("not a request: " + s.Head)
	}
	var body io.Reader = http.NoBody
	switch {
	case len(req.TransferEncoding) > 0:
		body = httputil.NewChunkedReader(r)
	case req.ContentLength > 0:
		body = io.LimitReader(r, req.ContentLength)
	}
	data, err := io.ReadAll(body)
	if err == nil && len(req.TransferEncoding) > 0 {
		var end string
		for end != "\r\n" && err == nil { // trailers, which must not be there
			if end, err = r.ReadString('\n'); end != "\r\n" {
				s.Head += "TRAILER " + end
			}
		}
	}
	s.Body = string(data)
	return s, err
}
