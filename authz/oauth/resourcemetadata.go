package oauth

import (
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// resourceBody is RFC 9728 section 2. Its scopes are those that are asked for
// at the resource, not all that there are.
type resourceBody struct {
	Resource             string   `json:"resource"`
	AuthorizationServers []string `json:"authorization_servers"`
	Scopes               []string `json:"scopes_supported,omitempty"`
	BearerMethods        []string `json:"bearer_methods_supported"`
}

// resourceMetadata answers at the well-known path for our own origin, and
// below it at the path of each resource that routes belong to (RFC 9728
// section 3.1).
func (s *Server) resourceMetadata(c echo.Context) error {
	policy := s.Policy.Load()
	issuer, err := url.Parse(policy.Issuer)
	if err != nil {
		return NotFound(c)
	}
	resource := issuer.Scheme + "://" + issuer.Host
	if below := c.Request().URL.EscapedPath()[len(ResourcePath):]; below != "" {
		if resource = resourceAt(policy, c.Request().Host, below); resource == "" {
			return NotFound(c)
		}
	}
	scopes, named := policy.Resources[resource]
	if !named { // our own origin: of all routes, which a token that is bound to nothing opens
		scopes = policy.Asked
	}
	return writeCacheable(c, resourceBody{
		Resource: resource, AuthorizationServers: []string{policy.Issuer},
		Scopes: scopes.Strings(), BearerMethods: []string{"header"},
	})
}

// resourceAt returns the resource with this path, on the host that is asked
// if several hosts have one; empty: none, or no way to tell which.
func resourceAt(policy *authz.Policy, host, path string) string {
	only, several := "", false
	for resource := range policy.Resources {
		u, err := url.Parse(resource)
		if err != nil || u.EscapedPath() != path {
			continue
		}
		if strings.EqualFold(u.Host, host) {
			return resource
		}
		several = several || only != ""
		only = resource
	}
	if several {
		return ""
	}
	return only
}
