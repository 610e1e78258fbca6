package gateway

import (
	"context"
	"io"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/forwarded"
	"scopegate/gateway/route"
	"scopegate/gateway/upstream"
)

// passage is one request's way through the gateway: what its stages share.
// Passages are pooled, with the memory of their slices.
type passage struct {
	g    *Gateway
	snap *Snapshot
	x    *exchange.Exchange

	path     route.Path
	match    route.Match
	guard    *guard // of the matched route; nil before, and where there is none
	origin   forwarded.Origin
	decision authz.Decision
	permit   authz.Permit
	id       string // the request's id
	badPath  *route.PathError
	limited  limited

	request upstream.Request
	body    boundedBody
	fields  []exchange.Field // of request
	answer  []exchange.Field // of the answer's head
	scratch scratch
	record  record
}

func (p *passage) begin(g *Gateway, snap *Snapshot, x *exchange.Exchange) {
	p.g, p.snap, p.x = g, snap, x
	p.origin.Read(x, g.TrustedProxies)
	p.id = p.requestID()
}

// maxKeptFields is how many fields' memory a passage keeps for the next one.
const maxKeptFields = 128

// end forgets the request and keeps the memory.
func (p *passage) end() {
	fields, answer, s := emptied(p.fields), emptied(p.answer), p.scratch
	s.reset()
	*p = passage{fields: fields, answer: answer, scratch: s}
}

func emptied(fields []exchange.Field) []exchange.Field {
	if cap(fields) > maxKeptFields {
		return nil
	}
	clear(fields[:cap(fields)])
	return fields[:0]
}

// run is the way of one request, straight down (ARCHITECTURE.md): the
// first stage that returns another reason than ReasonNone ends it.
func (p *passage) run(ctx context.Context) authz.Reason {
	if reason := p.readTarget(); reason != authz.ReasonNone {
		return reason
	}
	if reason := p.findRoute(); reason != authz.ReasonNone {
		return reason
	}
	if reason := p.checkAddress(); reason != authz.ReasonNone {
		return reason
	}
	if p.isPreflight() {
		return p.answerPreflight()
	}
	if reason := p.authorize(ctx); reason != authz.ReasonNone {
		return reason
	}
	defer p.releaseLimits()
	if reason := p.checkLimits(); reason != authz.ReasonNone {
		return reason
	}
	if reason := p.prepare(); reason != authz.ReasonNone {
		return reason
	}
	return p.forward(ctx)
}

// authorize judges the credential. A token that is refused costs its address:
// who is over that bound is told so, while the good tokens of its neighbours
// behind the same address pass.
func (p *passage) authorize(ctx context.Context) authz.Reason {
	var cred authz.Credential
	if !p.guard.route.Requirement.Public {
		cred = credentialOf(p.x.Fields)
		cred.Address, cred.At = p.origin.Client, p.x.Start
	}
	p.decision = p.g.Authorizer.Authorize(ctx, cred, &p.guard.route.Requirement)
	if p.decision.Allowed() {
		p.permit = p.decision.Permit()
		return authz.ReasonNone
	}
	if p.decision.Principal.Client == nil && p.decision.Reason != authz.ReasonStoreUnavailable {
		if reason := p.takeAddress(); reason != authz.ReasonNone {
			return reason
		}
	}
	if p.decision.Cause != nil {
		p.g.Log.Error("store cannot answer", "error", p.decision.Cause, "request_id", p.id)
	}
	return p.decision.Reason
}

// credentialOf counts the Authorization fields. Other spellings that fold to
// it are no credential; they do not go upstream either.
func credentialOf(fields []exchange.Field) (cred authz.Credential) {
	for i := range fields {
		if exchange.EqualName(fields[i].Name, "Authorization") {
			if cred.Count == 0 {
				cred.Value = fields[i].Value
			}
			cred.Count++
		}
	}
	return cred
}

// forward sends the request to its upstream.
func (p *passage) forward(ctx context.Context) authz.Reason {
	p.record.upstream = p.guard.upstream.name
	out := p.guard.upstream.Forward(ctx, &p.permit, &p.request, p.x.Answer, p)
	p.record.status, p.record.bytes = out.Status, out.Bytes
	p.record.wait, p.record.attempts = out.Wait, out.Attempts
	if out.Reason == authz.ReasonNone {
		return p.decision.Reason
	}
	if out.Err != nil && out.Reason != authz.ReasonClientGone {
		p.g.Log.Warn("upstream failed", "upstream", p.record.upstream, "endpoint", out.Endpoint,
			"reason", out.Reason.String(), "error", out.Err, "request_id", p.id)
	}
	return out.Reason
}

// boundedBody ends a body that is longer than its route allows.
type boundedBody struct {
	io.Reader
	left int64
}

// Read implements io.Reader.
func (b *boundedBody) Read(buf []byte) (int, error) {
	if b.left < 0 {
		return 0, exchange.ErrBodyTooLarge
	}
	if int64(len(buf)) > b.left+1 {
		buf = buf[:b.left+1] // one more shows that there is more
	}
	n, err := b.Reader.Read(buf)
	if b.left -= int64(n); b.left < 0 {
		return 0, exchange.ErrBodyTooLarge
	}
	return n, err
}

// Arrived implements exchange.Arriver.
func (b *boundedBody) Arrived() bool {
	a, ok := b.Reader.(exchange.Arriver)
	return ok && a.Arrived()
}

// Interrupt implements exchange.Interrupter.
func (b *boundedBody) Interrupt() {
	if i, ok := b.Reader.(exchange.Interrupter); ok {
		i.Interrupt()
	}
}
