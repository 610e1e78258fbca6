package upstream

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange"
)

// Upstream is one named backend at run time. It is safe for concurrent use.
type Upstream struct {
	options   Options
	endpoints []*endpoint
	turn      atomic.Uint32
	epoch     time.Time // from which now counts
	trips     sync.Pool // of *trip
	h2        *h2Client // nil: HTTP/1.1

	stop    context.CancelFunc
	running sync.WaitGroup
}

// New makes an Upstream and starts to look after its connections; Close ends
// that. It connects to nothing yet.
func New(options Options) (*Upstream, error) {
	o := options.withDefaults()
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("upstream %s: %w", o.Name, err)
	}
	u := &Upstream{options: o, epoch: time.Now()}
	u.trips.New = func() any { return newTrip(u) }
	for _, e := range o.Endpoints {
		u.endpoints = append(u.endpoints, newEndpoint(e, &o))
	}
	if o.Protocol == HTTP2 {
		u.h2 = newH2Client(u)
	}
	ctx, stop := context.WithCancel(context.Background())
	u.stop = stop
	u.running.Go(func() { u.closeUnused(ctx) })
	if o.Health != nil {
		for _, e := range u.endpoints {
			u.running.Go(func() { u.watchHealth(ctx, e) })
		}
	}
	return u, nil
}

// Options returns what the Upstream was made of, with defaults.
func (u *Upstream) Options() Options { return u.options }

// Up reports whether the endpoint at this place of Options.Endpoints is taken
// to work.
func (u *Upstream) Up(endpoint int) bool { return !u.endpoints[endpoint].down.Load() }

// Close ends the kept connections and the checks, and waits for the latter.
// Exchanges that run, or begin later with an old Snapshot, are served; their
// connections are not kept.
func (u *Upstream) Close() {
	u.stop()
	u.running.Wait()
	for _, e := range u.endpoints {
		e.pool.close()
	}
	if u.h2 != nil {
		u.h2.close()
	}
}

// Forward carries one exchange to an endpoint and its answer to answer. It
// takes the proof that the exchange was allowed. When the Outcome's Reason is
// not ReasonNone and the answer has not begun, the caller still owes one; an
// answer that began and is not whole was aborted here. ctx ends what waits,
// and so does the caller's leaving. If edit is nil, the head passes as it is.
func (u *Upstream) Forward(ctx context.Context, permit *authz.Permit, req *Request, answer exchange.Answer, edit Editor) Outcome {
	if permit == nil || !permit.Valid() {
		return Outcome{Reason: authz.ReasonInternal, Err: errNoPermit}
	}
	start := u.now()
	var out Outcome
	var end int64
	if u.h2 != nil {
		out = u.h2.forward(ctx, req, answer, edit)
		end = u.now()
	} else {
		t := u.trips.Get().(*trip)
		t.req, t.answer, t.edit, t.start, t.clock = req, answer, edit, start, start
		out = t.forward(ctx)
		end = t.now()
		t.reset()
		u.trips.Put(t)
	}
	if u.options.Hooks.OnDone != nil {
		u.options.Hooks.OnDone(time.Duration(end - start))
	}
	if out.Reason != authz.ReasonNone && u.options.Hooks.OnError != nil {
		u.options.Hooks.OnError(out.Reason)
	}
	return out
}

// now is the time since the Upstream was made: monotonic, and half the price
// of a time.Time.
func (u *Upstream) now() int64 { return int64(time.Since(u.epoch)) }

// closeUnused closes connections that were unused for too long.
func (u *Upstream) closeUnused(ctx context.Context) {
	keep := u.options.KeepAlive
	ticker := time.NewTicker(max(keep/4, 10*time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		for _, e := range u.endpoints {
			e.pool.expire(u.now(), keep)
		}
	}
}
