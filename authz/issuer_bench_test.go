package authz_test

import (
	"context"
	"testing"

	"scopegate/authz"
)

// discardTokens takes tokens and keeps none, so that only the minting is
// measured.
type discardTokens struct{ authz.Store }

func (discardTokens) PutToken(context.Context, authz.AccessToken) error { return nil }

func BenchmarkMint(b *testing.B) {
	l := newLaw(b)
	c, _ := l.client(b, "invoices.read", "reports.generate")
	l.issuer.Store = discardTokens{l.store}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.issuer.Issue(b.Context(), &c, authz.TokenRequest{Grant: authz.GrantClientCredentials}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAuthenticate(b *testing.B) {
	l := newLaw(b)
	c, secret := l.client(b, "invoices.read")
	l.issuer.Used = nil
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.issuer.Authenticate(b.Context(), string(c.ID), nowhere, secret); err != nil {
			b.Fatal(err)
		}
	}
}
