package wire_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"testing"

	"golang.org/x/net/http/httpguts"

	"scopegate/gateway/exchange"
	"scopegate/gateway/wire"
)

// oracle compares this front's reading of bytes with net/http's. It keeps its
// memory from one use to the next.
type oracle struct {
	x    exchange.Exchange
	in   bytes.Reader
	r    *bufio.Reader
	seen struct{ all, complete int }
}

func newOracle() *oracle { return &oracle{r: bufio.NewReaderSize(nil, 4<<10)} }

func readsAlike(b []byte) error { return newOracle().check(b) }

// check fails where this front understands a head and net/http does not, or
// reads anything of it otherwise, or leaves other bytes behind.
func (o *oracle) check(b []byte) error {
	h, verdict := wire.ReadHead(b, &o.x)
	o.seen.all++
	if verdict != wire.Complete {
		return nil
	}
	o.seen.complete++
	o.in.Reset(b)
	o.r.Reset(&o.in)
	req, err := http.ReadRequest(o.r)
	if err != nil {
		return fmt.Errorf("net/http refuses it: %w", err)
	}
	if err := o.sameHead(h, req); err != nil {
		return err
	}
	return o.sameRest(b, h, req)
}

func (o *oracle) sameHead(h wire.Head, req *http.Request) error {
	x := &o.x
	target := x.Path
	if x.HasQuery {
		target += "?" + x.Query
	}
	switch {
	case x.Method != req.Method || target != req.RequestURI || req.Proto != "HTTP/1.1":
		return fmt.Errorf("request line: %s %s, net/http %s %s %s", x.Method, target, req.Method, req.RequestURI, req.Proto)
	case x.Host != req.Host || !httpguts.ValidHostHeader(req.Host):
		return fmt.Errorf("host: %q, net/http %q", x.Host, req.Host)
	case h.Close != req.Close:
		return fmt.Errorf("close: %v, net/http %v", h.Close, req.Close)
	case h.Body != req.ContentLength || req.TransferEncoding != nil || req.Trailer != nil:
		return fmt.Errorf("framing: %d, net/http %d %v %v", h.Body, req.ContentLength, req.TransferEncoding, req.Trailer)
	}
	return o.sameFields(req.Header)
}

func (o *oracle) sameFields(theirs http.Header) error {
	count := 0
	for name, values := range theirs {
		if !httpguts.ValidHeaderFieldName(name) {
			return fmt.Errorf("net/http's server refuses the name %q", name)
		}
		count += len(values)
	}
	if p := theirs["Pragma"]; len(p) > 0 && p[0] == "no-cache" && exchange.Count(o.x.Fields, "Cache-Control") == 0 {
		count-- // net/http makes up a Cache-Control
	}
	if count != len(o.x.Fields) {
		return fmt.Errorf("%d fields, net/http %d", len(o.x.Fields), count)
	}
	for i, f := range o.x.Fields {
		before := 0
		for _, earlier := range o.x.Fields[:i] {
			if exchange.EqualName(earlier.Name, f.Name) {
				before++
			}
		}
		values := theirs[textproto.CanonicalMIMEHeaderKey(f.Name)]
		if before >= len(values) || values[before] != f.Value || !httpguts.ValidHeaderFieldValue(f.Value) {
			return fmt.Errorf("%s: %q, net/http %q", f.Name, f.Value, values)
		}
	}
	return nil
}

func (o *oracle) sameRest(b []byte, h wire.Head, req *http.Request) error {
	ours := b[h.Length:]
	ours = ours[:min(int64(len(ours)), h.Body)]
	if h.Body > 0 {
		theirs, err := io.ReadAll(req.Body)
		if short := int64(len(ours)) < h.Body; !bytes.Equal(ours, theirs) || (err != nil) != short {
			return fmt.Errorf("body: %q, net/http %q %v", ours, theirs, err)
		}
	}
	if left := o.r.Buffered() + o.in.Len(); left != len(b)-h.Length-len(ours) {
		return fmt.Errorf("%d bytes behind it, net/http %d", len(b)-h.Length-len(ours), left)
	}
	return nil
}

// checkSplit fails where a head is read otherwise when less or more of what
// follows has arrived: what counts as one must not depend on the network.
func (o *oracle) checkSplit(b []byte, at int) error {
	h, verdict := wire.ReadHead(b, &o.x)
	if verdict != wire.Complete {
		return nil
	}
	if at < h.Length {
		if _, v := wire.ReadHead(b[:at], &o.x); v != wire.Partial {
			return fmt.Errorf("the first %d of %d bytes are %s", at, h.Length, v)
		}
	} else if again, v := wire.ReadHead(b[:at], &o.x); v != verdict || again != h {
		return fmt.Errorf("with %d bytes: %+v %s, with all %+v", at, again, v, h)
	}
	return nil
}

func FuzzHead(f *testing.F) {
	for _, table := range [][]head{accepted, foreign, partials} {
		for _, h := range table {
			f.Add([]byte(h.text))
			f.Add([]byte(h.text + "hello" + get("/next")))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		o := newOracle()
		if err := o.check(b); err != nil {
			t.Fatal(err)
		}
		for at := range min(len(b), 300) {
			if err := o.checkSplit(b, at); err != nil {
				t.Fatal(err)
			}
		}
	})
}
