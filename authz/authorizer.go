package authz

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"time"
)

// Credential is what a request brought in its Authorization fields.
type Credential struct {
	Count int    // how many Authorization fields there were
	Value string // the value of the first
	// At is when the request came, by the wall clock; zero: it was not noted.
	At time.Time
	// Address is where the request comes from; the zero one passes only for
	// clients that may act from anywhere.
	Address netip.Addr
}

// Authorizer decides whether a request may pass. It is the only maker of
// Permits.
type Authorizer struct {
	Tokens TokenSource
	Now    func() time.Time // never steps back; see Clock
	// At tells what Now would have told when the wall clock was read for a
	// Credential; if nil, Now is asked anew.
	At func(wall time.Time) time.Time
}

// Decision is the Authorizer's answer. The zero value refuses.
type Decision struct {
	Reason      Reason
	Principal   Principal    // also of a refusal, once the token was found good
	Requirement *Requirement // what was asked; nil where none was looked at
	Cause       error        // of ReasonStoreUnavailable, for the operator
}

// Allowed reports whether the request may pass.
func (d *Decision) Allowed() bool { return d.Reason == ReasonAllowed || d.Reason == ReasonPublic }

// Permit is proof that a Decision allowed: forwarding takes one, and only an
// Authorizer's allowing Decision yields one. The zero Permit is not valid.
type Permit struct {
	principal Principal
	valid     bool
}

// Valid reports whether the permit came from an allowing Decision.
func (p *Permit) Valid() bool { return p.valid }

// Principal returns on whose behalf the request runs; ok is false on a public
// route, where nobody is.
func (p *Permit) Principal() (principal *Principal, ok bool) {
	return &p.principal, p.principal.Client != nil
}

// Permit returns the proof; it is valid only if the Decision allowed.
func (d *Decision) Permit() Permit {
	if !d.Allowed() {
		return Permit{}
	}
	return Permit{principal: d.Principal, valid: true}
}

// Authorize judges a request's credential against a route's Requirement. It
// allocates nothing where the token is found in memory. Decisions are never
// cached: the token's scopes meet the Requirement each time.
func (a *Authorizer) Authorize(ctx context.Context, cred Credential, req *Requirement) (d Decision) {
	d.Requirement = req
	if req.Public {
		d.Reason = ReasonPublic
		return d
	}
	text, reason := bearerText(cred)
	if reason != ReasonNone {
		d.Reason = reason
		return d
	}
	key, ok := ParseToken(text)
	if !ok {
		d.Reason = ReasonMalformedToken
		return d
	}
	d.Reason, d.Cause = a.identify(ctx, &key, req.Resource, cred.At, &d.Principal)
	if d.Reason == ReasonAllowed && !d.Principal.Client.Addresses.Permits(cred.Address) {
		d.Reason = ReasonAddressNotAllowed
	}
	if d.Reason == ReasonAllowed {
		d.Reason = req.meets(&d.Principal)
	}
	return d
}

// Identify finds out whose token this is and whether it lives and may be used
// at the resource (RFC 8707; empty: none). ReasonAllowed says that the
// principal is good, no more: it is not a Decision and yields no Permit.
// The error is the cause of ReasonStoreUnavailable.
func (a *Authorizer) Identify(ctx context.Context, key TokenKey, resource string) (p Principal, reason Reason, cause error) {
	reason, cause = a.identify(ctx, &key, resource, time.Time{}, &p)
	return p, reason, cause
}

// identify fills in the principal of a token that is good, and no other. at is
// as of Credential.
func (a *Authorizer) identify(ctx context.Context, key *TokenKey, resource string, at time.Time, p *Principal) (Reason, error) {
	live, err := a.Tokens.LookupToken(ctx, *key)
	if err != nil {
		if errors.Is(err, ErrNotFound) {
			return ReasonUnknownToken, nil
		}
		return ReasonStoreUnavailable, err
	}
	reason := live.judge(a.now(at))
	if reason == ReasonAllowed && !live.opens(resource) {
		reason = ReasonOtherResource
	}
	if reason == ReasonAllowed {
		live.fill(p, key)
	}
	return reason, nil
}

func (a *Authorizer) now(at time.Time) time.Time {
	if a.At == nil || at.IsZero() {
		return a.Now()
	}
	return a.At(at)
}

// Alive reports whether the principal's token may still be used: false once
// it expired or was revoked, or its client was revoked, disabled or cut. Long
// tunnels ask it again and again. A store that cannot answer counts as dead.
func (a *Authorizer) Alive(ctx context.Context, p *Principal) bool {
	live, err := a.Tokens.LookupToken(ctx, p.TokenKey())
	if err != nil {
		return false
	}
	return live.judge(a.Now()) == ReasonAllowed
}

// meets is step 4.
func (r *Requirement) meets(p *Principal) Reason { return r.Judge(p.Client.ID, p.Scopes) }

// Judge says what a client with a good token of these scopes would hear. It
// is for explaining: it yields no Decision. The client list comes first, since
// a client that is not on it learns nothing from the scopes.
func (r *Requirement) Judge(client ClientID, scopes *ScopeSet) Reason {
	if r.Empty() {
		return ReasonInternal
	}
	if r.Clients != nil {
		if _, ok := r.Clients[client]; !ok {
			return ReasonClientNotAllowed
		}
	}
	if !scopes.HasAll(r.Scopes) {
		return ReasonInsufficientScope
	}
	if r.AnyScope.Len() > 0 && !scopes.HasAny(r.AnyScope) {
		return ReasonInsufficientScope
	}
	return ReasonAllowed
}

// bearerText returns the token's text: exactly one Authorization field with
// the scheme Bearer in any case, one or more spaces, and one word.
// ReasonNone means that there is a word to judge.
func bearerText(cred Credential) (string, Reason) {
	const scheme = "bearer"
	switch {
	case cred.Count <= 0:
		return "", ReasonNoToken
	case cred.Count > 1:
		return "", ReasonInvalidRequest
	}
	v := cred.Value
	// Nearly all write it in one way, which needs no folding.
	if len(v) < len(scheme) || v[:len(scheme)] != "Bearer" && !strings.EqualFold(v[:len(scheme)], scheme) {
		return "", ReasonNoToken // another scheme: RFC 6750 3.1, no error information
	}
	rest := v[len(scheme):]
	if rest == "" {
		return "", ReasonInvalidRequest
	}
	if rest[0] != ' ' {
		return "", ReasonNoToken
	}
	rest = strings.TrimLeft(rest, " ")
	if rest == "" {
		return "", ReasonInvalidRequest
	}
	return rest, ReasonNone
}
