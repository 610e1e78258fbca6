package gateway

import (
	"context"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange"
)

// Exported for tests.
var (
	AppendJSON   = appendJSON
	AppendMasked = appendMasked
	PlainName    = plainName
)

// LogTime is exported for tests.
type LogTime struct{ logTime }

// Append appends a time as the access log writes it.
func (l *LogTime) Append(b []byte, at time.Time) []byte { return l.append(b, at) }

// Passes reports whether a field of this name passes to an upstream.
func Passes(name string) bool {
	switch classify(name) {
	case classPass, classVia, classMaxForwards:
		return true
	case classStandard:
		return plainName(name)
	}
	return false
}

// ServeWithoutUpstream takes a request its whole way but for the upstream,
// and returns what it would be asked.
func (g *Gateway) ServeWithoutUpstream(ctx context.Context, x *exchange.Exchange, see func(fields []exchange.Field)) authz.Reason {
	p, _ := g.passages.Get().(*passage)
	if p == nil {
		p = &passage{}
	}
	p.begin(g, g.snapshot.Load(), x)
	reason := p.runTo(ctx)
	if see != nil {
		see(p.request.Fields)
	}
	p.finish(reason)
	p.end()
	g.passages.Put(p)
	return reason
}

// runTo is run without its last step; no list of stages, since closures
// would allocate.
func (p *passage) runTo(ctx context.Context) (reason authz.Reason) {
	if reason = p.readTarget(); reason == authz.ReasonNone {
		reason = p.findRoute()
	}
	if reason == authz.ReasonNone {
		reason = p.checkAddress()
	}
	if reason == authz.ReasonNone {
		reason = p.authorize(ctx)
	}
	if reason == authz.ReasonNone {
		reason = p.checkLimits()
		defer p.releaseLimits()
	}
	if reason == authz.ReasonNone {
		reason = p.prepare()
	}
	if reason == authz.ReasonNone {
		reason = p.decision.Reason
	}
	return reason
}

// Framing is what a watch over a connection's bytes saw.
type Framing struct{ f framing }

// See looks at bytes as they pass.
func (f *Framing) See(p []byte) { f.f.see(p) }

// Seen tells what was seen.
func (f *Framing) Seen() (contentLength, transferEncoding bool, hosts []string) {
	return f.f.contentLength, f.f.transferEncoding, f.f.hosts
}

// BodyArrived reports whether a chunked body seems to be here as a whole.
func (f *Framing) BodyArrived() bool { return f.f.bodyArrived() }

// MayDiffer reports whether Host may differ from a target's authority.
func (f *Framing) MayDiffer(authority string) bool { return f.f.mayDiffer(authority) }
