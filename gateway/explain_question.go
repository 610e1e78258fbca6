package gateway

import (
	"fmt"

	"scopegate/authz"
)

// token judges the token that the question thinks of.
func (q *Question) token(r *authz.Requirement) authz.Reason {
	scopes := q.Scopes
	if q.Live != nil {
		switch q.Live.Status {
		case authz.StatusRevoked:
			return authz.ReasonClientRevoked
		case authz.StatusDisabled:
			return authz.ReasonClientDisabled
		}
		scopes = scopes.Within(q.Live.AllowedScopes)
	}
	switch {
	case !r.OpenTo(q.Resources):
		return authz.ReasonOtherResource
	case q.Live != nil && q.From.IsValid() && !q.Live.Addresses.Permits(q.From):
		return authz.ReasonAddressNotAllowed
	}
	return r.Judge(q.Client, scopes)
}

// notJudged says what the verdict leaves out, and only what could change it.
func (s *Snapshot) notJudged(q *Question, g *guard, verdict authz.Reason) (list []string) {
	if !q.From.IsValid() && !g.addresses.Empty() {
		list = append(list, "the route's list of addresses: it is not said where the request comes from")
	}
	if verdict.Status() != 0 {
		return list
	}
	if verdict != authz.ReasonPublic {
		list = append(list, "whether the token lives")
		switch {
		case q.Live == nil:
			list = append(list, "the client: its status, its scopes and its own list of addresses")
		case !q.From.IsValid() && len(q.Live.Addresses) > 0:
			list = append(list, "the client's list of addresses: it is not said where the request comes from")
		}
	}
	if g.limits != (routeLimits{}) || s.limits.perClient != nil || s.limits.perAddress != nil {
		list = append(list, "rates, concurrency and quotas: they count what came before")
	}
	if g.bodyLimit > 0 {
		list = append(list, fmt.Sprintf("the length of the body: %d bytes may be", g.bodyLimit))
	}
	return list
}

// bindingWords tells of resources that no token can be bound to.
func (s *Snapshot) bindingWords(q *Question) (words string) {
	for _, resource := range q.Resources {
		if !s.hasResource(resource) {
			words += fmt.Sprintf("; no route belongs to the resource %q, so that no token is bound to it", resource)
		}
	}
	return words
}

func (s *Snapshot) hasResource(resource string) bool {
	for _, g := range s.guards {
		if g.route.Requirement.Resource == resource {
			return true
		}
	}
	return false
}
