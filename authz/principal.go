package authz

import (
	"context"
	"slices"
	"time"
)

// LiveClient is what the request path needs of a client, immutable: a change
// to the client makes a new one.
type LiveClient struct {
	ID              ClientID
	OwnerType       string
	OwnerID         string
	Status          Status
	Generation      uint64
	TokensNotBefore int64 // Unix seconds; 0: none
	AllowedScopes   *ScopeSet
	Addresses       Addresses // where it may act from; none: anywhere
	Meter           *Meter    // counts what the client does; nil: nobody does
}

// LiveClientOf makes the request path's view of a stored client.
func LiveClientOf(c *Client) *LiveClient {
	live := &LiveClient{
		ID: c.ID, OwnerType: c.OwnerType, OwnerID: c.OwnerID, Status: c.Status,
		Generation: c.Generation, AllowedScopes: c.AllowedScopes, Addresses: slices.Clone(c.Addresses),
	}
	if !c.TokensNotBefore.IsZero() {
		live.TokensNotBefore = c.TokensNotBefore.Unix()
	}
	return live
}

// LiveToken is what is known of a token at the moment of a check. It is
// judged at use: nothing in it says yet that the token may pass.
type LiveToken struct {
	Client     *LiveClient // the client's state now; nil: the client is unknown
	Scopes     *ScopeSet   // as issued
	Resources  []string    // RFC 8707, as issued
	Generation uint64      // of the client when the token was issued
	IssuedAt   int64       // Unix seconds
	ExpiresAt  int64       // Unix seconds
	Revoked    bool
}

// TokenSource finds tokens for the Authorizer: the store's live view.
type TokenSource interface {
	// LookupToken returns what is known of the token. ErrNotFound means that
	// it does not exist; any other error that the source cannot answer.
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
	key       TokenKey
}

// Can reports whether the principal holds exactly this scope.
func (p *Principal) Can(scope Scope) bool { return p.Scopes.Has(scope) }

// TokenKey returns the key of the principal's token.
func (p *Principal) TokenKey() TokenKey { return p.key }

// judge is the law of one token at one moment: every field is looked at on
// every use, and absence of a record is never what refuses a revoked token.
func (t *LiveToken) judge(now time.Time) Reason {
	switch {
	case t.Client == nil:
		return ReasonUnknownToken
	case t.Revoked:
		return ReasonRevokedToken
	case now.Unix() >= t.ExpiresAt:
		return ReasonExpiredToken
	case t.Client.Status == StatusRevoked:
		return ReasonClientRevoked
	case t.Client.Status == StatusDisabled:
		return ReasonClientDisabled
	case t.Client.Status != StatusActive, t.Generation != t.Client.Generation:
		return ReasonRevokedToken
	case t.IssuedAt < t.Client.TokensNotBefore:
		return ReasonRevokedToken
	}
	return ReasonAllowed
}

// fill writes on whose behalf a token that was judged good is used. It fills
// in place, since copies of a Principal are a tenth of a check's time.
func (t *LiveToken) fill(p *Principal, key *TokenKey) {
	*p = Principal{
		Client: t.Client, Grant: GrantClientCredentials, Scopes: t.Scopes.Within(t.Client.AllowedScopes),
		Hash: key.Hash, IssuedAt: time.Unix(t.IssuedAt, 0), ExpiresAt: time.Unix(t.ExpiresAt, 0), key: *key,
	}
}

// opens reports whether the token may be used at this resource; empty: none.
func (t *LiveToken) opens(resource string) bool { return bindingOpens(t.Resources, resource) }
