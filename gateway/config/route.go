package config

import (
	"scopegate/authz"
	"scopegate/gateway/route"
)

// RouteConfig is a guarded path.
type RouteConfig struct {
	Name    string
	Host    string // in lower case; empty: any
	Path    route.Pattern
	Methods []string // none: any
	Require *Require // nil on a public route
	Public  bool
	// Resource is the protected resource that the route belongs to (RFC 8707);
	// empty: none, so that a token bound to resources does not open it.
	Resource string

	Upstream    string
	StripPrefix string // Rewriting makes the one thing of both that is needed
	Rewrite     string
	// PreserveHost is the upstream's where the route says nothing.
	PreserveHost         bool
	AllowEncodedSlash    bool
	ForwardAuthorization bool
	WebSocket            bool

	CORS            *CORS // nil: none
	RequestHeaders  HeaderRules
	ResponseHeaders HeaderRules
	Limits          RouteLimits
	Quota           *Quota // nil: none
	Addresses       Addresses
	Timeout         RouteTimeout // the upstream's where the route says nothing

	preserveHost *bool
}

// Requirement returns what the route demands of a caller. That of the zero
// RouteConfig refuses everybody.
func (c *RouteConfig) Requirement() authz.Requirement {
	if c.Public || c.Require == nil {
		return authz.Requirement{Public: c.Public}
	}
	requirement := authz.Requirement{Scopes: c.Require.Scopes, AnyScope: c.Require.AnyScope, Resource: c.Resource}
	for _, id := range c.Require.Clients {
		if requirement.Clients == nil {
			requirement.Clients = make(map[authz.ClientID]struct{})
		}
		requirement.Clients[id] = struct{}{}
	}
	return requirement
}

// Rewriting returns what becomes of the path on its way upstream; nil: nothing.
func (c *RouteConfig) Rewriting() (*route.Rewrite, error) {
	return route.ParseRewrite(c.Path, c.StripPrefix, c.Rewrite)
}

// Route returns the route as package route takes it, the i-th of the file.
func (c *RouteConfig) Route(i int) (*route.Route, error) {
	rewrite, err := c.Rewriting()
	if err != nil {
		return nil, err
	}
	return &route.Route{
		Index: i, Name: c.Name, Host: c.Host, Pattern: c.Path, Methods: c.Methods,
		Requirement: c.Requirement(), AllowEncodedSlash: c.AllowEncodedSlash,
		HasCORS: c.CORS != nil, Rewrite: rewrite,
	}, nil
}
