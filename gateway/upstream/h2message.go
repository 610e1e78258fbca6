package upstream

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"scopegate/gateway/exchange"
)

// newH2Request makes net/http's request. The target passes byte for byte: an
// opaque URL is not encoded again.
//
// Every text is cloned: the transport's HPACK table keeps names and values for
// as long as the connection lives, and a lent text that changed there would
// send one request's value with another.
func newH2Request(ctx context.Context, e *endpoint, req *Request) (*http.Request, error) {
	if _, err := appendHead(nil, req, e.Authority); err != nil {
		return nil, err
	}
	hr := &http.Request{
		Method: strings.Clone(req.Method), Host: strings.Clone(req.Host), Header: make(http.Header, len(req.Fields)+1),
		URL:   &url.URL{Scheme: "http", Host: e.Authority, Opaque: strings.Clone(req.Target)},
		Proto: "HTTP/2.0", ProtoMajor: 2,
	}
	if e.TLS {
		hr.URL.Scheme = "https"
	}
	for _, f := range req.Fields {
		name := http.CanonicalHeaderKey(strings.Clone(f.Name))
		hr.Header[name] = append(hr.Header[name], strings.Clone(f.Value))
	}
	if _, ok := hr.Header["User-Agent"]; !ok {
		hr.Header["User-Agent"] = nil // net/http would name itself
	}
	return hr.WithContext(ctx), nil
}

// h2Fields are the end-to-end fields by name; their order is lost in net/http.
func h2Fields(header http.Header) []exchange.Field {
	fields := make([]exchange.Field, 0, len(header))
	for name, values := range header {
		var h answerHead
		if name == "Content-Length" {
			continue
		}
		for _, v := range values {
			if hop, err := h.framing(name, v); !hop && err == nil {
				fields = append(fields, exchange.Field{Name: name, Value: v})
			}
		}
	}
	slices.SortStableFunc(fields, func(a, b exchange.Field) int { return strings.Compare(a.Name, b.Name) })
	return fields
}

// h2Body is a body that the transport reads in its own goroutine, and that can
// be taken away from it.
type h2Body struct {
	inner io.Reader
	mu    sync.Mutex // held during a Read
	ended bool       // the exchange may be over: inner must not be touched
	whole bool
	err   error
}

func (b *h2Body) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return 0, io.ErrClosedPipe
	}
	n, err := b.inner.Read(p)
	if err == io.EOF {
		b.whole = true
	} else if err != nil {
		b.err = err
	}
	return n, err
}

// Close does nothing: it is end that takes the body away.
func (b *h2Body) Close() error { return nil }

// failed returns why the body could not be read. It does not wait for a Read:
// one that still waits has not failed.
func (b *h2Body) failed() error {
	if !b.mu.TryLock() {
		return nil
	}
	defer b.mu.Unlock()
	return b.err
}

// end waits for a Read under way, lets no other begin, and reports whether the
// body was left unread.
func (b *h2Body) end() (unread bool) {
	if !b.mu.TryLock() {
		if i, ok := b.inner.(exchange.Interrupter); ok {
			i.Interrupt()
		}
		b.mu.Lock()
	}
	defer b.mu.Unlock()
	b.ended = true
	return !b.whole
}
