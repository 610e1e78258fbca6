package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// CreateRequest registers a client. Confidential is true if absent.
type CreateRequest struct {
	Name           string            `json:"name"`
	AllowedGrants  []string          `json:"allowed_grants,omitempty"`
	AllowedScopes  []string          `json:"allowed_scopes,omitempty"`
	Confidential   *bool             `json:"confidential,omitempty"`
	OwnerType      string            `json:"owner_type,omitempty"`
	OwnerID        string            `json:"owner_id,omitempty"`
	AccessTokenTTL Duration          `json:"access_token_ttl,omitempty"`
	IssueLimit     string            `json:"issue_limit,omitempty"` // such as "100/h"
	MaxLiveTokens  int               `json:"max_live_tokens,omitempty"`
	Addresses      []string          `json:"addresses,omitempty"` // addresses and CIDR ranges
	Labels         map[string]string `json:"labels,omitempty"`
	Reason         string            `json:"reason,omitempty"`
}

func (s *Server) createClient(c echo.Context) error {
	var req CreateRequest
	if err := read(c, &req, false); err != nil {
		return s.refuse(c, err)
	}
	limit, addresses, err := bounds(&req.IssueLimit, &req.Addresses)
	if err != nil {
		return s.refuse(c, err)
	}
	client, secret, err := s.Registry.Create(c.Request().Context(), authz.Registration{
		Name: req.Name, AllowedGrants: convert[authz.GrantType](req.AllowedGrants), AllowedScopes: convert[authz.Scope](req.AllowedScopes),
		Confidential: req.Confidential == nil || *req.Confidential, OwnerType: req.OwnerType, OwnerID: req.OwnerID,
		AccessTokenTTL: time.Duration(req.AccessTokenTTL), Labels: req.Labels,
		IssueLimit: *limit, MaxLiveTokens: req.MaxLiveTokens, Addresses: *addresses,
	}, by(c, req.Reason))
	if err != nil {
		return s.refuse(c, err)
	}
	c.Response().Header().Set(echo.HeaderLocation, "/admin/v1/clients/"+string(client.ID))
	return writeJSON(c, http.StatusCreated, ClientWithSecret{clientJSON(&client), secret.Text()})
}

// bounds reads what bounds a client's tokens; nil stays nil.
func bounds(limit *string, addresses *[]string) (l *authz.IssueLimit, a *authz.Addresses, err error) {
	if limit != nil {
		parsed, err := authz.ParseIssueLimit(*limit)
		if err != nil {
			return nil, nil, &authz.FieldError{Field: "issue_limit", Problem: err.Error()}
		}
		l = &parsed
	}
	if addresses != nil {
		parsed, err := authz.ParseAddresses(*addresses)
		if err != nil {
			return nil, nil, &authz.FieldError{Field: "addresses", Problem: err.Error()}
		}
		a = &parsed
	}
	return l, a, nil
}

// convert keeps nil and empty apart.
func convert[T ~string](list []string) []T {
	if list == nil {
		return nil
	}
	out := make([]T, 0, len(list))
	for _, s := range list {
		out = append(out, T(s))
	}
	return out
}

func (s *Server) listClients(c echo.Context) error {
	q, err := clientQuery(c)
	if err != nil {
		return s.refuse(c, err)
	}
	page, err := s.Store.Clients(c.Request().Context(), q)
	if err != nil {
		return s.refuse(c, err)
	}
	list := ClientList{Clients: []Client{}, NextCursor: string(page.Next)}
	for i := range page.Clients {
		list.Clients = append(list.Clients, clientJSON(&page.Clients[i]))
	}
	return writeJSON(c, http.StatusOK, list)
}

// clientQuery reads which clients a list is about, and which page of them.
func clientQuery(c echo.Context) (authz.ClientQuery, error) {
	q := authz.ClientQuery{
		After: authz.ClientID(c.QueryParam("cursor")), OwnerType: c.QueryParam("owner_type"), OwnerID: c.QueryParam("owner_id"),
		Status: authz.Status(c.QueryParam("status")), Name: c.QueryParam("name"), ManagedBy: c.QueryParam("managed_by"), Search: c.QueryParam("search"),
	}
	if q.After != "" {
		if _, err := authz.ParseClientID(string(q.After)); err != nil {
			return q, &authz.FieldError{Field: "cursor", Problem: "is not one that this server gave"}
		}
	}
	switch q.Status {
	case "", authz.StatusActive, authz.StatusDisabled, authz.StatusRevoked:
	default:
		return q, &authz.FieldError{Field: "status", Problem: "must be active, disabled or revoked"}
	}
	if len(q.Search) > authz.MaxSearchLength {
		return q, &authz.FieldError{Field: "search", Problem: "is longer than 200 bytes"}
	}
	if (q.OwnerType == "") != (q.OwnerID == "") {
		return q, &authz.FieldError{Field: "owner_type", Problem: "and owner_id go together"}
	}
	var err error
	if q.Limit, err = limitParam(c); err != nil {
		return q, err
	}
	if q.Labels, err = labelParams(c); err != nil {
		return q, err
	}
	return q, nil
}

// clientID reads the id of the path.
func clientID(c echo.Context) (authz.ClientID, error) {
	id, err := authz.ParseClientID(c.Param("id"))
	if err != nil {
		return "", &authz.FieldError{Field: "id", Problem: "is not a client's UUID"}
	}
	return id, nil
}

func (s *Server) getClient(c echo.Context) error {
	id, err := clientID(c)
	if err != nil {
		return s.refuse(c, err)
	}
	client, err := s.Store.Client(c.Request().Context(), id)
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, clientJSON(&client))
}

// UpdateRequest changes fields of a client; absent ones stay.
type UpdateRequest struct {
	Name           *string            `json:"name,omitempty"`
	AllowedGrants  *[]string          `json:"allowed_grants,omitempty"`
	AllowedScopes  *[]string          `json:"allowed_scopes,omitempty"`
	Confidential   *bool              `json:"confidential,omitempty"`
	OwnerType      *string            `json:"owner_type,omitempty"`
	OwnerID        *string            `json:"owner_id,omitempty"`
	AccessTokenTTL *Duration          `json:"access_token_ttl,omitempty"`
	IssueLimit     *string            `json:"issue_limit,omitempty"`     // empty: none
	MaxLiveTokens  *int               `json:"max_live_tokens,omitempty"` // 0: no cap
	Addresses      *[]string          `json:"addresses,omitempty"`       // empty: anywhere
	Labels         *map[string]string `json:"labels,omitempty"`
	Reason         string             `json:"reason,omitempty"`
}

func (s *Server) updateClient(c echo.Context) error {
	id, err := clientID(c)
	if err != nil {
		return s.refuse(c, err)
	}
	var req UpdateRequest
	if err := readChange(c, &req); err != nil {
		return s.refuse(c, err)
	}
	limit, addresses, err := bounds(req.IssueLimit, req.Addresses)
	if err != nil {
		return s.refuse(c, err)
	}
	u := authz.Update{
		IssueLimit: limit, MaxLiveTokens: req.MaxLiveTokens, Addresses: addresses,
		Name: req.Name, Confidential: req.Confidential, OwnerType: req.OwnerType, OwnerID: req.OwnerID,
		AccessTokenTTL: (*time.Duration)(req.AccessTokenTTL), Labels: req.Labels,
	}
	if req.AllowedGrants != nil {
		grants := convert[authz.GrantType](*req.AllowedGrants)
		u.AllowedGrants = &grants
	}
	if req.AllowedScopes != nil {
		scopes := convert[authz.Scope](*req.AllowedScopes)
		u.AllowedScopes = &scopes
	}
	client, err := s.Registry.Update(c.Request().Context(), id, u, by(c, req.Reason))
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, clientJSON(&client))
}

// RotateRequest asks for a new secret; the older ones live on for Overlap.
type RotateRequest struct {
	Overlap Duration `json:"overlap,omitempty"`
	Reason  string   `json:"reason,omitempty"`
}

func (s *Server) rotateSecret(c echo.Context) error {
	id, err := clientID(c)
	if err != nil {
		return s.refuse(c, err)
	}
	var req RotateRequest
	if err := read(c, &req, true); err != nil {
		return s.refuse(c, err)
	}
	client, secret, err := s.Registry.Rotate(c.Request().Context(), id, time.Duration(req.Overlap), by(c, req.Reason))
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, ClientWithSecret{clientJSON(&client), secret.Text()})
}

func (s *Server) removeSecret(c echo.Context) error {
	id, err := clientID(c)
	if err != nil {
		return s.refuse(c, err)
	}
	force, err := forceParam(c)
	if err != nil {
		return s.refuse(c, err)
	}
	client, err := s.Registry.RemoveSecret(c.Request().Context(), id, c.Param("secret"), force, by(c, c.QueryParam("reason")))
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, clientJSON(&client))
}

// ReasonRequest says why a change is made.
type ReasonRequest struct {
	Reason string `json:"reason,omitempty"`
}

// clientStatus is revoke, disable and enable.
func (s *Server) clientStatus(change func(context.Context, authz.ClientID, authz.By) (authz.Client, error)) echo.HandlerFunc {
	return func(c echo.Context) error {
		id, err := clientID(c)
		if err != nil {
			return s.refuse(c, err)
		}
		var req ReasonRequest
		if err := read(c, &req, true); err != nil {
			return s.refuse(c, err)
		}
		client, err := change(c.Request().Context(), id, by(c, req.Reason))
		if err != nil {
			return s.refuse(c, err)
		}
		return writeJSON(c, http.StatusOK, clientJSON(&client))
	}
}

// RevokeTokensRequest ends a client's tokens issued before an instant; absent: all.
type RevokeTokensRequest struct {
	IssuedBefore time.Time `json:"issued_before,omitzero"`
	Reason       string    `json:"reason,omitempty"`
}

func (s *Server) revokeClientTokens(c echo.Context) error {
	id, err := clientID(c)
	if err != nil {
		return s.refuse(c, err)
	}
	var req RevokeTokensRequest
	if err := read(c, &req, true); err != nil {
		return s.refuse(c, err)
	}
	client, err := s.Registry.RevokeTokens(c.Request().Context(), id, req.IssuedBefore, by(c, req.Reason))
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, clientJSON(&client))
}
