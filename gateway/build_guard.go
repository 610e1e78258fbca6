package gateway

import (
	"slices"
	"strconv"
	"strings"

	"scopegate/authz"
	"scopegate/gateway/config"
	"scopegate/gateway/limit"
	"scopegate/gateway/route"
)

// anyMethod is what a route without methods takes, for Allow; it takes others
// too, as RFC 9110 section 10.2.1 lets it.
const anyMethod = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"

func (b *builder) guard(rc *config.RouteConfig, r *route.Route) *guard {
	u := b.cfg.Upstream(rc.Upstream)
	g := &guard{
		route: r, upstream: b.next.upstreams[rc.Upstream],
		forwardAuthorization: rc.ForwardAuthorization, preserveHost: rc.PreserveHost, websocket: rc.WebSocket,
		bodyLimit:       rc.Limits.Body,
		responseTimeout: rc.Timeout.Response, idleTimeout: rc.Timeout.Idle,
		addresses: limit.AddressList{Allow: rc.Addresses.Allow, Deny: rc.Addresses.Deny},
		limits:    b.next.keep.route(rc),
		request:   requestEditOf(u, rc),
		assertion: b.assertionOf(u),
		response:  responseEditOf(u, rc),
		allow:     allowOf(rc.Methods),
		needs:     needsOf(&r.Requirement),
		counter:   b.g.Metrics.Route(rc.Name),
	}
	if rc.CORS != nil {
		g.cors = corsOf(rc)
	}
	b.addChallenges(g)
	b.addScopes(g)
	return g
}

// addChallenges words the challenges of a route once.
func (b *builder) addChallenges(g *guard) {
	metadata := resourceMetadata(b.cfg, g.route.Requirement.Resource)
	for reason := range g.challenges {
		d := authz.Decision{Reason: authz.Reason(reason), Requirement: &g.route.Requirement}
		if c, ok := d.Challenge(b.cfg.OAuth.Realm, metadata); ok {
			g.challenges[reason] = c.String()
		}
	}
}

func (b *builder) addScopes(g *guard) {
	add := func(set *authz.ScopeSet, alternative bool) {
		for i := range set.Len() {
			g.scopes = append(g.scopes, neededScope{set.At(i), alternative, b.g.Metrics.Scope(string(set.At(i)))})
		}
	}
	add(g.route.Requirement.Scopes, false)
	add(g.route.Requirement.AnyScope, true)
}

// needsOf says what a route asks, for a caller that lacks it.
func needsOf(r *authz.Requirement) string {
	var parts []string
	if r.Scopes.Len() > 0 {
		parts = append(parts, "all of: "+r.Scopes.String())
	}
	if r.AnyScope.Len() > 0 {
		parts = append(parts, "one of: "+r.AnyScope.String())
	}
	if r.Clients != nil {
		parts = append(parts, "a client of its list")
	}
	return "the route needs " + strings.Join(parts, ", and ")
}

func allowOf(methods []string) string {
	if len(methods) == 0 {
		return anyMethod
	}
	list := slices.Clone(methods)
	if i := slices.Index(list, "GET"); i >= 0 && !slices.Contains(list, "HEAD") {
		list = slices.Insert(list, i+1, "HEAD")
	}
	return strings.Join(list, ", ")
}

func corsOf(rc *config.RouteConfig) *cors {
	c := &cors{
		origins:     map[string]struct{}{},
		methods:     allowOf(rc.CORS.AllowMethods),
		headers:     strings.Join(rc.CORS.AllowHeaders, ", "),
		expose:      strings.Join(rc.CORS.ExposeHeaders, ", "),
		credentials: rc.CORS.AllowCredentials,
	}
	if len(rc.CORS.AllowMethods) == 0 {
		c.methods = allowOf(rc.Methods)
	}
	if rc.CORS.MaxAge > 0 {
		c.maxAge = strconv.FormatInt(int64(rc.CORS.MaxAge.Seconds()), 10)
	}
	for _, origin := range rc.CORS.AllowOrigins {
		if origin == "*" {
			c.anyOrigin = true
			continue
		}
		c.origins[origin] = struct{}{}
	}
	return c
}
