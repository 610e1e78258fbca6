package config

import (
	"regexp"

	"scopegate/authz"
	"scopegate/strict"
)

// resourceKind is a resource indicator (RFC 8707 section 2): absolute, without
// query and fragment. It is compared byte for byte with what callers send, so
// that it is written in the one form there is.
var resourceKind = strict.Word(strict.Scalar[string]{
	Want:    "an absolute URL such as https://api.example.com/billing, its host in lower case, without query and fragment",
	Pattern: regexp.MustCompile(`^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~/-]*)?$`),
	Longest: authz.MaxResourceLength,
})

// Resources returns the resources that routes belong to, each with the scopes
// that these routes ask for.
func (c *Config) Resources() map[string]*authz.ScopeSet {
	all := map[string]*authz.ScopeSet{}
	for i := range c.Routes {
		name := c.Routes[i].Resource
		if name == "" || all[name] != nil {
			continue
		}
		all[name] = c.askedBy(func(r *RouteConfig) bool { return r.Resource == name })
	}
	return all
}

// Asked returns the scopes that any route asks for.
func (c *Config) Asked() *authz.ScopeSet {
	return c.askedBy(func(*RouteConfig) bool { return true })
}

func (c *Config) askedBy(of func(*RouteConfig) bool) *authz.ScopeSet {
	var routes []authz.RouteRequirement
	for i := range c.Routes {
		if r := &c.Routes[i]; of(r) {
			requirement := r.Requirement()
			routes = append(routes, authz.RouteRequirement{Route: r.Name, Requirement: &requirement})
		}
	}
	return authz.AskedScopes(routes)
}
