package gateway

import (
	"net/netip"

	"scopegate/authz"
	"scopegate/gateway/route"
)

// Question is a request that somebody thinks of.
type Question struct {
	Host   string // empty: none
	Method string
	Path   string // as it would be sent, without query
	// Scopes are what the token would hold; nil: no token.
	Scopes *authz.ScopeSet
	// Client is whose token it would be; empty: one that no route's list names.
	Client authz.ClientID
	// Live is that client's state, where it is known; nil: it is not, and is
	// not judged.
	Live *authz.LiveClient
	// Resources are those that the token would be bound to (RFC 8707); none:
	// it is bound to none.
	Resources []string
	// From is the caller's address, as the gateway reads it behind trusted
	// proxies; the zero one: not known, and lists of addresses are not judged.
	From netip.Addr
}

// Explanation says what would become of the request.
type Explanation struct {
	route.Explanation
	Needs    string // what the route asks, in words; empty without a route
	Verdict  authz.Reason
	Status   int    // of the refusal; 0: the upstream's
	Upstream string // empty without a route
	Final    string // the path that the upstream would see
	// NotJudged says in words what the verdict does not know of and what could
	// change it.
	NotJudged []string
}

// Explain answers from the Snapshot in force, as a request of this kind would
// be judged up to its limits. ok is false before the first Reload.
func (g *Gateway) Explain(q Question) (e Explanation, ok bool) {
	s := g.snapshot.Load()
	if s == nil {
		return Explanation{}, false
	}
	return s.Explain(q), true
}

// Explain answers from this Snapshot.
func (s *Snapshot) Explain(q Question) Explanation {
	e := Explanation{Explanation: s.table.Explain(q.Host, q.Method, q.Path)}
	var g *guard
	if e.Route != nil {
		g = s.guards[e.Route.Index]
		e.Upstream, e.Final = g.upstream.name, e.Target
		if !e.Route.Requirement.Public {
			e.Needs = g.needs
		}
	}
	e.Verdict = e.verdict(&q, g)
	e.Status = e.Verdict.Status()
	if g != nil {
		e.NotJudged = s.notJudged(&q, g, e.Verdict)
		e.Why += s.bindingWords(&q)
	}
	return e
}

// verdict is the order of a passage: address, token, requirement.
func (e *Explanation) verdict(q *Question, g *guard) authz.Reason {
	switch {
	case e.PathError != nil:
		return authz.ReasonBadPath
	case e.Outcome == route.BadHost:
		return authz.ReasonBadRequest
	case e.Outcome == route.MethodNotAllowed:
		return authz.ReasonMethodNotAllowed
	case e.Route == nil:
		return authz.ReasonNoRoute
	case q.From.IsValid() && !g.addresses.Permits(q.From):
		return authz.ReasonAddressNotAllowed
	case e.Route.Requirement.Public:
		return authz.ReasonPublic
	case q.Scopes == nil:
		return authz.ReasonNoToken
	}
	return q.token(&e.Route.Requirement)
}

// RouteInfo describes one route for a listing.
type RouteInfo struct {
	Name     string   `json:"name"`
	Host     string   `json:"host,omitempty"`
	Path     string   `json:"path"`
	Methods  []string `json:"methods,omitempty"`
	Public   bool     `json:"public,omitempty"`
	Scopes   []string `json:"scopes,omitempty"`
	AnyScope []string `json:"any_scope,omitempty"`
	Clients  int      `json:"clients,omitempty"` // how many its list names
	Resource string   `json:"resource,omitempty"`
	// Addresses says that a list of addresses guards the route.
	Addresses bool   `json:"addresses,omitempty"`
	Upstream  string `json:"upstream"`
}

// Routes lists the routes in force, in the order of the file.
func (g *Gateway) Routes() []RouteInfo {
	s := g.snapshot.Load()
	if s == nil {
		return nil
	}
	list := make([]RouteInfo, 0, len(s.guards))
	for _, guard := range s.guards {
		r := guard.route
		info := RouteInfo{
			Name: r.Name, Host: r.Host, Path: r.Pattern.String(), Methods: r.Methods,
			Public: r.Requirement.Public, Clients: len(r.Requirement.Clients), Upstream: guard.upstream.name,
			Resource: r.Requirement.Resource, Addresses: !guard.addresses.Empty(),
		}
		if r.Requirement.Scopes.Len() > 0 {
			info.Scopes = r.Requirement.Scopes.Strings()
		}
		if r.Requirement.AnyScope.Len() > 0 {
			info.AnyScope = r.Requirement.AnyScope.Strings()
		}
		list = append(list, info)
	}
	return list
}

// Summary counts what is in force; the zero Summary before the first Reload.
func (g *Gateway) Summary() Summary {
	if s := g.snapshot.Load(); s != nil {
		return s.Summary
	}
	return Summary{}
}
