package gateway

import (
	"scopegate/gateway/exchange"
	"scopegate/gateway/upstream"
)

// responseEdit is what a route and its upstream change of an answer's fields.
type responseEdit struct {
	drop nameSet    // what folds to a name that is set, added or removed
	set  []setField // set and added: the upstream's, then the route's
}

// EditResponse implements upstream.Editor: the upstream's answer as the caller
// may see it. X-Scopegate-Error is ours alone: by it a caller tells our
// refusal from the backend's.
func (p *passage) EditResponse(r *upstream.Response) {
	g := p.guard
	p.answer = p.answer[:0]
	for i := range r.Fields {
		f := r.Fields[i]
		if f.Name == "" || notForCallers(f.Name) || g.cors != nil && isCORSField(f.Name) || g.response.drop.has(f.Name) {
			continue
		}
		p.answer = append(p.answer, f)
	}
	p.add("X-Request-Id", p.id)
	p.addCORS(g.cors)
	p.addRateLimit()
	for i := range g.response.set {
		f := &g.response.set[i]
		if f.fixed {
			p.add(f.name, f.static)
			continue
		}
		from := p.scratch.mark()
		var ok bool
		if p.scratch.b, ok = f.value.appendTo(p.scratch.b, p); ok {
			p.add(f.name, p.scratch.text(from))
		}
	}
	r.Fields = p.answer
}

// notForCallers tells the fields of an answer that are ours to write, or that
// speak to the upstream's own client, which is us (RFC 9110 section 11.7).
func notForCallers(name string) bool {
	switch name[0] | 0x20 {
	case 'x':
		return exchange.EqualFolded(name, "x-scopegate-error") || exchange.EqualFolded(name, "x-request-id")
	case 'p':
		return exchange.EqualFolded(name, "proxy-authenticate") || exchange.EqualFolded(name, "proxy-authentication-info") ||
			exchange.EqualFolded(name, "proxy-connection")
	}
	return false
}

func (p *passage) add(name, value string) {
	p.answer = append(p.answer, exchange.Field{Name: name, Value: value})
}
