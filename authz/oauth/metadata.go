package oauth

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/labstack/echo/v4"

	"scopegate/authz/assertion"
)

// authMethods are the ways of client authentication that the endpoints take.
var authMethods = []string{"client_secret_basic", "client_secret_post"}

// serverBody is RFC 8414 section 2. response_types_supported is required there
// and empty here, since no user is ever sent anywhere.
type serverBody struct {
	Issuer                string   `json:"issuer"`
	TokenEndpoint         string   `json:"token_endpoint"`
	TokenAuthMethods      []string `json:"token_endpoint_auth_methods_supported"`
	GrantTypes            []string `json:"grant_types_supported"`
	ResponseTypes         []string `json:"response_types_supported"`
	Scopes                []string `json:"scopes_supported,omitempty"`
	RevocationEndpoint    string   `json:"revocation_endpoint"`
	RevocationMethods     []string `json:"revocation_endpoint_auth_methods_supported"`
	IntrospectionEndpoint string   `json:"introspection_endpoint"`
	IntrospectionMethods  []string `json:"introspection_endpoint_auth_methods_supported"`
	JWKSURI               string   `json:"jwks_uri,omitempty"`
}

// serverMetadata answers at the well-known path, and below it at the issuer's
// own path (RFC 8414 section 3.1).
func (s *Server) serverMetadata(c echo.Context) error {
	policy := s.Policy.Load()
	issuer, err := url.Parse(policy.Issuer)
	if err != nil {
		return NotFound(c)
	}
	if below := c.Request().URL.Path[len(ServerPath):]; below != "" && below != issuer.Path {
		return NotFound(c)
	}
	origin := issuer.Scheme + "://" + issuer.Host
	body := serverBody{
		Issuer: policy.Issuer, TokenEndpoint: origin + TokenPath, TokenAuthMethods: authMethods,
		GrantTypes: []string{"client_credentials"}, ResponseTypes: []string{}, Scopes: policy.Scopes.Strings(),
		RevocationEndpoint: origin + RevokePath, RevocationMethods: authMethods,
		IntrospectionEndpoint: origin + IntrospectPath, IntrospectionMethods: authMethods,
	}
	if s.keySet() != nil {
		body.JWKSURI = origin + JWKSPath
	}
	return writeCacheable(c, body)
}

// jwks answers the public keys of what scopegate signs; an empty set while it
// signs nothing.
func (s *Server) jwks(c echo.Context) error {
	set := s.keySet()
	if set == nil {
		set = []byte(`{"keys":[]}`)
	}
	c.Response().Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(assertion.MaxAge.Seconds())))
	return c.Blob(http.StatusOK, "application/jwk-set+json", set)
}

func (s *Server) keySet() []byte {
	if s.JWKS == nil {
		return nil
	}
	return s.JWKS()
}

func writeCacheable(c echo.Context, v any) error {
	c.Response().Header().Set("Cache-Control", "public, max-age=300")
	return c.JSON(http.StatusOK, v)
}
