package gateway

import (
	"errors"
	"strings"
	"time"

	"scopegate/authz"
	"scopegate/authz/assertion"
	"scopegate/gateway/config"
)

// assertionTerms is what an upstream's assertions have in common.
type assertionTerms struct {
	issuer, audience string
	ttl              time.Duration
}

var errNoKeeper = errors.New("there is nobody here to sign assertions")

func (b *builder) assertionOf(u *config.Upstream) *assertionTerms {
	if u.Assertion == nil {
		return nil
	}
	t := &assertionTerms{issuer: b.cfg.OAuth.Issuer.Reveal(), audience: u.Assertion.Audience, ttl: u.Assertion.TTL}
	if t.issuer == "" {
		t.issuer = b.g.Issuer
	}
	return t
}

// setAssertion says in a signature on whose behalf the request runs, bound to
// the method and the path that the upstream will see; nothing on a public
// route. What cannot be signed is not forwarded.
func (p *passage) setAssertion() authz.Reason {
	t := p.guard.assertion
	if t == nil {
		return authz.ReasonNone
	}
	principal, ok := p.permit.Principal()
	if !ok {
		return authz.ReasonNone
	}
	path, _, _ := strings.Cut(p.request.Target, "?")
	from := p.scratch.mark()
	b, err := p.g.Assertions.AppendSigned(p.scratch.b, &assertion.Claims{
		Issuer: t.issuer, Audience: t.audience, Subject: string(principal.Client.ID), ClientID: string(principal.Client.ID),
		Scope: principal.Scopes.String(), GrantType: string(principal.Grant),
		OwnerType: principal.Client.OwnerType, OwnerID: principal.Client.OwnerID,
		TokenID: string(principal.Hash.ID()), RequestID: p.id, Method: p.request.Method, Path: path,
	}, t.ttl)
	if err != nil {
		p.g.Log.Error("assertion not signed", "upstream", p.guard.upstream.name, "error", err, "request_id", p.id)
		return authz.ReasonInternal
	}
	p.scratch.b = b
	p.set("X-Principal-Assertion", p.scratch.text(from))
	return authz.ReasonNone
}
