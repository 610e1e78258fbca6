package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"scopegate/authz"
	"scopegate/authz/assertion"
	"scopegate/gateway/exchange"
	"scopegate/metrics"
)

// Gateway guards the routes. Set its fields before the first request; Reload
// gives it the routes that it guards, and may be called at any time.
type Gateway struct {
	Authorizer *authz.Authorizer
	Metrics    *metrics.Metrics
	Log        *slog.Logger
	AccessLog  *AccessLog // if nil, requests are not logged
	// TrustedProxies are the peers that may say where a request came from.
	TrustedProxies []netip.Prefix
	Now            func() time.Time // if nil, time.Now
	Random         func() uint64    // of request ids; if nil, math/rand/v2
	// Assertions signs who is calling for the upstreams that ask for it; if nil,
	// a configuration with one that does is refused.
	Assertions *assertion.Keeper
	// Issuer is named where oauth.issuer is not set.
	Issuer string
	// ReadFile reads the certificates that upstreams name; if nil, os.ReadFile.
	ReadFile func(name string) ([]byte, error)

	snapshot atomic.Pointer[Snapshot]
	passages sync.Pool // of *passage
	reload   sync.Mutex
}

// Serve takes one request its whole way: judged, forwarded or refused, and
// recorded once. It returns when the answer is complete or cut.
func (g *Gateway) Serve(ctx context.Context, x *exchange.Exchange) {
	p, _ := g.passages.Get().(*passage)
	if p == nil {
		p = &passage{}
	}
	g.Metrics.InFlight().Inc()
	p.begin(g, g.snapshot.Load(), x)
	reason := p.safely(ctx)
	p.finish(reason)
	g.Metrics.InFlight().Dec()
	p.end()
	g.passages.Put(p)
}

// safely runs the passage. A panic is a 500 that is counted like any other
// refusal; what it says goes to the log alone.
func (p *passage) safely(ctx context.Context) (reason authz.Reason) {
	defer func() {
		if r := recover(); r != nil {
			p.g.Log.Error("panic", "panic", fmt.Sprint(r), "stack", string(debug.Stack()), "request_id", p.id)
			reason = authz.ReasonInternal
			p.conclude(reason)
		}
	}()
	reason = authz.ReasonInternal
	if p.snap != nil {
		reason = p.run(ctx)
	}
	p.conclude(reason)
	return reason
}

// conclude gives the answer that is still owed.
func (p *passage) conclude(reason authz.Reason) {
	switch {
	case !p.x.Answer.Began():
		if reason == authz.ReasonClientGone {
			p.x.Answer.Abort()
			return
		}
		p.refuse(reason)
	case reason == authz.ReasonInternal:
		p.x.Answer.Abort()
	}
}

func (g *Gateway) now() time.Time {
	if g.Now == nil {
		return time.Now()
	}
	return g.Now()
}

// since is how long ago t was.
func (g *Gateway) since(t time.Time) time.Duration {
	if g.Now == nil {
		return time.Since(t)
	}
	return g.now().Sub(t)
}
