package authz_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
)

// desk knows the tokens that a test put on it.
type desk struct {
	tokens map[authz.TokenKey]authz.LiveToken
	err    error
}

func (d *desk) LookupToken(_ context.Context, key authz.TokenKey) (authz.LiveToken, error) {
	if d.err != nil {
		return authz.LiveToken{}, d.err
	}
	live, ok := d.tokens[key]
	if !ok {
		return authz.LiveToken{}, authz.ErrNotFound
	}
	return live, nil
}

const (
	worker authz.ClientID = "7f0c0000-0000-4000-8000-000000000001"
	other  authz.ClientID = "7f0c0000-0000-4000-8000-000000000002"
)

func liveClient() *authz.LiveClient {
	return &authz.LiveClient{
		ID: worker, OwnerType: "tenant", OwnerID: "42", Status: authz.StatusActive, Generation: 3,
		AllowedScopes: authz.NewScopeSet("invoices.read", "invoices.write"),
	}
}

func secondsOf(t time.Time) authz.Seconds { return authz.SecondsOf(t.Unix()) }

// liveToken is a token that lives at noon and may read invoices.
func liveToken() authz.LiveToken {
	return authz.LiveToken{
		Client: liveClient(), Terms: &authz.Terms{Scopes: authz.NewScopeSet("invoices.read"), Generation: 3},
		Life: authz.Life{IssuedAt: secondsOf(noon.Add(-time.Hour)), ExpiresAt: secondsOf(noon.Add(time.Hour))},
	}
}

// atNoon returns an Authorizer that knows the one token, under sampleToken.
func atNoon(live authz.LiveToken) (*authz.Authorizer, *desk) {
	key, _ := authz.ParseToken(sampleToken)
	d := &desk{tokens: map[authz.TokenKey]authz.LiveToken{key: live}}
	return &authz.Authorizer{Tokens: d, Now: func() time.Time { return noon }}, d
}

func bearing(text string) authz.Credential {
	return authz.Credential{Count: 1, Value: "Bearer " + text}
}

func reading() *authz.Requirement {
	return &authz.Requirement{Scopes: authz.NewScopeSet("invoices.read")}
}

func TestTheStateOfATokenDecides(t *testing.T) {
	cases := []struct {
		name string
		is   func(*authz.LiveToken)
		want authz.Reason
	}{
		{"alive", func(*authz.LiveToken) {}, authz.ReasonAllowed},
		{"in its last second", func(l *authz.LiveToken) { l.ExpiresAt = secondsOf(noon) + 1 }, authz.ReasonAllowed},
		{"at its end", func(l *authz.LiveToken) { l.ExpiresAt = secondsOf(noon) }, authz.ReasonExpiredToken},
		{"after its end", func(l *authz.LiveToken) { l.ExpiresAt = secondsOf(noon) - 1 }, authz.ReasonExpiredToken},
		{"at the end of time", func(l *authz.LiveToken) { l.ExpiresAt = authz.SecondsOf(1 << 40) }, authz.ReasonAllowed},
		{"that ended before 1970", func(l *authz.LiveToken) { l.ExpiresAt = authz.SecondsOf(-1) }, authz.ReasonExpiredToken},
		{"without an end", func(l *authz.LiveToken) { l.ExpiresAt = 0 }, authz.ReasonExpiredToken},
		{"revoked", func(l *authz.LiveToken) { l.Revoked = true }, authz.ReasonRevokedToken},
		{"of an unknown client", func(l *authz.LiveToken) { l.Client = nil }, authz.ReasonUnknownToken},
		{"without terms", func(l *authz.LiveToken) { l.Terms = nil }, authz.ReasonUnknownToken},
		{"of a revoked client", func(l *authz.LiveToken) { l.Client.Status = authz.StatusRevoked }, authz.ReasonClientRevoked},
		{"of a disabled client", func(l *authz.LiveToken) { l.Client.Status = authz.StatusDisabled }, authz.ReasonClientDisabled},
		{"of a client without a status", func(l *authz.LiveToken) { l.Client.Status = "" }, authz.ReasonRevokedToken},
		{"of a client with a status unheard of", func(l *authz.LiveToken) { l.Client.Status = "ACTIVE" }, authz.ReasonRevokedToken},
		{"of an older generation", func(l *authz.LiveToken) { l.Generation = 2 }, authz.ReasonRevokedToken},
		{"of a newer generation", func(l *authz.LiveToken) { l.Generation = 4 }, authz.ReasonRevokedToken},
		{"issued before the cut", func(l *authz.LiveToken) { l.Client.TokensNotBefore = int64(l.IssuedAt) + 1 }, authz.ReasonRevokedToken},
		{"issued at the cut", func(l *authz.LiveToken) { l.Client.TokensNotBefore = int64(l.IssuedAt) }, authz.ReasonAllowed},
		{"without the scope", func(l *authz.LiveToken) { l.Scopes = authz.NewScopeSet("invoices.write") }, authz.ReasonInsufficientScope},
		{"without scopes", func(l *authz.LiveToken) { l.Scopes = nil }, authz.ReasonInsufficientScope},
		{"whose client lost the scope", func(l *authz.LiveToken) { l.Client.AllowedScopes = nil }, authz.ReasonInsufficientScope},
		{"bound to a resource", func(l *authz.LiveToken) { l.Resources = []string{"https://a.example"} }, authz.ReasonOtherResource},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			live := liveToken()
			c.is(&live)
			a, _ := atNoon(live)
			d := a.Authorize(t.Context(), bearing(sampleToken), reading())
			if d.Reason != c.want {
				t.Fatalf("reason is %s, want %s", d.Reason, c.want)
			}
			permit := d.Permit()
			if want := c.want == authz.ReasonAllowed; d.Allowed() != want || permit.Valid() != want {
				t.Errorf("allowed is %t, permit valid %t, want %t", d.Allowed(), permit.Valid(), want)
			}
			if known := d.Principal.Client != nil; known != (c.want == authz.ReasonAllowed || c.want == authz.ReasonInsufficientScope) {
				t.Errorf("a principal is told: %t, reason %s", known, c.want)
			}
			key, _ := authz.ParseToken(sampleToken)
			if _, again, err := a.Identify(t.Context(), key, ""); err != nil || c.want != authz.ReasonInsufficientScope && again != c.want {
				t.Errorf("Identify says %s (%v)", again, err)
			}
		})
	}
}

func TestThePrincipalIsWhoTheTokenIsOf(t *testing.T) {
	live := liveToken()
	live.Scopes = authz.NewScopeSet("invoices.read", "reports.generate") // the client lost the second
	a, _ := atNoon(live)
	d := a.Authorize(t.Context(), bearing(sampleToken), reading())
	permit := d.Permit()
	p, ok := permit.Principal()
	if !ok || !permit.Valid() {
		t.Fatalf("no principal: %s", d.Reason)
	}
	if p.Client != live.Client || p.Grant != authz.GrantClientCredentials || p.Scopes.String() != "invoices.read" {
		t.Errorf("principal is %+v", p)
	}
	if !p.Can("invoices.read") || p.Can("reports.generate") {
		t.Errorf("the principal's scopes are %q", p.Scopes)
	}
	key, _ := authz.ParseToken(sampleToken)
	if p.TokenKey() != key || p.Hash != key.Hash {
		t.Errorf("the principal's token is %s", p.Hash.ID())
	}
	if p.IssuedAt.Unix() != int64(live.IssuedAt) || p.ExpiresAt.Unix() != int64(live.ExpiresAt) {
		t.Errorf("it lives from %s to %s", p.IssuedAt, p.ExpiresAt)
	}
}

func TestTheRequirementDecides(t *testing.T) {
	set := authz.NewScopeSet
	clients := func(ids ...authz.ClientID) map[authz.ClientID]struct{} {
		m := map[authz.ClientID]struct{}{}
		for _, id := range ids {
			m[id] = struct{}{}
		}
		return m
	}
	cases := []struct {
		name string
		req  authz.Requirement
		want authz.Reason
	}{
		{"nothing demanded refuses", authz.Requirement{}, authz.ReasonInternal},
		{"empty lists refuse", authz.Requirement{Scopes: set(), AnyScope: set(), Clients: clients()}, authz.ReasonInternal},
		{"all of one", authz.Requirement{Scopes: set("invoices.read")}, authz.ReasonAllowed},
		{"all of two, one is there", authz.Requirement{Scopes: set("invoices.read", "invoices.write")}, authz.ReasonInsufficientScope},
		{"any of two, one is there", authz.Requirement{AnyScope: set("invoices.read", "invoices.admin")}, authz.ReasonAllowed},
		{"any of two, none is there", authz.Requirement{AnyScope: set("invoices.write", "invoices.admin")}, authz.ReasonInsufficientScope},
		{"all and any", authz.Requirement{Scopes: set("invoices.read"), AnyScope: set("invoices.admin")}, authz.ReasonInsufficientScope},
		{"listed client", authz.Requirement{Clients: clients(other, worker)}, authz.ReasonAllowed},
		{"other client", authz.Requirement{Clients: clients(other)}, authz.ReasonClientNotAllowed},
		{"other client hears nothing of scopes", authz.Requirement{Clients: clients(other), Scopes: set("x")}, authz.ReasonClientNotAllowed},
		{"an empty list is nobody", authz.Requirement{Clients: clients(), Scopes: set("invoices.read")}, authz.ReasonClientNotAllowed},
		{"listed client without scope", authz.Requirement{Clients: clients(worker), Scopes: set("x")}, authz.ReasonInsufficientScope},
		{"scopes are case-sensitive", authz.Requirement{Scopes: set("Invoices.Read")}, authz.ReasonInsufficientScope},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, _ := atNoon(liveToken())
			d := a.Authorize(t.Context(), bearing(sampleToken), &c.req)
			permit := d.Permit()
			if d.Reason != c.want || permit.Valid() != (c.want == authz.ReasonAllowed) {
				t.Errorf("reason is %s (permit %t), want %s", d.Reason, permit.Valid(), c.want)
			}
			if d.Requirement != &c.req {
				t.Error("the decision does not say what was asked")
			}
		})
	}
}

func TestNeededScopesOfRFC6750Section3(t *testing.T) {
	set := authz.NewScopeSet
	for want, req := range map[string]authz.Requirement{
		"":      {},
		"a b":   {Scopes: set("b", "a")},
		"c d":   {AnyScope: set("d", "c")},
		"a b c": {Scopes: set("a", "b"), AnyScope: set("b", "c")},
	} {
		if got := req.NeededScopes(); got != want {
			t.Errorf("%+v needs %q, want %q", req, got, want)
		}
	}
}

func TestATokenBoundToResourcesOpensOnlyThem(t *testing.T) {
	live := liveToken()
	live.Resources = []string{"https://a.example", "https://b.example"}
	a, _ := atNoon(live)
	for resource, want := range map[string]authz.Reason{
		"": authz.ReasonOtherResource, "https://a.example": authz.ReasonAllowed, "https://b.example": authz.ReasonAllowed,
		"https://c.example": authz.ReasonOtherResource, "https://a.example/": authz.ReasonOtherResource,
	} {
		req := reading()
		req.Resource = resource
		if d := a.Authorize(t.Context(), bearing(sampleToken), req); d.Reason != want {
			t.Errorf("at %q: %s, want %s", resource, d.Reason, want)
		}
	}
	a, _ = atNoon(liveToken())
	req := reading()
	req.Resource = "https://a.example"
	if d := a.Authorize(t.Context(), bearing(sampleToken), req); d.Reason != authz.ReasonAllowed {
		t.Errorf("a token bound to nothing: %s, want allowed", d.Reason)
	}
}

func TestAPublicRouteLooksAtNoToken(t *testing.T) {
	a := &authz.Authorizer{} // would panic if it looked
	for _, cred := range []authz.Credential{{}, bearing(sampleToken), {Count: 2, Value: "Bearer x"}, bearing("garbage")} {
		d := a.Authorize(t.Context(), cred, &authz.Requirement{Public: true})
		permit := d.Permit()
		if d.Reason != authz.ReasonPublic || !permit.Valid() {
			t.Errorf("%+v: %s, permit %t", cred, d.Reason, permit.Valid())
		}
		if p, ok := permit.Principal(); ok || p.Client != nil {
			t.Errorf("%+v: somebody is named on a public route", cred)
		}
	}
}

func TestAuthorizationFieldsOfRFC6750Section2_1(t *testing.T) {
	one := func(v string) authz.Credential { return authz.Credential{Count: 1, Value: v} }
	cases := []struct {
		name string
		cred authz.Credential
		want authz.Reason
	}{
		{"none", authz.Credential{}, authz.ReasonNoToken},
		{"two", authz.Credential{Count: 2, Value: "Bearer " + sampleToken}, authz.ReasonInvalidRequest},
		{"empty", one(""), authz.ReasonNoToken},
		{"another scheme", one("Basic dXNlcjpwYXNz"), authz.ReasonNoToken},
		{"a scheme that begins alike", one("BearerX " + sampleToken), authz.ReasonNoToken},
		{"a tab after the scheme", one("Bearer\t" + sampleToken), authz.ReasonNoToken},
		{"a space before the scheme", one(" Bearer " + sampleToken), authz.ReasonNoToken},
		{"no scheme", one(sampleToken), authz.ReasonNoToken},
		{"scheme only", one("Bearer"), authz.ReasonInvalidRequest},
		{"scheme and spaces only", one("Bearer   "), authz.ReasonInvalidRequest},
		{"plain", one("Bearer " + sampleToken), authz.ReasonAllowed},
		{"lower case", one("bearer " + sampleToken), authz.ReasonAllowed},
		{"upper case", one("BEARER " + sampleToken), authz.ReasonAllowed},
		{"many spaces", one("Bearer    " + sampleToken), authz.ReasonAllowed},
		{"space at the end", one("Bearer " + sampleToken + " "), authz.ReasonMalformedToken},
		{"two words", one("Bearer " + sampleToken + " " + sampleToken), authz.ReasonMalformedToken},
		{"two tokens in one field", one("Bearer " + sampleToken + ", Bearer " + sampleToken), authz.ReasonMalformedToken},
		{"garbage", one("Bearer garbage"), authz.ReasonMalformedToken},
		{"unknown", one("Bearer " + anotherToken), authz.ReasonUnknownToken},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a, _ := atNoon(liveToken())
			if d := a.Authorize(t.Context(), c.cred, reading()); d.Reason != c.want {
				t.Errorf("reason is %s, want %s", d.Reason, c.want)
			}
		})
	}
}

// anotherToken is well-formed and nobody's.
var anotherToken = "spoat_264W" + strings.Repeat("2", 43) + checksum("spoat_264W"+strings.Repeat("2", 43))

func TestAStoreThatCannotAnswerRefusesWithoutBlamingTheToken(t *testing.T) {
	a, d := atNoon(liveToken())
	d.err = fmt.Errorf("read: %w", authz.ErrUnavailable)
	got := a.Authorize(t.Context(), bearing(sampleToken), reading())
	if permit := got.Permit(); got.Reason != authz.ReasonStoreUnavailable || permit.Valid() {
		t.Errorf("reason is %s, permit %t", got.Reason, permit.Valid())
	}
	if !errors.Is(got.Cause, authz.ErrUnavailable) {
		t.Errorf("the cause is %v", got.Cause)
	}
	d.err = fmt.Errorf("token: %w", authz.ErrNotFound)
	if got := a.Authorize(t.Context(), bearing(sampleToken), reading()); got.Reason != authz.ReasonUnknownToken || got.Cause != nil {
		t.Errorf("a wrapped ErrNotFound is %s (%v)", got.Reason, got.Cause)
	}
}

func TestZeroValuesAllowNothing(t *testing.T) {
	var d authz.Decision
	permit := d.Permit()
	if d.Allowed() || permit.Valid() || d.Reason.Status() != 500 {
		t.Errorf("the zero Decision: allowed %t, permit %t, status %d", d.Allowed(), permit.Valid(), d.Reason.Status())
	}
	var none authz.Permit
	if _, ok := none.Principal(); ok || none.Valid() {
		t.Error("the zero Permit is worth something")
	}
	a, _ := atNoon(authz.LiveToken{})
	if d := a.Authorize(t.Context(), bearing(sampleToken), reading()); d.Allowed() {
		t.Error("the zero LiveToken is allowed")
	}
}

func TestATunnelsTokenIsAliveUntilItEnds(t *testing.T) {
	cases := map[string]func(*authz.LiveToken, *desk){
		"revoked":         func(l *authz.LiveToken, _ *desk) { l.Revoked = true },
		"expired":         func(l *authz.LiveToken, _ *desk) { l.ExpiresAt = secondsOf(noon) },
		"client revoked":  func(l *authz.LiveToken, _ *desk) { l.Client.Status = authz.StatusRevoked },
		"client disabled": func(l *authz.LiveToken, _ *desk) { l.Client.Status = authz.StatusDisabled },
		"client cut":      func(l *authz.LiveToken, _ *desk) { l.Client.Generation++ },
		"store broken":    func(_ *authz.LiveToken, d *desk) { d.err = authz.ErrUnavailable },
		"record gone":     func(_ *authz.LiveToken, d *desk) { d.err = authz.ErrNotFound },
	}
	for name, end := range cases {
		live := liveToken()
		a, d := atNoon(live)
		p, reason, err := a.Identify(t.Context(), keyOf(sampleToken), "")
		if reason != authz.ReasonAllowed || err != nil || !a.Alive(t.Context(), &p) {
			t.Fatalf("%s: the token is %s (%v) before", name, reason, err)
		}
		end(&live, d)
		d.tokens[keyOf(sampleToken)] = live
		if a.Alive(t.Context(), &p) {
			t.Errorf("%s: the token is still alive", name)
		}
	}
}

func keyOf(text string) authz.TokenKey {
	key, _ := authz.ParseToken(text)
	return key
}

func TestTheLiveViewOfAClient(t *testing.T) {
	c := authz.Client{
		ID: worker, Name: "Data Sync Worker", OwnerType: "tenant", OwnerID: "42", Status: authz.StatusActive, Generation: 3,
		AllowedScopes: authz.NewScopeSet("invoices.read", "invoices.write"),
	}
	compare := cmp.Comparer((*authz.ScopeSet).Equal)
	if diff := cmp.Diff(liveClient(), authz.LiveClientOf(&c), compare); diff != "" {
		t.Errorf("without a cut (-want +got):\n%s", diff)
	}
	c.TokensNotBefore = noon
	if got := authz.LiveClientOf(&c).TokensNotBefore; got != noon.Unix() {
		t.Errorf("the cut is at %d, want %d", got, noon.Unix())
	}
}

func FuzzParseBearer(f *testing.F) {
	for _, seed := range []string{"", "Bearer", "Bearer ", "bearer x", "BEARER  x y", "Basic x", "Bearer\tx", "Bearer,x", "ſearer x", "Bearer " + sampleToken} {
		f.Add(1, seed)
	}
	f.Add(0, "Bearer x")
	f.Add(2, "Bearer x")
	f.Fuzz(func(t *testing.T, count int, value string) {
		text, reason := authz.BearerText(authz.Credential{Count: count, Value: value})
		if (reason == authz.ReasonNone) != (text != "") {
			t.Fatalf("%d fields, %q: text %q with reason %s", count, value, text, reason)
		}
		if text == "" {
			if reason != authz.ReasonNoToken && reason != authz.ReasonInvalidRequest {
				t.Fatalf("%d fields, %q: reason %s", count, value, reason)
			}
			return
		}
		scheme, rest := value[:6], value[6:]
		if count != 1 || strings.ToLower(scheme) != "bearer" || rest[0] != ' ' || strings.TrimLeft(rest, " ") != text {
			t.Fatalf("%d fields, %q were read as %q", count, value, text)
		}
	})
}

func TestTheTimeOfARequestCountsWhereTheClockKnowsWhatToMakeOfIt(t *testing.T) {
	live := liveToken()
	live.ExpiresAt = secondsOf(noon) + 60
	for _, tc := range []struct {
		name string
		came time.Time
		seen time.Time // by the clock, before
		want authz.Reason
	}{
		{"before the token's end", noon.Add(59 * time.Second), time.Time{}, authz.ReasonAllowed},
		{"at the token's end", noon.Add(60 * time.Second), time.Time{}, authz.ReasonExpiredToken},
		{"before its end, by a clock that has seen it", noon, noon.Add(time.Minute), authz.ReasonExpiredToken},
		{"at a time that nobody noted", time.Time{}, noon.Add(time.Minute), authz.ReasonExpiredToken},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a, _ := atNoon(live)
			clock := authz.NewClock(a.Now, tc.seen)
			a.Now, a.At = clock.Now, clock.At
			cred := bearing(sampleToken)
			cred.At = tc.came
			if d := a.Authorize(t.Context(), cred, reading()); d.Reason != tc.want {
				t.Errorf("reason is %s, want %s", d.Reason, tc.want)
			}
		})
	}
}
