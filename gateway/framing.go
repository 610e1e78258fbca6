package gateway

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"scopegate/gateway/exchange"
	"scopegate/gateway/route"
)

// net/http hides from its handlers what an intermediary must see: a
// Content-Length beside Transfer-Encoding (RFC 9112 section 6.1,
// golang/go#80942), a Transfer-Encoding in an HTTP/1.0 request, and the Host
// field of an absolute-form request. So the connection's bytes are looked at
// as they pass. A look cannot tell a head from a body that looks like one;
// it errs to the safe side: the connection ends earlier, or a request whose
// two hosts could differ is refused.

// watchedLine is how much of a line is kept: a name and the longest host.
const watchedLine = 320

// maxHosts is how many different hosts of one connection are remembered.
const maxHosts = 8

// framing is what was seen on one connection. Its methods may be called
// while bytes pass.
type framing struct {
	mu               sync.Mutex
	line             []byte // the beginning of a line that is not complete
	contentLength    bool
	transferEncoding bool
	hosts            []string
	manyHosts        bool
	arrived          bool // the last bytes that passed end as a chunked body does
}

// lastChunk ends a chunked body without trailers, and the chunk before it
// (RFC 9112 section 7.1).
var lastChunk = []byte("\r\n0\r\n\r\n")

// WatchFraming wraps a listener of plain connections; its server's
// ConnContext must be FramingContext. Without it, as over TLS, HTTP/1
// connections end after each chunked or HTTP/1.0 request, and absolute-form
// requests are refused.
func WatchFraming(l net.Listener) net.Listener { return framingListener{l} }

type framingListener struct{ net.Listener }

// Accept implements net.Listener.
func (l framingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &framingConn{Conn: c}, nil
}

type framingConn struct {
	net.Conn
	seen framing
}

// Read implements net.Conn.
func (c *framingConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.seen.see(p[:n])
	return n, err
}

// CloseWrite ends the sending side where the connection can: net/http does so
// before it closes, so that a last answer is not lost to a reset.
func (c *framingConn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return nil
}

type framingKey struct{}

// FramingContext is a http.Server's ConnContext.
func FramingContext(ctx context.Context, c net.Conn) context.Context {
	if watched, ok := c.(*framingConn); ok {
		return context.WithValue(ctx, framingKey{}, &watched.seen)
	}
	return ctx
}

func framingOf(r *http.Request) *framing {
	seen, _ := r.Context().Value(framingKey{}).(*framing)
	return seen
}

func (f *framing) see(p []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.arrived = bytes.HasSuffix(p, lastChunk)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			f.line = append(f.line, p[:min(len(p), max(watchedLine-len(f.line), 0))]...)
			return
		}
		line := p[:end]
		if len(f.line) > 0 {
			f.line = append(f.line, line[:min(len(line), max(watchedLine-len(f.line), 0))]...)
			line = f.line
		}
		f.judge(line)
		f.line, p = f.line[:0], p[end+1:]
	}
}

func (f *framing) judge(line []byte) {
	if len(line) < len("host:") {
		return
	}
	switch line[0] | 0x20 {
	case 'c':
		f.contentLength = f.contentLength || names(line, "content-length:")
	case 't':
		f.transferEncoding = f.transferEncoding || names(line, "transfer-encoding:")
	case 'h':
		if names(line, "host:") {
			f.addHost(bytes.Trim(line[len("host:"):], " \t\r"))
		}
	}
}

func (f *framing) addHost(host []byte) {
	if slices.Contains(f.hosts, string(host)) {
		return
	}
	if len(f.hosts) == maxHosts {
		f.manyHosts = true
		return
	}
	f.hosts = append(f.hosts, string(host))
}

func names(line []byte, name string) bool {
	return len(line) >= len(name) && strings.EqualFold(string(line[:len(name)]), name)
}

// bodyArrived reports whether the request that was read last seems to be here
// as a whole, with its chunked body: a guess, since a body's own bytes may look
// like its end.
func (f *framing) bodyArrived() bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.arrived
}

// mayDiffer reports whether the request's Host may differ from its target's
// authority.
func (f *framing) mayDiffer(authority string) bool {
	if f == nil {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.manyHosts {
		return true
	}
	want, ok := route.CanonicalHost(authority)
	for _, seen := range f.hosts {
		if got, fine := route.CanonicalHost(seen); !ok || !fine || got != want {
			return true
		}
	}
	return false
}

// ClosesAfter reports whether a request's framing could be read otherwise by
// somebody before us, so that nothing behind it may be taken for a request and
// the connection has to end with its answer (RFC 9112 section 6.1).
func ClosesAfter(r *http.Request) bool {
	chunked, old := len(r.TransferEncoding) > 0, protoOf(r) == exchange.HTTP10
	if r.ProtoMajor != 1 || !chunked && !old {
		return false
	}
	f := framingOf(r)
	if f == nil {
		return true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return chunked && f.contentLength || old && f.transferEncoding
}
