package upstream

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange"
)

// h2Client speaks HTTP/2 to the endpoints of an upstream with net/http's
// transport: with prior knowledge where the endpoint is plain, by ALPN where
// it has TLS (RFC 9113 section 3). It costs more than our own HTTP/1.1.
type h2Client struct {
	u          *Upstream
	transports map[*endpoint]*http.Transport
}

func newH2Client(u *Upstream) *h2Client {
	c := &h2Client{u: u, transports: make(map[*endpoint]*http.Transport)}
	for _, e := range u.endpoints {
		var protocols http.Protocols
		protocols.SetHTTP2(e.TLS)
		protocols.SetUnencryptedHTTP2(!e.TLS)
		tr := &http.Transport{
			Protocols: &protocols, DisableCompression: true,
			MaxResponseHeaderBytes: maxHead, IdleConnTimeout: u.options.KeepAlive,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dial(ctx, e) },
		}
		if e.TLS {
			config := e.tls.Clone()
			config.NextProtos = []string{"h2"}
			tr.DialTLSContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return c.dialTLS(ctx, e, config) }
		}
		c.transports[e] = tr
	}
	return c
}

// errUnreached marks what failed before there was a connection.
var errUnreached = errors.New("no connection")

func (c *h2Client) dial(ctx context.Context, e *endpoint) (net.Conn, error) {
	dialer := net.Dialer{Timeout: c.u.options.Connect}
	conn, err := dialer.DialContext(ctx, e.Network, e.Address)
	return conn, c.reached(ctx, e, err)
}

func (c *h2Client) dialTLS(ctx context.Context, e *endpoint, config *tls.Config) (net.Conn, error) {
	dialer := tls.Dialer{NetDialer: &net.Dialer{Timeout: c.u.options.Connect}, Config: config}
	ctx, cancel := context.WithTimeout(ctx, c.u.options.Connect)
	defer cancel()
	conn, err := dialer.DialContext(ctx, e.Network, e.Address)
	if err == nil && conn.(*tls.Conn).ConnectionState().NegotiatedProtocol != "h2" {
		conn.Close()
		conn, err = nil, errors.New("the endpoint does not speak h2")
	}
	return conn, c.reached(ctx, e, err)
}

func (c *h2Client) reached(ctx context.Context, e *endpoint, err error) error {
	if err == nil {
		c.u.connected(e)
		return nil
	}
	if !errors.Is(ctx.Err(), context.Canceled) {
		c.u.failed(e, err)
	}
	return errors.Join(errUnreached, err)
}

func (c *h2Client) close() {
	for _, tr := range c.transports {
		tr.CloseIdleConnections()
	}
}

// h2Trip is one exchange over HTTP/2.
type h2Trip struct {
	c       *h2Client
	req     *Request
	answer  exchange.Answer
	edit    Editor
	body    *h2Body
	outcome Outcome

	mu      sync.Mutex // guards answer against interim answers that come late
	started bool
}

func (c *h2Client) forward(ctx context.Context, req *Request, answer exchange.Answer, edit Editor) Outcome {
	t := &h2Trip{c: c, req: req, answer: answer, edit: edit}
	if err := t.tryEndpoints(ctx); err != nil {
		t.outcome.Reason, t.outcome.Err = reasonOf(err), err
		if answer.Began() {
			answer.Abort()
		}
	}
	return t.outcome
}

func (t *h2Trip) tryEndpoints(ctx context.Context) error {
	if t.req.Upgrade != "" {
		return badHead(errors.New("an h2 upstream takes no upgrade"))
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if t.req.Body == nil { // else reading the body tells that the caller left
		left, ended := t.answer.Watch(), make(chan struct{})
		defer func() { cancel(nil); <-ended }()
		go func() {
			defer close(ended)
			select {
			case <-left:
				cancel(gone(nil))
			case <-ctx.Done():
			}
		}()
	}
	var tried [maxTries]*endpoint
	var err error
	for n := range maxTries {
		e := t.c.u.pick(tried[:n])
		if e == nil {
			break
		}
		if err = t.visit(ctx, cancel, e); !errors.Is(err, errUnreached) || ctx.Err() != nil {
			break
		}
		tried[n] = e
	}
	return err
}

func (t *h2Trip) visit(ctx context.Context, cancel context.CancelCauseFunc, e *endpoint) error {
	hr, err := newH2Request(ctx, e, t.req)
	if err != nil {
		return err
	}
	if !e.acquire(ctx) {
		return fail(authz.ReasonOverloaded, errFull)
	}
	defer e.release()
	start := time.Now()
	t.outcome.Endpoint = e.URL
	t.outcome.Attempts++
	if t.req.Body != nil {
		t.body = &h2Body{inner: t.req.Body}
		hr.Body, hr.ContentLength = t.body, t.req.BodyLength
		defer func() {
			if t.body.end() {
				t.answer.CloseAfter()
			}
		}()
	}
	hr = hr.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: t.interim}))
	timeout := time.AfterFunc(orDefault(t.req.ResponseTimeout, t.c.u.options.Response), func() { cancel(errH2Silent) })
	resp, err := t.c.transports[e].RoundTrip(hr)
	timeout.Stop()
	t.mu.Lock()
	t.started = true
	t.mu.Unlock()
	if err != nil {
		return t.explain(ctx, err, authz.ReasonUpstreamUnavailable)
	}
	defer resp.Body.Close()
	t.outcome.Status, t.outcome.Wait = resp.StatusCode, time.Since(start)
	return t.pass(ctx, cancel, resp)
}

var errH2Silent = fail(authz.ReasonUpstreamTimeout, errors.New("the upstream was silent for too long"))

// explain finds the Reason: what ended ctx counts first, then the body.
func (t *h2Trip) explain(ctx context.Context, err error, otherwise authz.Reason) error {
	if cause := context.Cause(ctx); cause != nil {
		if reasonOf(cause) != authz.ReasonInternal {
			return cause
		}
		return gone(cause)
	}
	if t.body != nil {
		if berr := t.body.failed(); berr != nil {
			return bodyFailure(berr)
		}
	}
	var timeout net.Error
	if errors.Is(err, errUnreached) && errors.As(err, &timeout) && timeout.Timeout() {
		otherwise = authz.ReasonUpstreamTimeout
	}
	return fail(otherwise, err)
}

// pass passes the answer on, flushed piece by piece: the transport does not
// say whether more is there.
func (t *h2Trip) pass(ctx context.Context, cancel context.CancelCauseFunc, resp *http.Response) error {
	r := Response{Status: resp.StatusCode, Fields: h2Fields(resp.Header), Length: resp.ContentLength}
	if t.edit != nil {
		t.edit.EditResponse(&r)
	}
	if err := t.answer.Begin(r.Status, r.Fields, r.Length); err != nil {
		return gone(err)
	}
	idle := orDefault(t.req.IdleTimeout, t.c.u.options.Idle)
	silence := time.AfterFunc(idle, func() { cancel(errH2Silent) })
	defer silence.Stop()
	buf := senderBuffers.Get().(*[bufferSize]byte)
	defer senderBuffers.Put(buf)
	for {
		silence.Reset(idle)
		n, err := resp.Body.Read(buf[:])
		silence.Stop()
		if n > 0 {
			t.outcome.Bytes += int64(n)
			if _, err := t.answer.Write(buf[:n]); err != nil {
				return gone(err)
			}
			if err := t.answer.Flush(); err != nil {
				return gone(err)
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return t.explain(ctx, err, authz.ReasonUpstreamError)
		}
	}
	if err := t.answer.End(); err != nil {
		return gone(err)
	}
	return nil
}

// interim passes a 1xx on while RoundTrip runs.
func (t *h2Trip) interim(status int, header textproto.MIMEHeader) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.started || status <= 101 {
		return nil
	}
	return t.answer.Interim(status, h2Fields(http.Header(header)))
}

// status is checkHealth's question.
func (c *h2Client) status(ctx context.Context, e *endpoint, req *Request) (int, error) {
	hr, err := newH2Request(ctx, e, req)
	if err != nil {
		return 0, err
	}
	resp, err := c.transports[e].RoundTrip(hr)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}
