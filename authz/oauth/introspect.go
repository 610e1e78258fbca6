package oauth

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// IntrospectionBody is RFC 7662 section 2.2. Of a token that is not active
// nothing else is said.
type IntrospectionBody struct {
	Active    bool     `json:"active"`
	Scope     *string  `json:"scope,omitempty"`
	Scopes    []string `json:"scopes,omitempty"`
	ClientID  string   `json:"client_id,omitempty"`
	TokenType string   `json:"token_type,omitempty"`
	Exp       int64    `json:"exp,omitempty"` // Unix seconds
	Iat       int64    `json:"iat,omitempty"` // Unix seconds
	Sub       string   `json:"sub,omitempty"`
	Aud       []string `json:"aud,omitempty"` // the resources (RFC 8707) that the token is bound to; absent: none
	Iss       string   `json:"iss,omitempty"`
	Jti       string   `json:"jti,omitempty"` // the token's public id
}

// Describe says what may be said of a token.
func Describe(in authz.Introspection, issuer string) IntrospectionBody {
	if !in.Active {
		return IntrospectionBody{}
	}
	p, scope := in.Principal, in.Principal.Scopes.String()
	id := string(p.Client.ID)
	return IntrospectionBody{
		Active: true, Scope: &scope, Scopes: p.Scopes.Strings(), ClientID: id, TokenType: "Bearer",
		Exp: p.ExpiresAt.Unix(), Iat: p.IssuedAt.Unix(), Sub: id, Aud: in.Resources, Iss: issuer, Jti: string(p.Hash.ID()),
	}
}

func (s *Server) introspect(c echo.Context) error {
	start := s.wall()
	s.turn()
	caller, token, err := s.tokenForm(c)
	var in authz.Introspection
	if err == nil {
		in, err = s.Issuer.Introspect(c.Request().Context(), &caller, token)
	}
	if err == nil && !in.Active && s.Scans != nil {
		if wait := s.Scans.Missed(caller.ID, s.Now()); wait > 0 {
			err = &authz.OAuthError{
				Code: authz.CodeTemporarilyUnavailable, Description: "too many tokens that do not live, slow down",
				Cause: &limitError{scanLimit, wait},
			}
		}
	}
	if err != nil {
		status, werr := s.refuse(c, err)
		s.note(c, "introspect", caller.ID, status, err, start)
		return werr
	}
	s.note(c, "introspect", caller.ID, http.StatusOK, nil, start)
	return writeJSON(c, http.StatusOK, Describe(in, s.Policy.Load().Issuer))
}

// tokenForm is the form of introspection and revocation alike: an
// authenticated client and a token. token_type_hint is not needed to find it.
func (s *Server) tokenForm(c echo.Context) (caller authz.Client, token string, err error) {
	f, err := parseForm(c.Request())
	if err != nil {
		return caller, "", err
	}
	if caller, err = s.authenticate(c, f); err != nil {
		return caller, "", err
	}
	if token = f.get("token"); token == "" {
		return caller, "", invalid("token is missing")
	}
	return caller, strings.TrimSpace(token), nil
}
