package authz_test

import (
	"errors"
	"testing"
	"time"

	"scopegate/authz"
)

func codeOf(err error) authz.OAuthCode {
	if oe, ok := errors.AsType[*authz.OAuthError](err); ok {
		return oe.Code
	}
	return ""
}

func TestAuthenticationGivesOneAnswerForAllFailures(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t)
	other, _ := l.client(t)
	disabled, disabledSecret := l.client(t)
	if _, err := l.registry.Disable(t.Context(), disabled.ID, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		id     string
		secret authz.SecretText
		cause  error
	}{
		"unknown client":         {"00000000-0000-4000-8000-000000000000", secret, authz.ErrUnknownClient},
		"no UUID":                {"admin", secret, authz.ErrUnknownClient},
		"wrong secret":           {string(c.ID), authz.NewSecretText("spocs_wrong"), authz.ErrWrongSecret},
		"empty secret":           {string(c.ID), authz.NewSecretText(""), authz.ErrWrongSecret},
		"another client's":       {string(other.ID), secret, authz.ErrWrongSecret},
		"disabled, right secret": {string(disabled.ID), disabledSecret, authz.ErrClientInactive},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := l.issuer.Authenticate(t.Context(), tc.id, nowhere, tc.secret)
			var oe *authz.OAuthError
			if !errors.As(err, &oe) || oe.Code != authz.CodeInvalidClient || oe.Description != "client authentication failed" {
				t.Errorf("got %v", err)
			}
			if !errors.Is(err, tc.cause) {
				t.Errorf("cause %v, want %v", err, tc.cause)
			}
		})
	}
	if len(l.uses) != 0 {
		t.Errorf("failed attempts were noted as uses: %v", l.uses)
	}
	if _, err := l.issuer.Authenticate(t.Context(), string(c.ID), nowhere, authz.NewSecretText("x"), secret); err != nil {
		t.Errorf("the right secret as second candidate: %v", err)
	}
	if len(l.uses) != 1 || l.uses[0].Client != c.ID || l.uses[0].Secret != c.Secrets[0].ID {
		t.Errorf("uses %v", l.uses)
	}
}

func TestSecretsVerifyUnderTheirOwnHashKeyAfterANewOneIsActive(t *testing.T) {
	l := newLaw(t)
	old, oldSecret := l.client(t)
	keys, err := l.issuer.Keys.Keys().WithNew("k2", nil)
	if err != nil {
		t.Fatal(err)
	}
	l.issuer.Keys.Set(keys)
	young, youngSecret := l.client(t)
	if got := young.Secrets[0].HashKeyID; got != "k2" {
		t.Errorf("a new secret is hashed under %s", got)
	}
	for id, secret := range map[authz.ClientID]authz.SecretText{old.ID: oldSecret, young.ID: youngSecret} {
		if _, err := l.issuer.Authenticate(t.Context(), string(id), nowhere, secret); err != nil {
			t.Errorf("client %s: %v", id, err)
		}
	}
	parsed, err := authz.ParseHashKeys(keys.Encode())
	if err != nil || parsed.Active() != "k2" || len(parsed.IDs()) != 2 {
		t.Errorf("keys do not survive their file: %v", err)
	}
}

func TestScopesAreGrantedExactlyOrNotAtAll(t *testing.T) {
	l := newLaw(t)
	c, _ := l.client(t, "invoices.read", "reports.generate")
	cases := map[string]struct {
		asked string
		want  string
		code  authz.OAuthCode
	}{
		"none asked: all":            {"", "invoices.read reports.generate", ""},
		"one":                        {"invoices.read", "invoices.read", ""},
		"order and repetition":       {"reports.generate invoices.read invoices.read", "invoices.read reports.generate", ""},
		"unknown":                    {"nosuch", "", authz.CodeInvalidScope},
		"known, not allowed":         {"invoices.write", "", authz.CodeInvalidScope},
		"mixed: no silent narrowing": {"invoices.read invoices.write", "", authz.CodeInvalidScope},
		"case counts":                {"INVOICES.READ", "", authz.CodeInvalidScope},
		"two spaces":                 {"invoices.read  reports.generate", "", authz.CodeInvalidScope},
		"quote":                      {`invoices.read"`, "", authz.CodeInvalidScope},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			issued, err := l.issuer.Issue(t.Context(), &c, authz.TokenRequest{Grant: authz.GrantClientCredentials, Scope: tc.asked})
			if codeOf(err) != tc.code || err == nil && issued.Record.Scopes.String() != tc.want {
				t.Errorf("scopes %q, error %v", issued.Record.Scopes, err)
			}
		})
	}
}

func TestAScopeThatLeftTheCatalogueIsNotIssued(t *testing.T) {
	l := newLaw(t)
	c, _ := l.client(t, "invoices.read", "reports.generate")
	only, _ := l.client(t, "reports.generate")
	none, _ := l.client(t)
	p := *l.policy.Load()
	p.Scopes = authz.NewScopeSet("invoices.read")
	l.policy.Store(&p)
	ask := authz.TokenRequest{Grant: authz.GrantClientCredentials}
	if issued, err := l.issuer.Issue(t.Context(), &c, ask); err != nil || issued.Record.Scopes.String() != "invoices.read" {
		t.Errorf("scopes %q, error %v", issued.Record.Scopes, err)
	}
	if _, err := l.issuer.Issue(t.Context(), &only, ask); codeOf(err) != authz.CodeInvalidScope {
		t.Errorf("a client with no scope left: %v", err)
	}
	if issued, err := l.issuer.Issue(t.Context(), &none, ask); err != nil || issued.Record.Scopes.Len() != 0 {
		t.Errorf("a client that never had a scope: %q, %v", issued.Record.Scopes, err)
	}
	if got := authz.UngrantableScopes(&p, &c); len(got) != 1 || got[0] != "reports.generate" {
		t.Errorf("ungrantable %v", got)
	}
}

func TestGrantsAreRefusedInOrder(t *testing.T) {
	l := newLaw(t)
	c, _ := l.client(t)
	noGrant, public := c.Clone(), c.Clone()
	noGrant.AllowedGrants = nil
	public.Confidential = false
	cases := map[string]struct {
		client authz.Client
		grant  authz.GrantType
		code   authz.OAuthCode
	}{
		"missing":          {c, "", authz.CodeInvalidRequest},
		"unknown":          {c, "password", authz.CodeUnsupportedGrantType},
		"case counts":      {c, "Client_Credentials", authz.CodeUnsupportedGrantType},
		"not allowed":      {noGrant, authz.GrantClientCredentials, authz.CodeUnauthorizedClient},
		"not confidential": {public, authz.GrantClientCredentials, authz.CodeUnauthorizedClient},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := l.issuer.Issue(t.Context(), &tc.client, authz.TokenRequest{Grant: tc.grant}); codeOf(err) != tc.code {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestATokenLivesItsTimeAndNotASecondMore(t *testing.T) {
	l := newLaw(t)
	l.now = l.now.Add(300 * time.Millisecond)
	c, secret, err := l.registry.Create(t.Context(), authz.Registration{Name: "short", AllowedScopes: []authz.Scope{"invoices.read"}, Confidential: true, AccessTokenTTL: 3 * time.Second}, authz.By{})
	if err != nil {
		t.Fatal(err)
	}
	issued := l.token(t, c.ID, secret, "")
	if issued.TTL != 3*time.Second {
		t.Errorf("told %s", issued.TTL)
	}
	start := l.now
	for after, want := range map[time.Duration]authz.Reason{
		2 * time.Second: authz.ReasonAllowed, 2999 * time.Millisecond: authz.ReasonAllowed, 4 * time.Second: authz.ReasonExpiredToken,
	} {
		l.now = start.Add(after)
		if got := l.reasonOf(t, issued.Text.Text(), "invoices.read"); got != want {
			t.Errorf("after %s: %s, want %s", after, got, want)
		}
	}
}

func TestIssuingStopsWhileTheClockIsFarBehind(t *testing.T) {
	l := newLaw(t)
	c, _ := l.client(t)
	l.behind = authz.MaxClockBehind + time.Second
	_, err := l.issuer.Issue(t.Context(), &c, authz.TokenRequest{Grant: authz.GrantClientCredentials})
	if codeOf(err) != authz.CodeTemporarilyUnavailable || !errors.Is(err, authz.ErrClockBehind) {
		t.Errorf("got %v", err)
	}
	l.behind = time.Second
	if _, err := l.issuer.Issue(t.Context(), &c, authz.TokenRequest{Grant: authz.GrantClientCredentials}); err != nil {
		t.Errorf("a second behind: %v", err)
	}
}

func TestAClientHearsAndRevokesOnlyItsOwnTokens(t *testing.T) {
	l := newLaw(t)
	mine, mySecret := l.client(t, "invoices.read")
	other, _ := l.client(t, "invoices.read")
	inspector, _ := l.client(t, authz.ScopeIntrospect)
	token := l.token(t, mine.ID, mySecret, "").Text.Text()

	for name, tc := range map[string]struct {
		caller *authz.Client
		active bool
	}{"own": {&mine, true}, "another's": {&other, false}, "inspector": {&inspector, true}, "administrator": {nil, true}} {
		if in, err := l.issuer.Introspect(t.Context(), tc.caller, token); err != nil || in.Active != tc.active {
			t.Errorf("introspection by %s: active %t, %v", name, in.Active, err)
		}
	}
	if _, err := l.issuer.Revoke(t.Context(), &other, token, authz.By{Actor: "x"}); codeOf(err) != authz.CodeUnauthorizedClient {
		t.Errorf("revocation by another client: %v", err)
	}
	if got := l.reasonOf(t, token, "invoices.read"); got != authz.ReasonAllowed {
		t.Errorf("after another client's try: %s", got)
	}
	if revoked, err := l.issuer.Revoke(t.Context(), &mine, token, authz.By{Actor: "x"}); err != nil || !revoked {
		t.Errorf("own revocation: %t, %v", revoked, err)
	}
	if got := l.reasonOf(t, token, "invoices.read"); got != authz.ReasonRevokedToken {
		t.Errorf("after revocation: %s", got)
	}
	if revoked, err := l.issuer.Revoke(t.Context(), &mine, token, authz.By{Actor: "x"}); err != nil || revoked {
		t.Errorf("a second revocation: %t, %v", revoked, err)
	}
	if in, err := l.issuer.Introspect(t.Context(), &mine, token); err != nil || in.Active || in.Reason != authz.ReasonRevokedToken {
		t.Errorf("introspection after revocation: %+v, %v", in, err)
	}
}

func TestATokenIsRevokedByItsPublicID(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read")
	issued := l.token(t, c.ID, secret, "")
	if revoked, err := l.issuer.RevokeID(t.Context(), issued.Record.Key.Hash.ID(), authz.By{Actor: "admin:socket"}); err != nil || !revoked {
		t.Fatalf("revoked %t, %v", revoked, err)
	}
	if got := l.reasonOf(t, issued.Text.Text(), "invoices.read"); got != authz.ReasonRevokedToken {
		t.Errorf("got %s", got)
	}
	if _, err := l.issuer.RevokeID(t.Context(), "0000000000000000", authz.By{Actor: "admin:socket"}); !errors.Is(err, authz.ErrNotFound) {
		t.Errorf("an unknown id: %v", err)
	}
}
