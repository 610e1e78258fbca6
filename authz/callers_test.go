package authz_test

import (
	"testing"
	"time"

	"scopegate/authz"
)

// caller is a client that can have a token with these scopes.
func caller(id authz.ClientID, scopes ...authz.Scope) authz.Client {
	return authz.Client{
		ID: id, Status: authz.StatusActive, Confidential: true, AllowedGrants: []authz.GrantType{authz.GrantClientCredentials},
		AllowedScopes: authz.NewScopeSet(scopes...), Secrets: []authz.Secret{{ID: "s1"}},
	}
}

func TestWhyNobodyMayCallARoute(t *testing.T) {
	listing := func(ids ...authz.ClientID) map[authz.ClientID]struct{} {
		list := map[authz.ClientID]struct{}{}
		for _, id := range ids {
			list[id] = struct{}{}
		}
		return list
	}
	policy := &authz.Policy{Scopes: authz.NewScopeSet("a", "b", "c")}
	callers := authz.NewCallers(policy, noon)
	reader, writer := caller(worker, "a", "gone"), caller(other, "b")
	callers.Add(&reader)
	callers.Add(&writer)
	const nobody authz.ClientID = "7f0c0000-0000-4000-8000-00000000dead"
	for name, c := range map[string]struct {
		asks authz.Requirement
		want authz.Lack
	}{
		"public":                 {authz.Requirement{Public: true}, authz.LackNone},
		"one holds the scope":    {authz.Requirement{Scopes: authz.NewScopeSet("a")}, authz.LackNone},
		"nobody holds the scope": {authz.Requirement{Scopes: authz.NewScopeSet("c")}, authz.LackScopes},
		"nobody holds both":      {authz.Requirement{Scopes: authz.NewScopeSet("a", "b")}, authz.LackScopes},
		"a scope that the catalogue does not name":   {authz.Requirement{Scopes: authz.NewScopeSet("gone")}, authz.LackScopes},
		"one of the alternatives":                    {authz.Requirement{AnyScope: authz.NewScopeSet("b", "c")}, authz.LackNone},
		"none of the alternatives":                   {authz.Requirement{AnyScope: authz.NewScopeSet("c", "gone")}, authz.LackScopes},
		"all, and none of the alternatives":          {authz.Requirement{Scopes: authz.NewScopeSet("a"), AnyScope: authz.NewScopeSet("b", "c")}, authz.LackScopes},
		"a client of the list":                       {authz.Requirement{Clients: listing(worker, nobody)}, authz.LackNone},
		"nobody of the list":                         {authz.Requirement{Clients: listing(nobody)}, authz.LackClient},
		"an empty list":                              {authz.Requirement{Clients: listing()}, authz.LackClient},
		"the scope is another's":                     {authz.Requirement{Scopes: authz.NewScopeSet("b"), Clients: listing(worker)}, authz.LackScopes},
		"the scope is another's, who is on the list": {authz.Requirement{Scopes: authz.NewScopeSet("b"), Clients: listing(worker, other)}, authz.LackNone},
		"nothing is demanded":                        {authz.Requirement{}, authz.LackScopes},
	} {
		if got := callers.Lack(&c.asks); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestOnlyWhoCanHaveATokenIsACaller(t *testing.T) {
	asks := &authz.Requirement{Scopes: authz.NewScopeSet("a")}
	bare := &authz.Requirement{Clients: map[authz.ClientID]struct{}{worker: {}}}
	for name, c := range map[string]struct {
		change       func(*authz.Client)
		scoped, bare authz.Lack
	}{
		"as it is":                   {func(*authz.Client) {}, authz.LackNone, authz.LackNone},
		"disabled":                   {func(c *authz.Client) { c.Status = authz.StatusDisabled }, authz.LackScopes, authz.LackClient},
		"revoked":                    {func(c *authz.Client) { c.Status = authz.StatusRevoked }, authz.LackScopes, authz.LackClient},
		"not confidential":           {func(c *authz.Client) { c.Confidential = false }, authz.LackScopes, authz.LackClient},
		"without the grant":          {func(c *authz.Client) { c.AllowedGrants = nil }, authz.LackScopes, authz.LackClient},
		"without a secret":           {func(c *authz.Client) { c.Secrets = nil }, authz.LackScopes, authz.LackClient},
		"with secrets that ended":    {func(c *authz.Client) { c.Secrets[0].ExpiresAt = noon }, authz.LackScopes, authz.LackClient},
		"with a secret in its life":  {func(c *authz.Client) { c.Secrets[0].ExpiresAt = noon.Add(time.Second) }, authz.LackNone, authz.LackNone},
		"without scopes":             {func(c *authz.Client) { c.AllowedScopes = authz.NewScopeSet() }, authz.LackScopes, authz.LackNone},
		"with scopes that went away": {func(c *authz.Client) { c.AllowedScopes = authz.NewScopeSet("gone") }, authz.LackScopes, authz.LackClient},
	} {
		client := caller(worker, "a")
		c.change(&client)
		callers := authz.NewCallers(&authz.Policy{Scopes: authz.NewScopeSet("a")}, noon)
		callers.Add(&client)
		if got := callers.Lack(asks); got != c.scoped {
			t.Errorf("%s: a route with a scope lacks %q, want %q", name, got, c.scoped)
		}
		if got := callers.Lack(bare); got != c.bare {
			t.Errorf("%s: a route with a list lacks %q, want %q", name, got, c.bare)
		}
	}
}

func TestTheScopesThatRoutesAskFor(t *testing.T) {
	routes := []authz.RouteRequirement{
		{Route: "a", Requirement: &authz.Requirement{Scopes: authz.NewScopeSet("b", "a")}},
		{Route: "b", Requirement: &authz.Requirement{AnyScope: authz.NewScopeSet("a", "c")}},
		{Route: "c", Requirement: &authz.Requirement{Public: true}},
	}
	if got := authz.AskedScopes(routes); got.String() != "a b c" {
		t.Errorf("asked: %s", got)
	}
	if got := authz.AskedScopes(nil); got.Len() != 0 {
		t.Errorf("without routes asked: %s", got)
	}
}
