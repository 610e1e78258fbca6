package authz_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store/memstore"
)

// nowhere is an address that is not known.
var nowhere netip.Addr

// law is a whole authorization server over memory, with a clock of its own.
type law struct {
	now      time.Time
	behind   time.Duration
	store    *memstore.Store
	policy   *authz.CurrentPolicy
	registry *authz.Registry
	issuer   *authz.Issuer
	uses     []authz.Use
	changed  []authz.EventKind // what the audited store told of
}

// engineSource answers token look-ups from the engine itself.
type engineSource struct{ store authz.Store }

func (s engineSource) LookupToken(ctx context.Context, key authz.TokenKey) (authz.LiveToken, error) {
	t, err := s.store.Token(ctx, key)
	if err != nil {
		return authz.LiveToken{}, err
	}
	c, err := s.store.Client(ctx, t.ClientID)
	if err != nil {
		return authz.LiveToken{}, err
	}
	return authz.LiveToken{
		Client: authz.LiveClientOf(&c),
		Terms:  &authz.Terms{Scopes: t.Scopes, Resources: t.Resources, Generation: t.Generation},
		Life:   authz.Life{IssuedAt: secondsOf(t.IssuedAt), ExpiresAt: secondsOf(t.ExpiresAt), Revoked: t.Revoked},
	}, nil
}

func newLaw(t testing.TB) *law {
	t.Helper()
	l := &law{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), store: memstore.New()}
	t.Cleanup(func() { _ = l.store.Close() })
	keys, err := authz.NewHashKeys("k1", nil)
	if err != nil {
		t.Fatal(err)
	}
	ring, now := authz.NewKeyRing(keys), func() time.Time { return l.now }
	l.policy = authz.NewCurrentPolicy(&authz.Policy{
		Realm: "scopegate", TokenPrefix: authz.DefaultTokenPrefix, TokenTTL: time.Hour, MaxTokenTTL: 24 * time.Hour,
		Scopes: authz.NewScopeSet("invoices.read", "invoices.write", "reports.generate"),
	})
	l.registry = &authz.Registry{Store: l.store, Keys: ring, Policy: l.policy, Now: now}
	l.issuer = &authz.Issuer{
		Store: l.store, Keys: ring, Policy: l.policy, Now: now,
		Authorizer: &authz.Authorizer{Tokens: engineSource{l.store}, Now: now},
		Behind:     func() time.Duration { return l.behind },
		Caps:       authz.NewTokenCaps(l.store, now),
		Used:       func(u authz.Use) { l.uses = append(l.uses, u) },
	}
	return l
}

func (l *law) client(t testing.TB, scopes ...authz.Scope) (authz.Client, authz.SecretText) {
	t.Helper()
	c, secret, err := l.registry.Create(t.Context(), authz.Registration{
		Name: "Data Sync Worker", AllowedScopes: scopes, Confidential: true,
	}, authz.By{Actor: "admin:socket"})
	if err != nil {
		t.Fatal(err)
	}
	return c, secret
}

// token issues a token the whole way: authentication, then minting.
func (l *law) token(t *testing.T, id authz.ClientID, secret authz.SecretText, scope string) authz.Issued {
	t.Helper()
	c, err := l.issuer.Authenticate(t.Context(), string(id), nowhere, secret)
	if err != nil {
		t.Fatal(err)
	}
	issued, err := l.issuer.Issue(t.Context(), &c, authz.TokenRequest{Grant: authz.GrantClientCredentials, Scope: scope})
	if err != nil {
		t.Fatal(err)
	}
	return issued
}

// reasonOf says how a request with this token fares on a route that asks for
// the scope.
func (l *law) reasonOf(t *testing.T, text string, scope authz.Scope) authz.Reason {
	t.Helper()
	d := l.issuer.Authorizer.Authorize(t.Context(), authz.Credential{Count: 1, Value: "Bearer " + text},
		&authz.Requirement{Scopes: authz.NewScopeSet(scope)})
	if permit := d.Permit(); permit.Valid() != d.Allowed() {
		t.Errorf("reason %s: permit valid is %t, decision allowed is %t", d.Reason, permit.Valid(), d.Allowed())
	}
	return d.Reason
}
