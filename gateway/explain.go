package gateway

import (
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
}

// Explanation says what would become of the request.
type Explanation struct {
	route.Explanation
	Needs    string // what the route asks, in words; empty without a route
	Verdict  authz.Reason
	Status   int    // of the refusal; 0: the upstream's
	Upstream string // empty without a route
	Final    string // the path that the upstream would see
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
	e.Verdict = e.verdict(q)
	e.Status = e.Verdict.Status()
	if e.Route != nil {
		guard := s.guards[e.Route.Index]
		e.Upstream, e.Final = guard.upstream.name, e.Target
		if !e.Route.Requirement.Public {
			e.Needs = guard.needs
		}
	}
	return e
}

func (e *Explanation) verdict(q Question) authz.Reason {
	switch {
	case e.PathError != nil:
		return authz.ReasonBadPath
	case e.Outcome == route.BadHost:
		return authz.ReasonBadRequest
	case e.Outcome == route.MethodNotAllowed:
		return authz.ReasonMethodNotAllowed
	case e.Route == nil:
		return authz.ReasonNoRoute
	case e.Route.Requirement.Public:
		return authz.ReasonPublic
	case q.Scopes == nil:
		return authz.ReasonNoToken
	}
	return e.Route.Requirement.Judge(q.Client, q.Scopes)
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
	Upstream string   `json:"upstream"`
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
