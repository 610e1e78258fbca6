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
