package authz

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"
)

// OAuthCode is an error code of RFC 6749 section 5.2 (or RFC 8707 section 2).
type OAuthCode string

// The error codes that the endpoints answer with.
const (
	CodeInvalidRequest         OAuthCode = "invalid_request"
	CodeInvalidClient          OAuthCode = "invalid_client"
	CodeUnauthorizedClient     OAuthCode = "unauthorized_client"
	CodeUnsupportedGrantType   OAuthCode = "unsupported_grant_type"
	CodeInvalidScope           OAuthCode = "invalid_scope"
	CodeInvalidTarget          OAuthCode = "invalid_target"
	CodeTemporarilyUnavailable OAuthCode = "temporarily_unavailable"
)

// OAuthError is a refusal of the authorization server. Description is for the
// caller, in the alphabet of RFC 6749 section 5.2; Cause is for the operator.
type OAuthError struct {
	Code        OAuthCode
	Description string
	Cause       error
}

// Error implements error, for the operator.
func (e *OAuthError) Error() string {
	if e.Cause != nil {
		return fmt.Sprintf("%s: %v", e.Code, e.Cause)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Description)
}

// Unwrap returns the cause.
func (e *OAuthError) Unwrap() error { return e.Cause }

// The causes of a failed client authentication: one answer to the caller,
// told apart for the operator.
var (
	ErrUnknownClient  = errors.New("unknown client")
	ErrWrongSecret    = errors.New("wrong secret")
	ErrSecretExpired  = errors.New("secret has ended")
	ErrClientInactive = errors.New("client is not active")
	ErrOtherAddress   = errors.New("client may not act from this address")
	// ErrClockBehind: the clock stands too far behind what the store has seen.
	ErrClockBehind = errors.New("the clock is behind what the store has seen")
)

// MaxClockBehind is how far the wall clock may stand behind what the store has
// seen before issuing stops.
const MaxClockBehind = 2 * time.Minute

// Issuer authenticates clients, issues, introspects and revokes tokens.
type Issuer struct {
	Store      Store
	Authorizer *Authorizer
	Keys       *KeyRing
	Policy     *CurrentPolicy
	Now        func() time.Time
	Behind     func() time.Duration // of the clock; nil: never
	Random     io.Reader            // nil: crypto/rand
	Used       func(Use)            // told of each good authentication; nil: nobody
	// Meter returns what counts a client's uses; nil, or a nil one: nobody does.
	Meter func(ClientID) *Meter
	// Caps hold clients to their cap on living tokens; if nil, a client that
	// has one gets no token.
	Caps *TokenCaps
	// Rehash moves a secret that was just presented to the active hash key;
	// nil: secrets stay where they are. It runs before the answer: it is one
	// durable write per secret and rotation, beside the token's own, and so
	// needs no goroutine, no queue and no bound. That it fails refuses nobody.
	Rehash func(ctx context.Context, id ClientID, secretID string, text SecretText)
}

// Authenticate finds the client that knows one of the candidate texts of a
// secret (the same secret, form-decoded and raw: RFC 6749 section 2.3.1). An
// unknown client, a wrong secret, an inactive client and one that calls from
// where it may not cost the same work and give the same answer: an *OAuthError
// with CodeInvalidClient. Whoever found a secret and tries it from elsewhere
// must not learn that it is one. An address that is not known, the zero one,
// is on no client's list.
//
// Only who is let in has used the secret. Beside ErrOtherAddress the client
// has its id and nothing else, for the log.
func (s *Issuer) Authenticate(ctx context.Context, id string, from netip.Addr, candidates ...SecretText) (Client, error) {
	keys := s.Keys.Keys()
	sums := make([]hashed, 0, len(candidates)*len(keys.order))
	for _, text := range candidates {
		for _, keyID := range keys.order {
			sums = append(sums, hashed{keyID, keys.hashUnder(keyID, text.text)})
		}
	}
	clientID, err := ParseClientID(id)
	var c Client
	if err == nil {
		c, err = s.Store.Client(ctx, clientID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return Client{}, unavailable(err)
		}
	}
	if err != nil {
		_, _, _ = matchSecret(&decoy, sums, s.Now())
		return Client{}, invalidClient(ErrUnknownClient)
	}
	secret, at, cause := matchSecret(&c, sums, s.Now())
	switch {
	case cause != nil:
		return Client{}, invalidClient(cause)
	case c.Status != StatusActive:
		return Client{}, invalidClient(ErrClientInactive)
	case !c.Addresses.Permits(from):
		return Client{ID: c.ID}, invalidClient(ErrOtherAddress)
	}
	if s.Used != nil {
		s.Used(Use{Client: c.ID, Secret: secret, At: s.Now()})
	}
	if s.Rehash != nil && sums[at].keyID != keys.active {
		s.Rehash(ctx, c.ID, secret, candidates[at/len(keys.order)])
	}
	return c, nil
}

// hashed is a presented secret under one hash key.
type hashed struct {
	keyID string
	sum   [32]byte
}

// decoy takes the place of an unknown client, so that it costs the same.
var decoy = Client{Secrets: make([]Secret, 1)}

// matchSecret compares every presented hash with every secret, without
// stopping at the first that fits. at is the place of the sum that fitted.
func matchSecret(c *Client, sums []hashed, now time.Time) (id string, at int, cause error) {
	cause = ErrWrongSecret
	for i := range c.Secrets {
		secret := &c.Secrets[i]
		for j := range sums {
			equal := hmac.Equal(sums[j].sum[:], secret.Hash[:]) && sums[j].keyID == secret.HashKeyID
			switch {
			case equal && secret.Live(now):
				id, at, cause = secret.ID, j, nil
			case equal && id == "":
				cause = ErrSecretExpired
			}
		}
	}
	return id, at, cause
}

func invalidClient(cause error) error {
	return &OAuthError{Code: CodeInvalidClient, Description: "client authentication failed", Cause: cause}
}

func unavailable(cause error) error {
	return &OAuthError{Code: CodeTemporarilyUnavailable, Description: "the store cannot answer now", Cause: cause}
}

// TokenRequest is what an authenticated client asks for.
type TokenRequest struct {
	Grant GrantType
	Scope string // as sent; empty: all that the client may have
	// Resources are the resource indicators (RFC 8707) that the token shall be
	// bound to; none: it is bound to none.
	Resources []string
}

// Issued is a token just made; Text is its one appearance.
type Issued struct {
	Text   BearerToken
	Record AccessToken
	TTL    time.Duration // what is left, in whole seconds
}

// Issue makes a token for an authenticated client (RFC 6749 section 4.4). It
// is durable when Issue returns nil. A refusal is an *OAuthError.
func (s *Issuer) Issue(ctx context.Context, c *Client, req TokenRequest) (Issued, error) {
	policy := s.Policy.Load()
	switch {
	case req.Grant == "":
		return Issued{}, &OAuthError{Code: CodeInvalidRequest, Description: "grant_type is missing"}
	case req.Grant != GrantClientCredentials:
		return Issued{}, &OAuthError{Code: CodeUnsupportedGrantType, Description: "the only grant type is client_credentials"}
	case !c.MayUse(req.Grant):
		return Issued{}, &OAuthError{Code: CodeUnauthorizedClient, Description: "the client may not use this grant type"}
	case !c.Confidential:
		return Issued{}, &OAuthError{Code: CodeUnauthorizedClient, Description: "only a confidential client may use this grant type"}
	}
	scopes, err := grant(policy, c, req.Scope)
	if err != nil {
		return Issued{}, err
	}
	resources, err := policy.bindTo(req.Resources)
	if err != nil {
		return Issued{}, err
	}
	if s.Behind != nil {
		if behind := s.Behind(); behind > MaxClockBehind {
			return Issued{}, unavailable(fmt.Errorf("%w by %s", ErrClockBehind, behind))
		}
	}
	return s.mint(ctx, policy, c, scopes, resources)
}

// grant narrows the asked scopes to what the client may have: no silent
// narrowing of what was asked by name.
func grant(policy *Policy, c *Client, asked string) (*ScopeSet, error) {
	if asked == "" {
		granted := policy.Granted(c)
		if granted.Len() == 0 && c.AllowedScopes.Len() > 0 {
			return nil, &OAuthError{Code: CodeInvalidScope, Description: "none of the client's scopes is in the catalogue any more"}
		}
		return granted, nil
	}
	scopes, err := ParseScopeSet(asked)
	if err != nil {
		return nil, &OAuthError{Code: CodeInvalidScope, Description: "scope is malformed", Cause: err}
	}
	for _, scope := range scopes.list {
		if !policy.Knows(scope) || !c.AllowedScopes.Has(scope) {
			return nil, &OAuthError{
				Code: CodeInvalidScope, Description: "a requested scope is unknown or not allowed to this client",
				Cause: scopeCause(policy, scope),
			}
		}
	}
	return scopes, nil
}

// scopeCause names a scope to the operator only if the catalogue does: any
// other text is the caller's, and may be a token sent in the wrong place.
func scopeCause(policy *Policy, scope Scope) error {
	if policy.Knows(scope) {
		return fmt.Errorf("scope %q is not allowed to the client", string(scope))
	}
	return errors.New("a scope that the catalogue does not name")
}

// mint makes, stores and returns the token. Its end is rounded up to whole
// seconds, so that what the caller is told is never more than what is left.
func (s *Issuer) mint(ctx context.Context, policy *Policy, c *Client, scopes *ScopeSet, resources []string) (Issued, error) {
	now := s.Now()
	ttl := policy.TTL(c).Truncate(time.Second)
	end := now.Add(ttl + time.Second - 1).Truncate(time.Second)
	text, key, err := newToken(policy.TokenPrefix, HourOf(end), s.Random)
	if err != nil {
		return Issued{}, unavailable(err)
	}
	record := AccessToken{
		Key: key, ClientID: c.ID, Generation: c.Generation, Grant: GrantClientCredentials, Scopes: scopes, Resources: resources,
		IssuedAt: now.UTC().Truncate(time.Second), ExpiresAt: end.UTC(),
	}
	if err := s.put(ctx, c, &record); err != nil {
		return Issued{}, err
	}
	s.meter(c.ID).Issued(&record)
	return Issued{Text: text, Record: record, TTL: ttl}, nil
}

// Introspection is what may be said of a token (RFC 7662 section 2.2). Only
// Active counts when it is false.
type Introspection struct {
	Active    bool
	Principal Principal
	Resources []string // RFC 8707: those that the token is bound to; none: it is bound to none
	Reason    Reason   // why it is not active, for the operator
}

// Introspect says whether a token lives. A client hears only of its own
// tokens, unless it holds ScopeIntrospect; a nil caller is the administrator.
// The error is an *OAuthError when the store cannot answer.
func (s *Issuer) Introspect(ctx context.Context, caller *Client, text string) (Introspection, error) {
	key, ok := ParseToken(text)
	if !ok {
		return Introspection{Reason: ReasonMalformedToken}, nil
	}
	p, resources, reason, err := s.identifyAnywhere(ctx, key)
	if err != nil {
		return Introspection{}, unavailable(err)
	}
	if reason != ReasonAllowed {
		return Introspection{Reason: reason}, nil
	}
	if caller != nil && caller.ID != p.Client.ID {
		if !caller.AllowedScopes.Has(ScopeIntrospect) {
			return Introspection{Reason: ReasonClientNotAllowed}, nil
		}
		s.meter(caller.ID).Use(ScopeIntrospect, s.Now().Unix())
	}
	return Introspection{Active: true, Principal: p, Resources: resources, Reason: reason}, nil
}

func (s *Issuer) meter(id ClientID) *Meter {
	if s.Meter == nil {
		return nil
	}
	return s.Meter(id)
}

// identifyAnywhere identifies a token whatever resources it is bound to, and
// returns those of one that lives.
func (s *Issuer) identifyAnywhere(ctx context.Context, key TokenKey) (Principal, []string, Reason, error) {
	live, err := s.Authorizer.Tokens.LookupToken(ctx, key)
	if errors.Is(err, ErrNotFound) {
		return Principal{}, nil, ReasonUnknownToken, nil
	}
	if err != nil {
		return Principal{}, nil, ReasonStoreUnavailable, err
	}
	reason := live.judge(s.Now())
	if reason != ReasonAllowed {
		return Principal{}, nil, reason, nil
	}
	var p Principal
	live.fill(&p, &key)
	return p, live.Resources, reason, nil
}

// Revoke ends a token of the calling client (RFC 7009); a nil caller is the
// administrator. An unknown or dead token is no error: it is what was asked
// for. revoked reports whether a living token was ended by this call.
func (s *Issuer) Revoke(ctx context.Context, caller *Client, text string, by By) (revoked bool, err error) {
	key, ok := ParseToken(text)
	if !ok {
		return false, nil
	}
	t, err := s.Store.Token(ctx, key)
	return s.revoke(ctx, caller, t, err, by)
}

// RevokeID ends a token by its public id, for the administrator. ErrNotFound
// where there is no such token.
func (s *Issuer) RevokeID(ctx context.Context, id TokenID, by By) (revoked bool, err error) {
	t, err := s.Store.TokenByID(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return false, err
	}
	return s.revoke(ctx, nil, t, err, by)
}

func (s *Issuer) revoke(ctx context.Context, caller *Client, t AccessToken, err error, by By) (bool, error) {
	if err := by.Check(); err != nil {
		return false, err
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return false, nil
	case err != nil:
		return false, unavailable(err)
	case caller != nil && caller.ID != t.ClientID:
		return false, &OAuthError{Code: CodeUnauthorizedClient, Description: "the token was not issued to this client"}
	case !s.Now().Before(t.ExpiresAt):
		return false, nil
	}
	// Also where t is revoked already: the call that did it may still wait for
	// the disk, and until that is done this one must not be answered either.
	ch := by.change(EventTokenRevoked)
	ch.At = s.Now().UTC()
	ch.say("token " + string(t.Key.Hash.ID()) + " ends before " + t.ExpiresAt.UTC().Format(time.RFC3339))
	if err := s.Store.RevokeToken(ctx, t, ch); err != nil {
		return false, unavailable(err)
	}
	s.Caps.ended(&t)
	return !t.Revoked, nil
}

// UngrantableScopes returns the scopes of a client that the catalogue does not
// name, which are not issued any more.
func UngrantableScopes(p *Policy, c *Client) []Scope {
	return slices.DeleteFunc(c.AllowedScopes.List(), p.Knows)
}
