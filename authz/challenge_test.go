package authz_test

import (
	"testing"

	"scopegate/authz"
)

func TestChallengeOfADecision(t *testing.T) {
	read, write := authz.Scope("a:read"), authz.Scope("a:write")
	req := &authz.Requirement{Scopes: authz.NewScopeSet(write, read)}
	tests := []struct {
		name   string
		reason authz.Reason
		meta   string
		want   string // empty: no challenge
	}{
		{"RFC 6750 3.1: no token, no error information", authz.ReasonNoToken, "", `Bearer realm="r"`},
		{
			"RFC 9728 5.1: the metadata is named", authz.ReasonNoToken, "https://h/.well-known/oauth-protected-resource",
			`Bearer realm="r", resource_metadata="https://h/.well-known/oauth-protected-resource"`,
		},
		{
			"two Authorization fields", authz.ReasonInvalidRequest, "",
			`Bearer realm="r", error="invalid_request", error_description="Exactly one Authorization field with one bearer token is needed"`,
		},
		{
			"RFC 6750 3.1: both scopes are listed", authz.ReasonInsufficientScope, "",
			`Bearer realm="r", error="insufficient_scope", error_description="The access token lacks a scope", scope="a:read a:write"`,
		},
		{"a client that is not on the list", authz.ReasonClientNotAllowed, "", ""},
		{"a full house", authz.ReasonOverloaded, "", ""},
		{"an allowed request", authz.ReasonAllowed, "", ""},
		{"no reason at all", authz.ReasonNone, "", ""},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			d := authz.Decision{Reason: tc.reason, Requirement: req}
			c, ok := d.Challenge("r", tc.meta)
			if ok != (tc.want != "") {
				t.Fatalf("challenge: got %t, want %t", ok, tc.want != "")
			}
			if got := c.String(); ok && got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestChallengeSaysTheSameForAllThatIsWrongWithAToken(t *testing.T) {
	var texts []string
	for _, r := range []authz.Reason{
		authz.ReasonMalformedToken, authz.ReasonUnknownToken, authz.ReasonExpiredToken, authz.ReasonRevokedToken,
		authz.ReasonClientRevoked, authz.ReasonClientDisabled, authz.ReasonOtherResource,
	} {
		d := authz.Decision{Reason: r}
		c, ok := d.Challenge("r", "")
		if !ok || c.Error != "invalid_token" {
			t.Errorf("%s: got %+v, %t", r, c, ok)
		}
		texts = append(texts, c.String())
	}
	for _, text := range texts {
		if text != texts[0] {
			t.Errorf("two texts: %s and %s", text, texts[0])
		}
	}
}

func TestChallengeCannotBeBrokenOutOf(t *testing.T) {
	c := authz.Challenge{
		Realm: "a\"b\\c\r\nX: y", Error: "e\"", Scope: "s\\\x00", Description: "d\u0085é",
	}
	const want = `Bearer realm="a\"b\\c??X: y", error="e'", error_description="d????", scope="s'?"`
	if got := c.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
