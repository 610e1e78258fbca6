package config

import (
	"scopegate/authz"
	"scopegate/strict"
)

// Require is what a route demands: all of Scopes, one of AnyScope, and to be
// one of Clients; at least one of the three is there.
type Require struct {
	Scopes   *authz.ScopeSet
	AnyScope *authz.ScopeSet
	Clients  []authz.ClientID
}

var scopesOfRoute strict.Kind[*authz.ScopeSet] = scopeSet{strict.List[authz.Scope]{Of: scopeKind, Same: strict.Same[authz.Scope]}}

var requireObject = strict.Object[Require]{
	Title: "require",
	Doc:   "What a caller must have; at least one key.",
	Fields: []strict.Field[Require]{
		strict.Key("scopes", scopesOfRoute, func(q *Require) **authz.ScopeSet { return &q.Scopes },
			"The token has all of these scopes.").Or("none asked"),
		strict.Key("any_scope", scopesOfRoute, func(q *Require) **authz.ScopeSet { return &q.AnyScope },
			"The token has at least one of these scopes.").Or("none asked"),
		strict.Key("clients", strict.List[authz.ClientID]{Of: clientKind, Same: strict.Same[authz.ClientID]}, func(q *Require) *[]authz.ClientID { return &q.Clients },
			"The token is one of these clients', by id.").Or("any client"),
	},
	Check: func(r *strict.Reader, _ *Require, path string) {
		if !r.Given(strict.Join(path, "scopes")) && !r.Given(strict.Join(path, "any_scope")) && !r.Given(strict.Join(path, "clients")) {
			r.ProblemAt(path, "asks for nothing; name scopes, any_scope or clients, or open the route with public: true")
		}
	},
	Rules: []strict.Rule{strict.AnyOf("scopes", "any_scope", "clients")},
}
