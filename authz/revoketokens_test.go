package authz_test

import (
	"testing"
	"time"

	"scopegate/authz"
)

func TestATokenIssuedWithinTheSecondOfTheInstantEnds(t *testing.T) {
	for name, asked := range map[string]time.Duration{"in the same second": 0, "later": time.Hour} {
		t.Run(name, func(t *testing.T) {
			l := newLaw(t)
			c, secret := l.client(t, "invoices.read")
			l.now = l.now.Add(100 * time.Millisecond)
			before := l.token(t, c.ID, secret, "")
			instant := l.now.Add(200 * time.Millisecond)
			l.now = instant.Add(asked)
			if _, err := l.registry.RevokeTokens(t.Context(), c.ID, instant, authz.By{Actor: "admin:socket"}); err != nil {
				t.Fatal(err)
			}
			if got := l.reasonOf(t, before.Text.Text(), "invoices.read"); got != authz.ReasonRevokedToken {
				t.Errorf("a token issued before the instant: %s", got)
			}
			after := l.token(t, c.ID, secret, "")
			if got := l.reasonOf(t, after.Text.Text(), "invoices.read"); got != authz.ReasonAllowed {
				t.Errorf("a token issued after the call: %s", got)
			}
		})
	}
}

func TestTokensOfTheInstantsOwnSecondStay(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read")
	token := l.token(t, c.ID, secret, "")
	instant := l.now
	l.now = l.now.Add(time.Minute)
	if _, err := l.registry.RevokeTokens(t.Context(), c.ID, instant, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	if got := l.reasonOf(t, token.Text.Text(), "invoices.read"); got != authz.ReasonAllowed {
		t.Errorf("a token issued at the instant, a whole second: %s", got)
	}
}
