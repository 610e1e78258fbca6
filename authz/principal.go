package authz

import (
	"context"
	"math"
	"slices"
	"strings"
	"time"
)

// LiveClient is what the request path needs of a client, immutable: a change
// to the client makes a new one.
//
// With many clients each request is another one's, and its record is in no
// cache. So what every check reads stands in the first 64 bytes, and the texts
// behind one another.
type LiveClient struct {
	Status          Status
	Generation      uint64
	TokensNotBefore int64 // Unix seconds; 0: none
	AllowedScopes   *ScopeSet
	Meter           *Meter // counts what the client does; nil: nobody does
	ID              ClientID

	Addresses Addresses // where it may act from; none: anywhere
	OwnerType string
	OwnerID   string
}

// LiveClientOf makes the request path's view of a stored client.
func LiveClientOf(c *Client) *LiveClient {
	live := &LiveClient{
		Status: c.Status.constant(), Generation: c.Generation,
		AllowedScopes: c.AllowedScopes, Addresses: slices.Clone(c.Addresses),
	}
	if !c.TokensNotBefore.IsZero() {
		live.TokensNotBefore = c.TokensNotBefore.Unix()
	}
	live.setTexts(c)
	return live
}

// setTexts copies the texts into one block of memory.
func (live *LiveClient) setTexts(c *Client) {
	const line = 64 // bytes of a cache line; a block of whole lines begins at one
	id, owner := len(c.ID), len(c.ID)+len(c.OwnerType)
	var b strings.Builder
	b.Grow((owner + len(c.OwnerID) + line - 1) / line * line)
	b.WriteString(string(c.ID))
	b.WriteString(c.OwnerType)
	b.WriteString(c.OwnerID)
	text := b.String()
	live.ID, live.OwnerType, live.OwnerID = ClientID(text[:id]), text[id:owner], text[owner:]
}

// LiveToken is what is known of a token at the moment of a check. It is
// judged at use: nothing in it says yet that the token may pass.
//
// It is four words, which travel in registers. A larger one goes through
// memory, where its words are waited for together: the reading of what they
// point to could not begin beforehand.
type LiveToken struct {
	Client *LiveClient // the client's state now; nil: the client is unknown
	*Terms             // as issued; nil: the token is unknown
	Life
}

// Terms are what tokens that were issued alike have in common. They are
// immutable.
type Terms struct {
	Scopes     *ScopeSet
	Resources  []string // RFC 8707
	Generation uint64   // of the client
}

// Life is when a token was issued and when it ends.
type Life struct {
	IssuedAt  Seconds
	ExpiresAt Seconds // refused from this instant on
	Revoked   bool
}

// Seconds are Unix seconds as the record of a live token holds them.
type Seconds uint32

// SecondsOf returns Unix seconds as Seconds: what lies before 1970 is 0, and
// what lies after 2106 is then.
func SecondsOf(unix int64) Seconds { return Seconds(min(max(unix, 0), math.MaxUint32)) }

// TokenSource finds tokens for the Authorizer: the store's live view.
type TokenSource interface {
	// LookupToken returns what is known of the token, its Terms among it.
	// ErrNotFound means that it does not exist; any other error that the source cannot answer.
	LookupToken(ctx context.Context, key TokenKey) (LiveToken, error)
}

// Principal is on whose behalf a request runs: the client, with the scopes of
// its token. No user is ever involved. The zero value is nobody.
type Principal struct {
	Client    *LiveClient
	Grant     GrantType
	Scopes    *ScopeSet // the token's, narrowed to what the client still may have
	Hash      TokenHash // of the token; its ID is public
	IssuedAt  time.Time
	ExpiresAt time.Time
	hour      Hour // of the token's key
}

// Can reports whether the principal holds exactly this scope.
func (p *Principal) Can(scope Scope) bool { return p.Scopes.Has(scope) }

// TokenKey returns the key of the principal's token.
func (p *Principal) TokenKey() TokenKey { return TokenKey{Hour: p.hour, Hash: p.Hash} }

// judge is the law of one token at one moment: every field is looked at on
// every use, and absence of a record is never what refuses a revoked token.
func (t LiveToken) judge(now time.Time) Reason {
	switch {
	case t.Client == nil || t.Terms == nil:
		return ReasonUnknownToken
	case t.Revoked:
		return ReasonRevokedToken
	case now.Unix() >= int64(t.ExpiresAt):
		return ReasonExpiredToken
	case t.Client.Status == StatusRevoked:
		return ReasonClientRevoked
	case t.Client.Status == StatusDisabled:
		return ReasonClientDisabled
	case t.Client.Status != StatusActive, t.Generation != t.Client.Generation:
		return ReasonRevokedToken
	case int64(t.IssuedAt) < t.Client.TokensNotBefore:
		return ReasonRevokedToken
	}
	return ReasonAllowed
}

// fill writes on whose behalf a token that was judged good is used. It fills
// in place, since copies of a Principal are a tenth of a check's time.
func (t LiveToken) fill(p *Principal, key *TokenKey) {
	p.Client, p.Grant, p.Scopes = t.Client, GrantClientCredentials, t.Scopes.Within(t.Client.AllowedScopes)
	p.Hash, p.hour = key.Hash, key.Hour
	p.IssuedAt, p.ExpiresAt = time.Unix(int64(t.IssuedAt), 0), time.Unix(int64(t.ExpiresAt), 0)
}

// opens reports whether the token may be used at this resource; empty: none.
func (t LiveToken) opens(resource string) bool { return bindingOpens(t.Resources, resource) }
