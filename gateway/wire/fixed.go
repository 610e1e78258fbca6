package wire

import (
	"io"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"

	"scopegate/gateway/exchange"
)

// fixed is a request for a reserved path as an http.Handler reads it, and the
// answer that it writes. Both are used again once the handler has returned.
type fixed struct {
	request http.Request
	url     url.URL
	body    fixedBody
	header  http.Header // of the answer
	status  int         // of the answer; 0: none was written
	content []byte
	fields  []exchange.Field
}

var fixedOnes = sync.Pool{New: func() any {
	return &fixed{request: http.Request{Header: http.Header{}}, header: http.Header{}}
}}

// maxKept is how much memory, in bytes, an answer may leave for the next one.
const maxKept = 16 << 10

// canServeFixed reports whether the handler of the reserved paths can have the
// request from here: of a common method, for a path with nothing to decode,
// and no larger than the buffer.
func (c *conn) canServeFixed(h head) bool {
	x := &c.in.x
	return c.f.Fixed != nil && (x.Method == http.MethodGet || x.Method == http.MethodPost) &&
		plainPath(x.Path) && h.body <= int64(bufferSize-h.length)
}

// plainPath reports whether a path means itself to package net/url.
func plainPath(path string) bool {
	for i := range len(path) {
		c := path[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '/' || c == '.' || c == '-' || c == '_') {
			return false
		}
	}
	return true
}

// serveFixed lets the handler answer an exchange whose body is whole in the
// buffer. What the handler leaves of the body is passed over, as net/http does.
func (c *conn) serveFixed(x *exchange.Exchange) {
	e := fixedOnes.Get().(*fixed)
	e.read(c.f.request, x)
	c.f.Fixed.ServeHTTP(e, &e.request)
	c.body.set(nil, 0)
	e.answer(x.Answer)
	e.forget()
	fixedOnes.Put(e)
}

// read makes the request out of a template. Its texts are copies: a handler
// may keep them.
func (e *fixed) read(template *http.Request, x *exchange.Exchange) {
	target := strings.Clone(x.Path)
	if x.HasQuery {
		target = x.Path + "?" + x.Query
	}
	path, query, _ := strings.Cut(target, "?")
	e.url = url.URL{Path: path, RawQuery: query, ForceQuery: x.HasQuery && query == ""}
	r, header := &e.request, e.request.Header
	*r = *template
	r.URL, r.RequestURI, r.Host, r.Header = &e.url, target, strings.Clone(x.Host), header
	r.Method = http.MethodPost
	if x.Method != http.MethodPost {
		r.Method = http.MethodGet
	}
	r.RemoteAddr = x.Peer.String()
	for i := range x.Fields {
		name := fieldName(x.Fields[i].Name)
		header[name] = append(header[name], strings.Clone(x.Fields[i].Value))
	}
	r.Body = http.NoBody
	if x.Body != nil {
		e.body.Reader = x.Body
		r.Body, r.ContentLength = &e.body, x.BodyLength
	}
}

// fieldName returns a copy of a field's name in the spelling of http.Header.
func fieldName(name string) string {
	if known, ok := knownNames[name]; ok {
		return known
	}
	return textproto.CanonicalMIMEHeaderKey(strings.Clone(name))
}

var knownNames = func() map[string]string {
	known := map[string]string{}
	for _, name := range []string{
		"Accept", "Accept-Encoding", "Authorization", "Connection", "Content-Length", "Content-Type", "User-Agent", "X-Forwarded-For",
	} {
		known[name] = name
	}
	return known
}()

// answer writes what the handler made, its fields in the order of their names.
func (e *fixed) answer(a exchange.Answer) {
	if e.status == 0 {
		e.status = http.StatusOK
	}
	for name, values := range e.header {
		for _, value := range values {
			e.fields = append(e.fields, exchange.Field{Name: name, Value: value})
		}
	}
	slices.SortStableFunc(e.fields, func(a, b exchange.Field) int { return strings.Compare(a.Name, b.Name) })
	if a.Begin(e.status, e.fields, int64(len(e.content))) == nil {
		_, _ = a.Write(e.content) // what goes wrong shows in End
		_ = a.End()               // and cuts the connection (answer.settle)
	}
}

// forget makes ready for the next exchange.
func (e *fixed) forget() {
	clear(e.request.Header)
	clear(e.header)
	clear(e.fields)
	e.body.Reader, e.status, e.fields, e.content = nil, 0, e.fields[:0], e.content[:0]
	if cap(e.content) > maxKept {
		e.content = nil
	}
}

// Header implements http.ResponseWriter.
func (e *fixed) Header() http.Header { return e.header }

// WriteHeader implements http.ResponseWriter. Interim answers are not sent.
func (e *fixed) WriteHeader(status int) {
	if e.status == 0 && status >= http.StatusOK {
		e.status = status
	}
}

// Write implements http.ResponseWriter. It holds the content until the handler
// returns, so that the answer leaves in one piece and with its length.
func (e *fixed) Write(p []byte) (int, error) {
	e.WriteHeader(http.StatusOK)
	e.content = append(e.content, p...)
	return len(p), nil
}

// fixedBody is a body that lies in the buffer.
type fixedBody struct{ io.Reader }

// Close implements io.Closer.
func (fixedBody) Close() error { return nil }
