package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"scopegate/gateway/exchange"
)

var (
	errBegunTwice = errors.New("the answer began already")
	errShort      = errors.New("less content than declared")
)

// bodyError says of a body that cannot be read whether its framing is wrong
// or its sender left. net/http's chunked reader has no error kind of its own
// but its text.
func bodyError(err error) error {
	var network net.Error
	if errors.As(err, &network) || errors.Is(err, http.ErrBodyReadAfterClose) {
		return err
	}
	if text := err.Error(); strings.Contains(text, "chunk") || strings.Contains(text, "invalid byte") || strings.Contains(text, "malformed") {
		return fmt.Errorf("%w: %w", exchange.ErrBodyMalformed, err)
	}
	return err
}

// httpAnswer writes an answer over net/http.
type httpAnswer struct {
	w       http.ResponseWriter
	r       *http.Request
	rc      *http.ResponseController
	x       *httpExchange
	began   bool
	aborted bool
	length  int64 // declared; below zero: unknown
	written int64
	held    int  // bytes that HTTP/2's writer holds at most
	bodied  bool // content may be written
	closing bool // the connection ends after the answer
}

// Interim implements exchange.Answer.
func (a *httpAnswer) Interim(status int, fields []exchange.Field) error {
	if a.began {
		return errBegunTwice
	}
	if a.x.Proto == exchange.HTTP10 {
		return nil
	}
	h := a.w.Header()
	setFields(h, fields)
	a.w.WriteHeader(status)
	clear(h) // net/http keeps them for the final answer
	return nil
}

// Begin implements exchange.Answer. Where the request's body was not read to
// its end the connection ends after the answer: what follows in it may be
// anything.
func (a *httpAnswer) Begin(status int, fields []exchange.Field, length int64) error {
	if a.began {
		return errBegunTwice
	}
	a.began, a.length = true, length
	a.bodied = a.x.Method != http.MethodHead && status != http.StatusNoContent && status != http.StatusNotModified
	h := a.w.Header()
	setFields(h, fields)
	if len(h["Content-Type"]) == 0 {
		h["Content-Type"] = nil // net/http would guess it
	}
	if length >= 0 && status != http.StatusNoContent {
		h["Content-Length"] = []string{strconv.FormatInt(length, 10)}
	}
	if a.x.Body != nil && !a.x.body.ended.Load() {
		a.closing = true
		// Else net/http reads the body before it writes the answer. An error
		// says that this is HTTP/2, where nothing of it is needed.
		_ = a.rc.EnableFullDuplex()
	}
	if a.closing && a.x.Proto != exchange.HTTP2 {
		h["Connection"] = []string{"close"}
	}
	a.w.WriteHeader(status)
	return nil
}

// setFields adds fields in net/http's spelling, under which it looks for
// Date and the like, and without framing, which is its own.
//
// Their texts are lent, and net/http writes them when the handler has
// returned, or keeps them in an HPACK table: they are copied, all into one.
func setFields(h http.Header, fields []exchange.Field) {
	size := 0
	for i := range fields {
		size += len(fields[i].Name) + len(fields[i].Value)
	}
	var own strings.Builder
	own.Grow(size)
	copied := func(s string) string {
		from := own.Len()
		own.WriteString(s)
		return own.String()[from:]
	}
	values := make([]string, len(fields))
	for i := range fields {
		name := textproto.CanonicalMIMEHeaderKey(copied(fields[i].Name))
		switch name {
		case "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Trailer", "Upgrade":
			continue
		}
		values[i] = copied(fields[i].Value)
		if _, more := h[name]; more {
			h[name] = append(h[name], values[i])
		} else {
			h[name] = values[i : i+1 : i+1]
		}
	}
}

// Write implements exchange.Answer.
func (a *httpAnswer) Write(p []byte) (int, error) {
	if a.held += len(p); a.held <= heldByHTTP2 { // no frame is written yet
		n, err := a.w.Write(p)
		a.written += int64(n)
		return n, err
	}
	a.beforeWrite()
	n, err := a.w.Write(p)
	a.afterWrite()
	a.written += int64(n)
	return n, err
}

// Flush implements exchange.Answer.
func (a *httpAnswer) Flush() error {
	a.beforeWrite()
	err := a.rc.Flush()
	a.afterWrite()
	a.held = 0
	return err
}

// End implements exchange.Answer. net/http completes the answer when its
// handler returns.
func (a *httpAnswer) End() error {
	if a.bodied && a.length >= 0 && a.written != a.length {
		a.aborted = true
		return errShort
	}
	a.beforeWrite()
	return nil
}

// Abort implements exchange.Answer.
func (a *httpAnswer) Abort() { a.aborted = true }

// Began implements exchange.Answer.
func (a *httpAnswer) Began() bool { return a.began }

// CloseAfter implements exchange.Answer. Once the head is written it has no
// effect: what was to be known of the request's end was known then.
func (a *httpAnswer) CloseAfter() { a.closing = true }

// Watch implements exchange.Answer.
func (a *httpAnswer) Watch() <-chan struct{} { return a.r.Context().Done() }

// Tunnel implements exchange.Answer.
func (a *httpAnswer) Tunnel(fields []exchange.Field) (exchange.Tunnel, error) {
	if a.began {
		return nil, errBegunTwice
	}
	conn, rw, err := a.rc.Hijack()
	if err != nil {
		return nil, fmt.Errorf("take over the connection: %w", err)
	}
	a.began = true
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	head := []byte("HTTP/1.1 101 Switching Protocols\r\n")
	for _, f := range fields {
		head = append(append(append(append(head, f.Name...), ": "...), f.Value...), "\r\n"...)
	}
	if _, err := conn.Write(append(head, "\r\n"...)); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	if watched, ok := conn.(*framingConn); ok {
		conn = watched.Conn // no fields pass any more
	}
	return &httpTunnel{conn, rw.Reader}, nil
}

// httpTunnel reads first what net/http had read ahead.
type httpTunnel struct {
	net.Conn
	ahead *bufio.Reader
}

// Read implements io.Reader.
func (t *httpTunnel) Read(p []byte) (int, error) {
	if t.ahead != nil {
		if n := t.ahead.Buffered(); n > 0 {
			return t.ahead.Read(p[:min(n, len(p))])
		}
		t.ahead = nil
	}
	return t.Conn.Read(p)
}
