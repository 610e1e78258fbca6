package authz_test

import (
	"testing"

	"scopegate/authz"
)

func TestIssuedTokensAndIntrospectionsAreMetered(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read")
	backend, _ := l.client(t, authz.ScopeIntrospect)
	meters := map[authz.ClientID]*authz.Meter{c.ID: granted("invoices.read"), backend.ID: granted(authz.ScopeIntrospect)}
	l.issuer.Meter = func(id authz.ClientID) *authz.Meter { return meters[id] }

	token := l.token(t, c.ID, secret, "")
	l.store.Fail(nil, authz.ErrFull)
	if _, err := l.issuer.Issue(t.Context(), &c, authz.TokenRequest{Grant: authz.GrantClientCredentials}); err == nil {
		t.Fatal("a token was issued while the store is full")
	}
	l.store.Fail(nil, nil)
	if got := meters[c.ID].Usage(l.now).Total; got != (authz.Tally{Tokens: 1}) {
		t.Errorf("counted %+v, want the one token", got)
	}

	introspect := func(caller *authz.Client) {
		if _, err := l.issuer.Introspect(t.Context(), caller, token.Text.Text()); err != nil {
			t.Fatal(err)
		}
	}
	introspect(nil)
	introspect(&c) // its own: no scope is needed
	introspect(&backend)
	introspect(&backend)
	if got := meters[backend.ID].Usage(l.now).Scopes[0]; got.Uses != 2 || !got.LastUsedAt.Equal(l.now) {
		t.Errorf("%s: %d uses, last at %s", got.Scope, got.Uses, got.LastUsedAt)
	}
}
