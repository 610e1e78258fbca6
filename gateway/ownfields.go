package gateway

import (
	"context"
	"math/rand/v2"
	"strconv"

	"scopegate/authz"
	"scopegate/gateway/config"
	"scopegate/gateway/exchange"
)

// requestEdit is what a route and its upstream change of a request's fields.
type requestEdit struct {
	drop      nameSet    // what folds to a name that is set, added or removed
	set       []setField // set and added: the upstream's, then the route's
	principal []setField // the upstream's mapped principal names, set last
}

// setField is a field that the configuration sets or adds.
type setField struct {
	name   string
	value  template
	static string // the value, where fixed
	fixed  bool
}

// appendOwnFields sets what the upstream is told by scopegate: where the
// request came from, then what the configuration sets, then on whose behalf it
// runs, last.
func (p *passage) appendOwnFields() {
	p.set("Via", p.via())
	s := &p.scratch
	from := s.mark()
	s.b = p.origin.AppendFor(s.b)
	p.set("X-Forwarded-For", s.text(from))
	p.set("X-Forwarded-Proto", p.origin.Proto)
	if p.origin.Host != "" {
		p.set("X-Forwarded-Host", p.origin.Host)
	}
	from = s.mark()
	s.b = p.origin.AppendForwarded(s.b)
	p.set("Forwarded", s.text(from))
	p.set("X-Request-Id", p.id)
	p.setConfigured(p.guard.request.set)
	p.setPrincipal()
	p.setConfigured(p.guard.request.principal)
}

func (p *passage) set(name, value string) {
	p.fields = append(p.fields, exchange.Field{Name: name, Value: value})
}

func (p *passage) setConfigured(fields []setField) {
	for i := range fields {
		f := &fields[i]
		if f.fixed {
			p.set(f.name, f.static)
			continue
		}
		from := p.scratch.mark()
		var ok bool
		if p.scratch.b, ok = f.value.appendTo(p.scratch.b, p); ok {
			p.set(f.name, p.scratch.text(from))
		} else {
			p.scratch.b = p.scratch.b[:from]
		}
	}
}

// setPrincipal says on whose behalf the request runs; nothing on a public
// route. There is no user: X-Principal-User-Id is never set.
func (p *passage) setPrincipal() {
	principal, ok := p.permit.Principal()
	if !ok {
		return
	}
	p.set("X-Principal-Client-Id", string(principal.Client.ID))
	p.set("X-Principal-Grant-Type", string(principal.Grant))
	p.set("X-Principal-Scopes", principal.Scopes.String())
	p.set("X-Principal-Token-Id", p.tokenID(principal))
	if principal.Client.OwnerType != "" {
		p.set("X-Principal-Owner-Type", principal.Client.OwnerType)
		p.set("X-Principal-Owner-Id", principal.Client.OwnerID)
	}
}

func (p *passage) tokenID(principal *authz.Principal) string {
	from := p.scratch.mark()
	p.scratch.b = principal.Hash.AppendID(p.scratch.b)
	return p.scratch.text(from)
}

// appendPlaceholder appends a run-time value, or nothing where there is none.
func (p *passage) appendPlaceholder(b []byte, what config.Placeholder) []byte {
	if what == config.RequestID {
		return append(b, p.id...)
	}
	principal, ok := p.permit.Principal()
	if !ok {
		return b
	}
	switch what {
	case config.PrincipalClientID:
		return append(b, principal.Client.ID...)
	case config.PrincipalGrantType:
		return append(b, principal.Grant...)
	case config.PrincipalScopes:
		return append(b, principal.Scopes.String()...)
	case config.PrincipalTokenID:
		return principal.Hash.AppendID(b)
	case config.PrincipalOwnerType:
		return append(b, principal.Client.OwnerType...)
	case config.PrincipalOwnerID:
		return append(b, principal.Client.OwnerID...)
	}
	return b
}

// via names the version that the caller spoke, and us.
func (p *passage) via() string {
	switch p.x.Proto {
	case exchange.HTTP10:
		return "1.0 " + pseudonym
	case exchange.HTTP2:
		return "2 " + pseudonym
	}
	return "1.1 " + pseudonym
}

// requestID returns the caller's id if it brought one that is sane, else a
// new one. It is no secret, and must hold none, since it is logged; it only
// has to be its own.
func (p *passage) requestID() string {
	if exchange.Count(p.x.Fields, "X-Request-Id") == 1 {
		if id, _ := exchange.Get(p.x.Fields, "X-Request-Id"); saneID(id) && !holdsSecret(id, p.tokenPrefix()) {
			return id
		}
	}
	next := p.g.Random
	if next == nil {
		next = rand.Uint64
	}
	from := p.scratch.mark()
	p.scratch.b = appendHex(appendHex(p.scratch.b, next()), next())
	return p.scratch.text(from)
}

func appendHex(b []byte, v uint64) []byte {
	const digits = "0123456789abcdef"
	for shift := 60; shift >= 0; shift -= 4 {
		b = append(b, digits[v>>shift&15])
	}
	return b
}

// saneID reports whether s is 1 to 128 of A-Za-z0-9._-.
func saneID(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; foldTable[c] == '-' && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// number writes n for as long as the passage lasts.
func (p *passage) number(n int64) string {
	from := p.scratch.mark()
	p.scratch.b = strconv.AppendInt(p.scratch.b, n, 10)
	return p.scratch.text(from)
}

// aliveFunc is asked while a tunnel runs; it outlives nothing of the passage,
// which ends with the tunnel.
func (p *passage) aliveFunc() func() bool {
	authorizer, principal := p.g.Authorizer, p.decision.Principal
	return func() bool { return authorizer.Alive(context.Background(), &principal) }
}
