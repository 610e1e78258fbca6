package upstream

import (
	"context"
	"sync/atomic"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange"
)

const (
	maxTries   = 3  // endpoints that one exchange may try to connect to
	maxInterim = 16 // interim answers of one exchange
)

// trip is one exchange's way to an endpoint and back. It runs in the caller's
// goroutine and owns all memory that it takes; trips are reused.
type trip struct {
	u       *Upstream
	req     *Request
	answer  exchange.Answer
	edit    Editor
	start   int64 // as of Upstream.now
	clock   int64 // see now
	outcome Outcome

	c         *conn
	out       []byte // the request's head, with a small body
	body      []byte // a small body as it is sent, so that it can be sent again
	bodyRoom  []byte // where body lies
	whole     bool   // body is all of a body of unknown length
	rest      []byte // what of out is to be sent by the next fill
	sent      bool   // something of the request may have reached the endpoint
	heard     bool   // something of the answer has come
	sentAt    int64
	begun     bool // the final head was read
	unreached bool // the last endpoint could not be connected to
	sender    *sender

	buf      []byte // of the answer, buf[r:w] is not read yet
	r, w     int
	head     answerHead
	fields   []exchange.Field
	response Response

	dirty     bool  // the answer may hold what is not flushed
	waitSince int64 // when the wait for more of the answer began; 0: it did not
	watch     *watch
	gone      atomic.Bool // the watch saw the caller leave

	onReady func(fd uintptr) bool // t.ready, bound once
	ioN     int
	ioErr   error
}

func newTrip(u *Upstream) *trip {
	t := &trip{
		u: u, buf: make([]byte, bufferSize),
		out: make([]byte, 0, 2<<10), fields: make([]exchange.Field, 0, 64),
	}
	t.onReady = t.ready
	return t
}

// reset forgets the exchange and keeps the memory.
func (t *trip) reset() {
	t.req, t.answer, t.edit, t.c, t.sender = nil, nil, nil, nil, nil
	t.outcome, t.response = Outcome{}, Response{}
	clear(t.fields)
	t.body, t.rest, t.clock, t.whole = nil, nil, 0, false
	t.begun, t.unreached, t.dirty = false, false, false
}

func (t *trip) forward(ctx context.Context) Outcome {
	err := t.takeBody()
	if err == nil {
		err = t.tryEndpoints(ctx)
	}
	if err != nil {
		t.outcome.Reason, t.outcome.Err = reasonOf(err), err
		if t.answer.Began() {
			t.answer.Abort()
		}
	}
	return t.outcome
}

// now is Upstream.now, read once for all that happens between two waits: the
// trip forgets it where it may have waited.
func (t *trip) now() int64 {
	if t.clock == 0 {
		t.clock = t.u.now()
	}
	return t.clock
}

// tryEndpoints goes on to the next endpoint only where one could not be
// connected to: nothing was sent then, whatever the method.
func (t *trip) tryEndpoints(ctx context.Context) (err error) {
	var tried [maxTries]*endpoint
	for n := range maxTries {
		e := t.u.pick(tried[:n])
		if e == nil {
			break
		}
		if err = t.visit(ctx, e); !t.unreached {
			break
		}
		tried[n] = e
	}
	return err
}

// visit carries the exchange to an endpoint. A kept connection that proves to
// be dead before any answer is replaced once, where nothing was sent or
// sending twice is as good as once (RFC 9110 section 9.2.2, STANDARDS H-38).
func (t *trip) visit(ctx context.Context, e *endpoint) (err error) {
	t.unreached = false
	if t.out, err = appendHead(t.out[:0], t.req, e.Authority); err != nil {
		return err
	}
	t.out = append(t.out, t.body...)
	if !e.acquire(ctx) {
		if ctx.Err() != nil {
			return gone(ctx.Err())
		}
		return fail(authz.ReasonOverloaded, errFull)
	}
	defer e.release()
	if t.outcome.Endpoint = e.URL; e.slots != nil {
		t.clock = 0
	}
	for fresh := false; ; {
		var c *conn
		if !fresh {
			c = e.pool.take(t.now(), t.u.options.KeepAlive)
		}
		if c == nil {
			fresh = true
			c, err = t.connect(ctx, e)
			if t.clock = 0; err != nil {
				return err
			}
		}
		err = t.run(ctx, c)
		switch {
		case err == errStale:
		case err != nil && !fresh && t.mayRepeat(err):
			fresh = true
		default:
			return err
		}
	}
}

func (t *trip) mayRepeat(err error) bool {
	if t.heard || reasonOf(err) != authz.ReasonUpstreamUnavailable || t.sender != nil {
		return false
	}
	return !t.sent || isIdempotent(t.req.Method)
}

// isIdempotent tells the methods of RFC 9110 section 9.2.2 that backends are
// known to mean so.
func isIdempotent(method string) bool {
	switch method {
	case "GET", "HEAD", "OPTIONS", "PUT", "DELETE":
		return true
	}
	return false
}

// run uses one connection, and keeps it if nothing speaks against it.
func (t *trip) run(ctx context.Context, c *conn) error {
	t.c, t.r, t.w, t.sent, t.heard = c, 0, 0, false, false
	t.gone.Store(false)
	t.outcome.Attempts++
	keep, err := t.transfer(ctx)
	if err == errStale {
		t.outcome.Attempts--
	}
	t.endWatch()
	if t.sender != nil {
		err = t.endSender(err)
	}
	t.clock = 0
	switch {
	case err != nil && t.gone.Load():
		err = gone(err)
	case keep && t.sender.complete() && !t.gone.Load():
		c.endpoint.pool.put(c, t.now())
		return err
	}
	c.close()
	return err
}

// transfer sends the request and passes the answer on. keep says that the
// connection stands behind a whole answer and may carry more.
func (t *trip) transfer(ctx context.Context) (keep bool, err error) {
	if err := t.send(); err != nil {
		return false, err
	}
	if err := t.finalHead(ctx); err != nil {
		return false, err
	}
	t.begun = true
	t.outcome.Status, t.outcome.Wait = t.head.status, time.Duration(t.now()-t.start)
	if t.head.status == 101 {
		return false, t.tunnel(ctx)
	}
	if t.head.status >= 300 {
		t.stopSender() // an early refusal: nobody wants the rest
	}
	if err := t.begin(); err != nil {
		return false, err
	}
	if err := t.content(ctx); err != nil {
		return false, err
	}
	t.stopSender()
	if err := t.answer.End(); err != nil {
		return false, gone(err)
	}
	return t.r == t.w && t.head.reusable(t.req.Method), nil
}

// send hands the request to the next fill, which writes it and waits in one
// step; a body that is streamed needs its head sent first.
func (t *trip) send() error {
	t.rest, t.sentAt, t.dirty = t.out, 0, false
	if !t.streams() {
		return nil
	}
	if err := t.writeHead(); err != nil {
		return err
	}
	t.startSender()
	return nil
}

// finalHead reads heads until one is final. Interim ones are passed on, but
// for 100: fronts answer an expectation themselves (STANDARDS H-41).
func (t *trip) finalHead(ctx context.Context) error {
	for n := 0; ; n++ {
		if err := t.readHead(ctx); err != nil {
			return err
		}
		switch status := t.head.status; {
		case status >= 200:
			return nil
		case n == maxInterim:
			return garbage("over %d interim answers", maxInterim)
		case status == 101:
			if t.req.Upgrade == "" {
				return garbage("a 101 that nobody asked for")
			}
			return t.head.switched()
		case status > 101 && t.answer != nil: // a health check has no caller
			if err := t.answer.Interim(status, t.fields); err != nil {
				return gone(err)
			}
		}
	}
}

func (t *trip) begin() error {
	t.editHead()
	if err := t.answer.Begin(t.response.Status, t.response.Fields, t.response.Length); err != nil {
		return gone(err)
	}
	t.dirty = true
	return nil
}

// editHead lets the Editor have its way with the final head. Content that
// cannot be there has length 0; a HEAD and a 304 tell the length they know.
func (t *trip) editHead() {
	t.response = Response{Status: t.head.status, Fields: t.fields, Length: t.head.length}
	if t.head.codings > 0 {
		t.response.Length = exchange.UnknownLength
	}
	if t.head.status == 204 {
		t.response.Length = 0
	}
	if t.edit != nil {
		t.edit.EditResponse(&t.response)
	}
}
