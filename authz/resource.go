package authz

import (
	"fmt"
	"slices"
)

// Bounds of resource indicators (RFC 8707).
const (
	MaxResourceLength = 512 // bytes
	MaxResources      = 20  // that one token is bound to
)

// bindingOpens is RFC 8707's rule: a token that is bound to resources may be
// used at these and nowhere else.
func bindingOpens(bound []string, resource string) bool {
	return len(bound) == 0 || resource != "" && slices.Contains(bound, resource)
}

// OpenTo reports whether a token that is bound to these resources may be used
// at the route; one that is bound to none may be used at all of them. It is
// for explaining: it yields no Decision.
func (r *Requirement) OpenTo(bound []string) bool { return bindingOpens(bound, r.Resource) }

// bindTo checks the resources that a token shall be bound to: each must be one
// that a route belongs to (RFC 8707 section 2: invalid_target otherwise). One
// that is named twice counts once. None binds to none.
func (p *Policy) bindTo(asked []string) ([]string, error) {
	var bound []string
	for _, resource := range asked {
		if _, ok := p.Resources[resource]; !ok {
			return nil, &OAuthError{
				Code: CodeInvalidTarget, Description: "a requested resource is unknown",
				Cause: fmt.Errorf("resource %.100q", resource),
			}
		}
		if !slices.Contains(bound, resource) {
			bound = append(bound, resource)
		}
	}
	if len(bound) > MaxResources {
		return nil, &OAuthError{Code: CodeInvalidTarget, Description: "too many resources are requested"}
	}
	slices.Sort(bound) // so that tokens bound alike are kept alike
	return bound, nil
}
