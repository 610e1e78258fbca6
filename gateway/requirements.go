package gateway

import "scopegate/authz"

// Requirements returns what each route in force demands, in the order of the
// file; nil before the first Reload. The requirements may not be changed.
func (g *Gateway) Requirements() []authz.RouteRequirement {
	s := g.snapshot.Load()
	if s == nil {
		return nil
	}
	list := make([]authz.RouteRequirement, 0, len(s.guards))
	for _, guard := range s.guards {
		list = append(list, authz.RouteRequirement{Route: guard.route.Name, Requirement: &guard.route.Requirement})
	}
	return list
}
