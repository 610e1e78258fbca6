package gatewaytest

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"
)

// Listen serves on a loopback port until the test ends, each connection in a
// goroutine of its own, and closes it behind serve. It returns the address.
func Listen(t testing.TB, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
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
				serve(c)
			})
		}
	})
	t.Cleanup(func() {
		l.Close()
		conns.Range(func(c, _ any) bool { c.(net.Conn).Close(); return true })
		running.Wait()
	})
	return l.Addr().String()
}

// ReadHead reads the head of a message as it is, with its line ends and the
// empty line behind it.
func ReadHead(r *bufio.Reader) (string, error) {
	var head strings.Builder
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return "", err
		}
		head.WriteString(line)
		if line == "\r\n" || line == "\n" {
			return head.String(), nil
		}
	}
}

// ReadBody reads the body of a request whose head was read before, decoded from
// its framing, and the lines of its trailer, with their ends. A body that is cut
// short is an error beside what came of it.
func ReadBody(r *bufio.Reader, head *http.Request) (body, trailer string, err error) {
	var from io.Reader = http.NoBody
	chunked := len(head.TransferEncoding) > 0
	switch {
	case chunked:
		from = httputil.NewChunkedReader(r)
	case head.ContentLength > 0:
		from = io.LimitReader(r, head.ContentLength)
	}
	data, err := io.ReadAll(from)
	for err == nil && chunked {
		var line string
		if line, err = r.ReadString('\n'); line == "\r\n" {
			break
		}
		trailer += line
	}
	if err == nil && !chunked && int64(len(data)) < head.ContentLength {
		err = io.ErrUnexpectedEOF
	}
	return string(data), trailer, err
}
