package admin

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
	"scopegate/authz/oauth"
)

// IssueRequest makes a token for a client without its secret, for operators
// who look into a problem.
type IssueRequest struct {
	ClientID string `json:"client_id"`
	Scope    string `json:"scope,omitempty"`
	// Resources are those that the token shall be bound to (RFC 8707), checked as
	// at the token endpoint; none: it is bound to none.
	Resources []string `json:"resources,omitempty"`
	Reason    string   `json:"reason,omitempty"`
}

// Token is an issued token as the API shows it, once.
type Token struct {
	AccessToken string   `json:"access_token"`
	TokenType   string   `json:"token_type"`
	ExpiresIn   int64    `json:"expires_in"` // seconds
	Scope       string   `json:"scope"`
	Scopes      []string `json:"scopes"`
	TokenID     string   `json:"token_id"`
	Resources   []string `json:"resources,omitempty"` // that it is bound to; absent: none
}

func (s *Server) issueToken(c echo.Context) error {
	var req IssueRequest
	if err := read(c, &req, false); err != nil {
		return s.refuse(c, err)
	}
	id, err := authz.ParseClientID(req.ClientID)
	if err != nil {
		return s.refuse(c, &authz.FieldError{Field: "client_id", Problem: "is not a client's UUID"})
	}
	client, err := s.Store.Client(c.Request().Context(), id)
	if err != nil {
		return s.refuse(c, err)
	}
	if client.Status != authz.StatusActive {
		return writeProblem(c, http.StatusConflict, "client_"+string(client.Status), "The client is not active.")
	}
	ask := authz.TokenRequest{Grant: authz.GrantClientCredentials, Scope: req.Scope, Resources: req.Resources}
	issued, err := s.Issuer.IssueBy(c.Request().Context(), &client, ask, by(c, req.Reason))
	if err != nil {
		return s.refuse(c, err)
	}
	s.Metrics.Client(string(id)).TokenIssued()
	tokenID := string(issued.Record.Key.Hash.ID())
	return writeJSON(c, http.StatusCreated, Token{
		AccessToken: issued.Text.Text(), TokenType: "Bearer", ExpiresIn: int64(issued.TTL / time.Second),
		Scope: issued.Record.Scopes.String(), Scopes: issued.Record.Scopes.Strings(), TokenID: tokenID,
		Resources: issued.Record.Resources,
	})
}

// TokenRequest names a token by its text or by its public id.
type TokenRequest struct {
	Token   string `json:"token,omitempty"`
	TokenID string `json:"token_id,omitempty"`
}

// RevokeTokenRequest ends a token, and says why.
type RevokeTokenRequest struct {
	TokenRequest
	Reason string `json:"reason,omitempty"`
}

// RevokeResult says whether a living token was ended by this call.
type RevokeResult struct {
	Revoked bool `json:"revoked"`
}

func (s *Server) revokeToken(c echo.Context) error {
	var req RevokeTokenRequest
	if err := read(c, &req, false); err != nil {
		return s.refuse(c, err)
	}
	revoked, err := s.revoke(c, req)
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, RevokeResult{revoked})
}

func (s *Server) revoke(c echo.Context, req RevokeTokenRequest) (bool, error) {
	switch {
	case (req.Token == "") == (req.TokenID == ""):
		return false, &authz.FieldError{Field: "token", Problem: "give either token or token_id"}
	case req.Token != "":
		if _, ok := authz.ParseToken(req.Token); !ok {
			return false, &authz.FieldError{Field: "token", Problem: "has not the shape of a token"}
		}
		return s.Issuer.Revoke(c.Request().Context(), nil, req.Token, by(c, req.Reason))
	}
	id, ok := authz.ParseTokenID(req.TokenID)
	if !ok {
		return false, &authz.FieldError{Field: "token_id", Problem: "must be 16 hex digits"}
	}
	return s.Issuer.RevokeID(c.Request().Context(), id, by(c, req.Reason))
}

// Introspection is what is known of a token; Reason says why it is not active.
type Introspection struct {
	oauth.IntrospectionBody
	Reason string `json:"reason,omitempty"`
}

func (s *Server) introspectToken(c echo.Context) error {
	var req TokenRequest
	if err := read(c, &req, false); err != nil {
		return s.refuse(c, err)
	}
	if req.Token == "" || req.TokenID != "" {
		return s.refuse(c, &authz.FieldError{Field: "token", Problem: "is missing"})
	}
	in, err := s.Issuer.Introspect(c.Request().Context(), nil, req.Token)
	if err != nil {
		return s.refuse(c, err)
	}
	out := Introspection{IntrospectionBody: oauth.Describe(in, s.Policy.Load().Issuer)}
	if !in.Active {
		out.Reason = in.Reason.String()
	}
	return writeJSON(c, http.StatusOK, out)
}
