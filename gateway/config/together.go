package config

import (
	"errors"

	"scopegate/authz"
	"scopegate/gateway/route"
	"scopegate/strict"
)

// checkTogether reports what only the whole file shows, and fills in what a
// route leaves to its upstream.
func checkTogether(r *strict.Reader, c *Config) {
	checkNames(r, c)
	checkScopes(r, c)
	for i := range c.Routes {
		checkUpstreamOf(r, c, i)
	}
	checkConflicts(r, c)
}

func checkNames(r *strict.Reader, c *Config) {
	first := make(map[string]int)
	for i, rc := range c.Routes {
		if rc.Name == "" {
			continue // reported already
		}
		if j, twice := first[rc.Name]; twice {
			r.ProblemAt(RoutePath(i, "name"), "the name %q is taken by %s in line %d", rc.Name, strict.Item("routes", j),
				r.Place(RoutePath(j, "name")).Line)
			continue
		}
		first[rc.Name] = i
	}
}

// checkScopes reports scopes that the catalogue does not name.
func checkScopes(r *strict.Reader, c *Config) {
	if r.Given("scopes") && len(c.Scopes) == 0 {
		return // reported already
	}
	catalogue := c.Catalogue()
	names := catalogue.Strings()
	for _, use := range r.Mentions() {
		if catalogue.Has(authz.Scope(use.Text)) || r.Full() {
			continue
		}
		hint := strict.DidYouMean(use.Text, names)
		if hint == "" {
			hint = "; declare it under scopes"
		}
		r.ProblemAt(use.Path, "unknown scope %.60q%s", use.Text, hint)
	}
}

// checkUpstreamOf finds a route's upstream and reports what the two get wrong
// together.
func checkUpstreamOf(r *strict.Reader, c *Config, i int) {
	rc := &c.Routes[i]
	if rc.Upstream == "" || len(c.Upstreams) == 0 {
		return // reported already
	}
	u := c.Upstream(rc.Upstream)
	if u == nil {
		names := make([]string, len(c.Upstreams))
		for i := range c.Upstreams {
			names[i] = c.Upstreams[i].Name
		}
		hint := ""
		if !r.Full() {
			hint = strict.DidYouMean(rc.Upstream, names)
		}
		r.ProblemAt(RoutePath(i, "upstream"), "unknown upstream %.60q%s", rc.Upstream, hint)
		return
	}
	// A route keeps its hands off the headers in which its upstream reads who
	// is calling.
	rc.RequestHeaders.keepOff(r, u.PrincipalHeaders, RoutePath(i, "request_headers"), "upstream "+u.Name+"'s ")
	checkCORSHeaders(r, rc, u, strict.Item("routes", i))
	rc.inherit(u)
}

// inherit fills in what the route leaves to its upstream.
func (c *RouteConfig) inherit(u *Upstream) {
	c.PreserveHost = u.PreserveHost
	if c.preserveHost != nil {
		c.PreserveHost = *c.preserveHost
	}
	c.preserveHost = &c.PreserveHost
	if c.Timeout.Response == 0 {
		c.Timeout.Response = u.Timeout.Response
	}
	if c.Timeout.Idle == 0 {
		c.Timeout.Idle = u.Timeout.Idle
	}
}

// checkConflicts reports equally specific routes that can match the same
// request, at the later one.
func checkConflicts(r *strict.Reader, c *Config) {
	routes := make([]*route.Route, 0, len(c.Routes))
	for i := range c.Routes {
		rc := &c.Routes[i]
		if rc.Path.String() == "" || r.Given(RoutePath(i, "host")) && rc.Host == "" ||
			r.Given(RoutePath(i, "methods")) && rc.Methods == nil {
			continue // reported already
		}
		// A rewrite matters to no other route.
		routes = append(routes, &route.Route{
			Index: i, Name: rc.Name, Host: rc.Host, Pattern: rc.Path, Methods: rc.Methods, Requirement: rc.Requirement(),
		})
	}
	_, err := route.NewTable(routes)
	for _, err := range unjoin(err) {
		var conflict *route.Conflict
		var invalid *route.Invalid
		switch {
		case errors.As(err, &conflict):
			a, b := conflict.A, conflict.B
			r.ProblemAt(RoutePath(b.Index, "path"), "can match the same requests as %s (%q) in line %d, and neither is more specific",
				strict.Item("routes", a.Index), a.Name, r.Place(RoutePath(a.Index, "path")).Line)
		case errors.As(err, &invalid):
			r.ProblemAt(strict.Item("routes", invalid.Route.Index), "%s", invalid.Err)
		}
	}
}

func unjoin(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return nil
}
