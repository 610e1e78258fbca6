package upstream

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"sync/atomic"
	"time"
)

const (
	minAside = time.Second
	maxAside = 30 * time.Second
	// slotWait bounds the wait for a connection where there may be no more.
	slotWait = time.Second
)

// endpoint is one address at run time: how busy it is and whether it is healthy.
type endpoint struct {
	Endpoint
	tls   *tls.Config // nil: plain
	pool  pool
	slots chan struct{} // one per connection in use; nil: no bound

	busy      atomic.Int64 // exchanges under way
	failures  atomic.Int32 // times in a row that it was set aside
	aside     atomic.Int64 // until when it is set aside, as of Upstream.now
	unhealthy atomic.Bool  // the active check failed
	down      atomic.Bool  // what Hooks.OnEndpoint was told last
}

func newEndpoint(e Endpoint, o *Options) *endpoint {
	ep := &endpoint{Endpoint: e}
	if o.MaxConnections > 0 {
		ep.slots = make(chan struct{}, o.MaxConnections)
	}
	if !e.TLS {
		return ep
	}
	ep.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		ep.tls = o.TLS.Clone()
	}
	if ep.tls.ServerName == "" {
		ep.tls.ServerName = e.Authority
		if host, _, err := net.SplitHostPort(e.Authority); err == nil {
			ep.tls.ServerName = host
		}
	}
	ep.tls.NextProtos = []string{"http/1.1"}
	return ep
}

// acquire takes a place at the endpoint, and reports false if none became
// free in time. A place bounds open connections, not exchanges alone: one is
// dialed only when no idle one is left, so idle and used ones never exceed
// the places.
func (e *endpoint) acquire(ctx context.Context) bool {
	if e.slots != nil && !e.slot(ctx) {
		return false
	}
	e.busy.Add(1)
	return true
}

func (e *endpoint) slot(ctx context.Context) bool {
	select {
	case e.slots <- struct{}{}:
		return true
	default:
	}
	timer := time.NewTimer(slotWait)
	defer timer.Stop()
	select {
	case e.slots <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

func (e *endpoint) release() {
	e.busy.Add(-1)
	if e.slots != nil {
		<-e.slots
	}
}

func (e *endpoint) healthy(now int64) bool { return !e.unhealthy.Load() && e.aside.Load() <= now }

// failed sets the endpoint aside, for longer with each time; connected brings
// it back. Connects that fail while it is aside began before, or had no other
// endpoint to go to, and say nothing new.
func (u *Upstream) failed(e *endpoint, err error) {
	now, until, n := u.now(), e.aside.Load(), e.failures.Load()
	if now < until || !e.aside.CompareAndSwap(until, now+int64(asideFor(n))) {
		return
	}
	e.failures.Store(n + 1)
	u.report(e, err)
}

// asideFor is how long an endpoint is set aside after n failures before.
func asideFor(n int32) time.Duration {
	if n >= 5 {
		return maxAside
	}
	return minAside << n
}

func (u *Upstream) connected(e *endpoint) {
	if e.failures.Load() == 0 && !e.down.Load() {
		return
	}
	e.failures.Store(0)
	e.aside.Store(0)
	u.report(e, nil)
}

// report makes a change of the endpoint's state known, once.
func (u *Upstream) report(e *endpoint, cause error) {
	down := e.unhealthy.Load() || e.failures.Load() > 0
	if e.down.Swap(down) == down {
		return
	}
	if down {
		u.options.Logger.Warn("endpoint is down", "upstream", u.options.Name, "endpoint", e.URL, "error", cause)
	} else {
		u.options.Logger.Info("endpoint is back", "upstream", u.options.Name, "endpoint", e.URL)
	}
	if u.options.Hooks.OnEndpoint != nil {
		u.options.Hooks.OnEndpoint(e.URL, !down)
	}
}

// pick returns the least busy endpoint that is healthy and was not tried, in
// turn where they are equal; where none is healthy, of those that are not. It
// returns nil when all were tried.
func (u *Upstream) pick(tried []*endpoint) *endpoint {
	if len(u.endpoints) == 1 {
		if len(tried) > 0 {
			return nil
		}
		return u.endpoints[0]
	}
	now, from := u.now(), int(u.turn.Add(1)%uint32(len(u.endpoints)))
	var best *endpoint
	var bestHealthy bool
	for i := range u.endpoints {
		e := u.endpoints[(from+i)%len(u.endpoints)]
		if contains(tried, e) {
			continue
		}
		healthy := e.healthy(now)
		if best == nil || healthy && !bestHealthy || healthy == bestHealthy && e.busy.Load() < best.busy.Load() {
			best, bestHealthy = e, healthy
		}
	}
	return best
}

func contains(list []*endpoint, e *endpoint) bool {
	return slices.Contains(list, e)
}
