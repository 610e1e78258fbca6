package admin

import (
	"net/http"
	"slices"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// RouteUsage is where routes.yaml and the clients do not meet.
type RouteUsage struct {
	// UnaskedScopes are those that no route asks for: of the catalogue and of
	// the clients that are not revoked. Where the question names clients, only
	// those that one of them may have.
	UnaskedScopes []UnaskedScope `json:"unasked_scopes"`
	// UncallableRoutes are those that no client may call. Absent where the
	// question names clients.
	UncallableRoutes []UncallableRoute `json:"uncallable_routes,omitzero"`
}

// UnaskedScope is a scope that no route asks for.
type UnaskedScope struct {
	Scope       string `json:"scope"`
	Clients     int    `json:"clients"`      // that may have it and are not revoked
	InCatalogue bool   `json:"in_catalogue"` // else it is not issued either
}

// UncallableRoute is a route that no client may call.
type UncallableRoute struct {
	Route     string   `json:"route"`
	Lacks     string   `json:"lacks"` // clients: nobody on its list can have a token; scopes: nobody who may call it has them
	Scopes    []string `json:"scopes,omitempty"`
	AnyScope  []string `json:"any_scope,omitempty"`
	ClientIDs []string `json:"client_ids,omitempty"`
}

func (s *Server) usageOfRoutes(c echo.Context) error {
	q, err := clientQuery(c)
	if err != nil {
		return s.refuse(c, err)
	}
	q.Limit, q.After = 1000, "" // all of them
	routes, policy := s.Requirements(), s.Policy.Load()
	holders, callers := map[authz.Scope]int{}, authz.NewCallers(policy, s.Now())
	for more := true; more; {
		page, err := s.selected(c, q)
		if err != nil {
			return s.refuse(c, err)
		}
		for i := range page.Clients {
			callers.Add(&page.Clients[i])
			for _, scope := range page.Clients[i].AllowedScopes.List() {
				holders[scope]++
			}
		}
		q.After, more = page.Next, page.Next != ""
	}
	some := q.Narrows() || c.QueryParam("client_id") != ""
	out := RouteUsage{UnaskedScopes: unaskedScopes(routes, policy, holders, some)}
	if !some {
		out.UncallableRoutes = uncallableRoutes(routes, callers)
	}
	return writeJSON(c, http.StatusOK, out)
}

// unaskedScopes leaves out the scope of introspection, for which an endpoint asks.
func unaskedScopes(routes []authz.RouteRequirement, policy *authz.Policy, holders map[authz.Scope]int, heldOnly bool) []UnaskedScope {
	var all []authz.Scope
	if !heldOnly {
		all = policy.Scopes.List()
	}
	for scope := range holders {
		all = append(all, scope)
	}
	list, asked := []UnaskedScope{}, authz.AskedScopes(routes)
	for _, scope := range authz.NewScopeSet(all...).List() {
		if !asked.Has(scope) && scope != authz.ScopeIntrospect {
			list = append(list, UnaskedScope{string(scope), holders[scope], policy.Knows(scope)})
		}
	}
	return list
}

func uncallableRoutes(routes []authz.RouteRequirement, callers *authz.Callers) []UncallableRoute {
	list := []UncallableRoute{}
	for _, r := range routes {
		lack := callers.Lack(r.Requirement)
		if lack == authz.LackNone {
			continue
		}
		out := UncallableRoute{Route: r.Route, Lacks: string(lack)}
		if r.Requirement.Scopes.Len() > 0 {
			out.Scopes = r.Requirement.Scopes.Strings()
		}
		if r.Requirement.AnyScope.Len() > 0 {
			out.AnyScope = r.Requirement.AnyScope.Strings()
		}
		for id := range r.Requirement.Clients {
			out.ClientIDs = append(out.ClientIDs, string(id))
		}
		slices.Sort(out.ClientIDs)
		list = append(list, out)
	}
	return list
}
