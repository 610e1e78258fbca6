package admin

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// maxApplyBody is the largest application in bytes: tens of thousands of clients.
const maxApplyBody = 32 << 20

// ApplyRequest asks that the declared clients are there just so. Reading it
// twice changes nothing the second time.
type ApplyRequest struct {
	ManagedBy   string           `json:"managed_by"` // the name of this set of clients
	Clients     []DeclaredClient `json:"clients"`
	Prune       bool             `json:"prune,omitempty"`        // revoke what the set made and names no more
	TakeSecrets bool             `json:"take_secrets,omitempty"` // also replace secrets that were changed by hand
	DryRun      bool             `json:"dry_run,omitempty"`
	Reason      string           `json:"reason,omitempty"`
}

// DeclaredClient is a client as it shall be: what is absent is not there.
type DeclaredClient struct {
	ID             string            `json:"id"` // a UUIDv4 that the caller chose
	Name           string            `json:"name"`
	AllowedGrants  []string          `json:"allowed_grants,omitempty"`
	AllowedScopes  []string          `json:"allowed_scopes,omitempty"`
	Confidential   *bool             `json:"confidential,omitempty"` // absent: true
	OwnerType      string            `json:"owner_type,omitempty"`
	OwnerID        string            `json:"owner_id,omitempty"`
	AccessTokenTTL Duration          `json:"access_token_ttl,omitempty"`
	IssueLimit     string            `json:"issue_limit,omitempty"`
	MaxLiveTokens  int               `json:"max_live_tokens,omitempty"`
	Addresses      []string          `json:"addresses,omitempty"`
	Labels         map[string]string `json:"labels,omitempty"`
	Status         string            `json:"status,omitempty"`  // active or disabled; absent: left as it is, and a new client is active
	Secrets        []DeclaredSecret  `json:"secrets,omitempty"` // absent: left as they are
}

// DeclaredSecret is a secret by its text, or by its hash: HMAC-SHA-256 in 64
// hex digits under one of the server's hash keys.
type DeclaredSecret struct {
	Secret    string     `json:"secret,omitempty"`
	Hash      string     `json:"hash,omitempty"`
	HashKeyID string     `json:"hash_key_id,omitempty"`
	Preview   string     `json:"preview,omitempty"`
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
}

// ApplyResult says what was changed, or would be. Clients that are as declared
// are only counted.
type ApplyResult struct {
	DryRun    bool           `json:"dry_run"`
	Changes   []ClientChange `json:"changes"`
	Created   int            `json:"created"`
	Updated   int            `json:"updated"`
	Revoked   int            `json:"revoked"`
	Unchanged int            `json:"unchanged"`
	// Warnings are what is odd and stops nothing, each at its path in the request;
	// absent: none.
	Warnings []Problem `json:"warnings,omitempty"`
}

// ClientChange is what changes of one client, in words.
type ClientChange struct {
	Action  string   `json:"action"` // create, update or revoke
	ID      string   `json:"id"`
	Name    string   `json:"name"`
	Changes []string `json:"changes"`
}

func (s *Server) applyClients(c echo.Context) error {
	var req ApplyRequest
	if err := readUpTo(maxApplyBody, c, &req, false); err != nil {
		return s.refuse(c, err)
	}
	a := &authz.Application{
		ManagedBy: req.ManagedBy, Prune: req.Prune, TakeSecrets: req.TakeSecrets, DryRun: req.DryRun, By: by(c, req.Reason),
	}
	var wrong authz.DeclarationErrors
	for i := range req.Clients {
		d, err := req.Clients[i].declared()
		if field, ok := errors.AsType[*authz.FieldError](err); ok {
			wrong = append(wrong, &authz.DeclarationError{Client: i, Field: field.Field, Problem: field.Problem})
		}
		a.Clients = append(a.Clients, d)
	}
	if len(wrong) > 0 {
		return s.refuse(c, wrong)
	}
	diffs, err := s.Registry.Apply(c.Request().Context(), a)
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, applied(req.DryRun, diffs))
}

// applied counts and lists what changed. The differences of declared clients
// come first, in the order of the request.
func applied(dryRun bool, diffs []authz.Difference) ApplyResult {
	result := ApplyResult{DryRun: dryRun, Changes: []ClientChange{}}
	for i, d := range diffs {
		if d.Warning != nil {
			at := authz.DeclarationError{Client: i, Field: d.Warning.Field, Problem: d.Warning.Problem}
			result.Warnings = append(result.Warnings, Problem{Path: at.Path(), Message: at.Problem})
		}
		switch d.Action {
		case authz.ActionCreate:
			result.Created++
		case authz.ActionUpdate:
			result.Updated++
		case authz.ActionRevoke:
			result.Revoked++
		case authz.ActionNone:
			result.Unchanged++
			continue
		}
		result.Changes = append(result.Changes, ClientChange{string(d.Action), string(d.ID), d.Name, d.Said})
	}
	return result
}

// declared reads a client; its error is a *FieldError.
func (d *DeclaredClient) declared() (authz.Declared, error) {
	limit, addresses, err := bounds(&d.IssueLimit, &d.Addresses)
	if err != nil {
		return authz.Declared{}, err
	}
	switch authz.Status(d.Status) {
	case "", authz.StatusActive, authz.StatusDisabled:
	default:
		return authz.Declared{}, &authz.FieldError{Field: "status", Problem: "must be active or disabled"}
	}
	out := authz.Declared{
		ID: authz.ClientID(d.ID),
		Registration: authz.Registration{
			Name: d.Name, AllowedGrants: convert[authz.GrantType](d.AllowedGrants), AllowedScopes: convert[authz.Scope](d.AllowedScopes),
			Confidential: d.Confidential == nil || *d.Confidential, OwnerType: d.OwnerType, OwnerID: d.OwnerID,
			AccessTokenTTL: time.Duration(d.AccessTokenTTL), Labels: d.Labels,
			IssueLimit: *limit, MaxLiveTokens: d.MaxLiveTokens, Addresses: *addresses,
		},
		Status: authz.Status(d.Status),
	}
	if d.Secrets != nil {
		out.Secrets = []authz.DeclaredSecret{}
	}
	for i := range d.Secrets {
		secret, err := d.Secrets[i].declared(fmt.Sprintf("secrets[%d]", i))
		if err != nil {
			return authz.Declared{}, err
		}
		out.Secrets = append(out.Secrets, secret)
	}
	return out, nil
}

func (s *DeclaredSecret) declared(field string) (authz.DeclaredSecret, error) {
	out := authz.DeclaredSecret{Text: authz.NewSecretText(s.Secret), HashKeyID: s.HashKeyID, Preview: s.Preview}
	if s.ExpiresAt != nil {
		out.ExpiresAt = s.ExpiresAt.UTC().Truncate(time.Second)
	}
	if s.Secret != "" {
		if s.Hash != "" || s.HashKeyID != "" || s.Preview != "" {
			return out, &authz.FieldError{Field: field, Problem: "give either secret, or hash and hash_key_id"}
		}
		return out, nil
	}
	hash, err := hex.DecodeString(s.Hash)
	switch {
	case err != nil || len(hash) != len(out.Hash):
		return out, &authz.FieldError{Field: field + ".hash", Problem: "must be an HMAC-SHA-256 in 64 hex digits"}
	case s.HashKeyID == "":
		return out, &authz.FieldError{Field: field + ".hash_key_id", Problem: "is missing: the key under which the hash was made"}
	case !authz.ValidPreview(s.Preview):
		return out, &authz.FieldError{Field: field + ".preview", Problem: "must be spocs_ and up to four characters more"}
	}
	out.Hash = [32]byte(hash)
	return out, nil
}

// declarationProblems are problems of the request, each at its path.
func declarationProblems(wrong authz.DeclarationErrors) []Problem {
	problems := make([]Problem, len(wrong))
	for i, w := range wrong {
		problems[i] = Problem{Path: w.Path(), Message: w.Problem}
	}
	return problems
}

// refuseUnfinished answers an application that was broken off.
func (s *Server) refuseUnfinished(c echo.Context, err *authz.UnfinishedError) error {
	s.Log.ErrorContext(c.Request().Context(), "clients not all applied", "done", err.Done, "of", err.Of, "error", err.Err)
	c.Response().Header().Set(echo.HeaderRetryAfter, "10")
	detail := fmt.Sprintf("%d of %d clients are changed, the others are as they were. Apply again to change the rest.", err.Done, err.Of)
	return writeProblem(c, http.StatusServiceUnavailable, "unfinished", detail)
}
