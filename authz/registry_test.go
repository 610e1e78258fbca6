package authz_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
)

func TestRegisteringShowsTheSecretOnceAndStoresOnlyItsHash(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read")
	if !authz.IsSecretText(secret.Text()) {
		t.Errorf("the secret has not the shape of one")
	}
	if _, err := authz.ParseClientID(string(c.ID)); err != nil || c.ID[14] != '4' {
		t.Errorf("id %q is no UUIDv4", c.ID)
	}
	stored, err := l.store.Client(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if all := fmt.Sprintf("%+v %#v %v", stored, stored, secret); strings.Contains(all, secret.Text()) {
		t.Error("the stored client, printed, holds the secret")
	}
	if want := secret.Text()[:10]; stored.Secrets[0].Preview != want {
		t.Errorf("preview %q, want %q", stored.Secrets[0].Preview, want)
	}
}

func TestBadFieldsAreNamedAndNothingIsStored(t *testing.T) {
	cases := map[string]authz.Registration{
		"name":             {Name: ""},
		"name/line break":  {Name: "a\r\nX-Evil: 1"},
		"name/too long":    {Name: strings.Repeat("x", 201)},
		"allowed_grants":   {Name: "a", AllowedGrants: []authz.GrantType{"password"}},
		"allowed_scopes":   {Name: "a", AllowedScopes: []authz.Scope{"invoice.read"}},
		"allowed_scopes/2": {Name: "a", AllowedScopes: []authz.Scope{"invoices.read", "invoices.read"}},
		"allowed_scopes/3": {Name: "a", AllowedScopes: []authz.Scope{"invoices read"}},
		"owner_id":         {Name: "a", OwnerType: "tenant"},
		"owner_type":       {Name: "a", OwnerID: "42"},
		"owner_id/crlf":    {Name: "a", OwnerType: "tenant", OwnerID: "4\r\n2"},
		"access_token_ttl": {Name: "a", AccessTokenTTL: 25 * time.Hour},
		"labels":           {Name: "a", Labels: map[string]string{"a b": "c"}},
	}
	for name, n := range cases {
		t.Run(name, func(t *testing.T) {
			l := newLaw(t)
			_, _, err := l.registry.Create(t.Context(), n, authz.By{})
			var field *authz.FieldError
			want, _, _ := strings.Cut(name, "/")
			if !errors.As(err, &field) || field.Field != want {
				t.Errorf("error %v, want one about %s", err, want)
			}
			page, err := l.store.Clients(t.Context(), authz.ClientQuery{})
			if err != nil || len(page.Clients) != 0 {
				t.Errorf("%d clients stored, error %v", len(page.Clients), err)
			}
		})
	}
}

func TestRevokingAClientEndsAllItsTokensAndItCannotComeBack(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read")
	var tokens []authz.Issued
	for range 20 {
		tokens = append(tokens, l.token(t, c.ID, secret, ""))
	}
	if _, err := l.registry.Revoke(t.Context(), c.ID, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	for _, token := range tokens {
		if got := l.reasonOf(t, token.Text.Text(), "invoices.read"); got != authz.ReasonClientRevoked {
			t.Fatalf("reason %s, want client_revoked", got)
		}
	}
	if _, err := l.registry.Enable(t.Context(), c.ID, authz.By{Actor: "admin:socket"}); !errors.Is(err, authz.ErrRevoked) {
		t.Errorf("enable: %v, want ErrRevoked", err)
	}
	if _, _, err := l.registry.Rotate(t.Context(), c.ID, 0, authz.By{Actor: "admin:socket"}); !errors.Is(err, authz.ErrRevoked) {
		t.Errorf("rotate: %v, want ErrRevoked", err)
	}
	if _, err := l.issuer.Authenticate(t.Context(), string(c.ID), nowhere, secret); err == nil {
		t.Error("a revoked client authenticates")
	}
}

func TestDisablingEndsTokensThatEnablingDoesNotRevive(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read")
	old := l.token(t, c.ID, secret, "")
	if _, err := l.registry.Disable(t.Context(), c.ID, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	if got := l.reasonOf(t, old.Text.Text(), "invoices.read"); got != authz.ReasonClientDisabled {
		t.Errorf("while disabled: %s", got)
	}
	if _, err := l.registry.Enable(t.Context(), c.ID, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	if got := l.reasonOf(t, old.Text.Text(), "invoices.read"); got != authz.ReasonRevokedToken {
		t.Errorf("after enabling, the old token: %s", got)
	}
	if got := l.reasonOf(t, l.token(t, c.ID, secret, "").Text.Text(), "invoices.read"); got != authz.ReasonAllowed {
		t.Errorf("after enabling, a new token: %s", got)
	}
}

func TestRotationEndsTheOldSecretAtOnceOrAfterItsOverlap(t *testing.T) {
	l := newLaw(t)
	c, first := l.client(t, "invoices.read")
	kept := l.token(t, c.ID, first, "")
	_, second, err := l.registry.Rotate(t.Context(), c.ID, time.Hour, authz.By{Actor: "admin:socket"})
	if err != nil {
		t.Fatal(err)
	}
	for name, secret := range map[string]authz.SecretText{"old": first, "new": second} {
		if _, err := l.issuer.Authenticate(t.Context(), string(c.ID), nowhere, secret); err != nil {
			t.Errorf("within the overlap, the %s secret: %v", name, err)
		}
	}
	l.now = l.now.Add(30 * time.Minute)
	if got := l.reasonOf(t, kept.Text.Text(), "invoices.read"); got != authz.ReasonAllowed {
		t.Errorf("a token issued before the rotation: %s", got)
	}
	l.now = l.now.Add(31 * time.Minute)
	if _, err := l.issuer.Authenticate(t.Context(), string(c.ID), nowhere, first); !errors.Is(err, authz.ErrSecretExpired) {
		t.Errorf("after the overlap, the old secret: %v", err)
	}
	_, third, err := l.registry.Rotate(t.Context(), c.ID, 0, authz.By{Actor: "admin:socket"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.issuer.Authenticate(t.Context(), string(c.ID), nowhere, second); err == nil {
		t.Error("rotated without overlap, the old secret still authenticates")
	}
	if _, err := l.issuer.Authenticate(t.Context(), string(c.ID), nowhere, third); err != nil {
		t.Errorf("the newest secret: %v", err)
	}
}

func TestTheLastSecretGoesOnlyByForce(t *testing.T) {
	l := newLaw(t)
	c, _ := l.client(t)
	var field *authz.FieldError
	if _, err := l.registry.RemoveSecret(t.Context(), c.ID, c.Secrets[0].ID, false, authz.By{Actor: "admin:socket"}); !errors.As(err, &field) {
		t.Errorf("without force: %v", err)
	}
	left, err := l.registry.RemoveSecret(t.Context(), c.ID, c.Secrets[0].ID, true, authz.By{Actor: "admin:socket"})
	if err != nil || len(left.Secrets) != 0 {
		t.Errorf("by force: %d secrets, %v", len(left.Secrets), err)
	}
}

func TestTokensIssuedBeforeAnInstantEnd(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read")
	before := l.token(t, c.ID, secret, "")
	l.now = l.now.Add(10 * time.Second)
	after := l.token(t, c.ID, secret, "")
	if _, err := l.registry.RevokeTokens(t.Context(), c.ID, l.now, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	if got := l.reasonOf(t, before.Text.Text(), "invoices.read"); got != authz.ReasonRevokedToken {
		t.Errorf("the older token: %s", got)
	}
	if got := l.reasonOf(t, after.Text.Text(), "invoices.read"); got != authz.ReasonAllowed {
		t.Errorf("the newer token: %s", got)
	}
}

func TestAScopeTakenFromAClientEndsInItsTokensAtOnce(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read", "invoices.write")
	token := l.token(t, c.ID, secret, "")
	left := []authz.Scope{"invoices.read"}
	if _, err := l.registry.Update(t.Context(), c.ID, authz.Update{AllowedScopes: &left}, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	if got := l.reasonOf(t, token.Text.Text(), "invoices.write"); got != authz.ReasonInsufficientScope {
		t.Errorf("the scope taken: %s", got)
	}
	if got := l.reasonOf(t, token.Text.Text(), "invoices.read"); got != authz.ReasonAllowed {
		t.Errorf("the scope left: %s", got)
	}
}

func TestEveryChangeStandsOnceInTheControlLog(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read")
	token := l.token(t, c.ID, secret, "")
	name := "Renamed"
	steps := []func() error{
		func() error {
			_, err := l.registry.Update(t.Context(), c.ID, authz.Update{Name: &name}, authz.By{Actor: "a"})
			return err
		},
		func() error { _, _, err := l.registry.Rotate(t.Context(), c.ID, 0, authz.By{Actor: "a"}); return err },
		func() error {
			_, err := l.issuer.Revoke(t.Context(), nil, token.Text.Text(), authz.By{Actor: "a"})
			return err
		},
		func() error {
			_, err := l.issuer.Revoke(t.Context(), nil, token.Text.Text(), authz.By{Actor: "a"})
			return err
		},
		func() error { _, err := l.registry.Disable(t.Context(), c.ID, authz.By{Actor: "a"}); return err },
		func() error { _, err := l.registry.Disable(t.Context(), c.ID, authz.By{Actor: "a"}); return err },
		func() error { _, err := l.registry.Enable(t.Context(), c.ID, authz.By{Actor: "a"}); return err },
		func() error { _, err := l.registry.Revoke(t.Context(), c.ID, authz.By{Actor: "a"}); return err },
	}
	for i, step := range steps {
		if err := step(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
	}
	events, err := l.store.Events(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, string(e.Change.Kind))
	}
	want := "client.created client.updated secret.rotated token.revoked client.disabled client.enabled client.revoked"
	if got := strings.Join(kinds, " "); got != want {
		t.Errorf("control log\n got %s\nwant %s", got, want)
	}
}
