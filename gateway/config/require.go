package config

import "scopegate/authz"

// Require is what a route demands: all of Scopes, one of AnyScope, and to be
// one of Clients; at least one of the three is there.
type Require struct {
	Scopes   *authz.ScopeSet
	AnyScope *authz.ScopeSet
	Clients  []authz.ClientID
}

var scopesOfRoute kind[*authz.ScopeSet] = scopeSet{list[authz.Scope]{of: scopeKind, same: same[authz.Scope]}}

var requireObject = object[Require]{
	title: "require",
	doc:   "What a caller must have; at least one key.",
	fields: []field[Require]{
		key("scopes", scopesOfRoute, func(q *Require) **authz.ScopeSet { return &q.Scopes },
			"The token has all of these scopes.").or("none asked"),
		key("any_scope", scopesOfRoute, func(q *Require) **authz.ScopeSet { return &q.AnyScope },
			"The token has at least one of these scopes.").or("none asked"),
		key("clients", list[authz.ClientID]{of: clientKind, same: same[authz.ClientID]}, func(q *Require) *[]authz.ClientID { return &q.Clients },
			"The token is one of these clients', by id.").or("any client"),
	},
	check: func(r *reader, _ *Require, path string) {
		if !r.given(join(path, "scopes")) && !r.given(join(path, "any_scope")) && !r.given(join(path, "clients")) {
			r.problemAt(path, "asks for nothing; name scopes, any_scope or clients, or open the route with public: true")
		}
	},
	rules: []rule{anyOf("scopes", "any_scope", "clients")},
}
