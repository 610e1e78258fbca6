package admin

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// DefaultUnusedFor is how long a scope must not have been used to be called
// unused where nothing else is said.
const DefaultUnusedFor = 30 * 24 * time.Hour

// Usage is what a client used. Counts begin at CountedSince; a crash takes at
// most the last half minute of them with it.
type Usage struct {
	ClientID     string      `json:"client_id"`
	Name         string      `json:"name"`
	Status       string      `json:"status"`
	OwnerType    string      `json:"owner_type,omitempty"`
	OwnerID      string      `json:"owner_id,omitempty"`
	CountedSince *time.Time  `json:"counted_since"`
	LastUsedAt   *time.Time  `json:"last_used_at"` // authenticated, or a good token of its was presented; null: never
	Requests     uint64      `json:"requests"`     // with a good token, whatever became of them
	TokensIssued uint64      `json:"tokens_issued"`
	Recent       RecentUsage `json:"recent"`
	TokenPerCall bool        `json:"token_per_call"` // it fetches a token where it has one; see docs/usage.md
	Scopes       []ScopeUse  `json:"scopes"`         // one for each that it may have
}

// RecentUsage is what was counted since the beginning of yesterday (UTC).
type RecentUsage struct {
	Since        *time.Time `json:"since"`
	Requests     uint64     `json:"requests"`
	TokensIssued uint64     `json:"tokens_issued"`
	EarlyTokens  uint64     `json:"early_tokens"` // while the one before had more than half of its life left
}

// ScopeUse is what a client used of one of its scopes.
type ScopeUse struct {
	Scope        string     `json:"scope"`
	CountedSince *time.Time `json:"counted_since"` // since the client has it, at the earliest
	LastUsedAt   *time.Time `json:"last_used_at"`  // null: never since
	Uses         uint64     `json:"uses"`          // requests that a route which asks for it let pass
	Unused       bool       `json:"unused"`        // for all of unused_for
}

// UsageList is a page of usages. A page may hold fewer than were asked for.
type UsageList struct {
	UnusedFor  Duration `json:"unused_for"`
	Clients    []Usage  `json:"clients"`
	NextCursor string   `json:"next_cursor"`
}

// listUsage answers for the clients of a page, but for revoked ones unless
// status or client_id asks for them.
func (s *Server) listUsage(c echo.Context) error {
	q, err := clientQuery(c)
	if err != nil {
		return s.refuse(c, err)
	}
	unusedFor, err := unusedFor(c)
	if err != nil {
		return s.refuse(c, err)
	}
	page, err := s.selected(c, q)
	if err != nil {
		return s.refuse(c, err)
	}
	list := UsageList{UnusedFor: Duration(unusedFor), Clients: []Usage{}, NextCursor: string(page.Next)}
	for i := range page.Clients {
		list.Clients = append(list.Clients, s.usage(&page.Clients[i], unusedFor))
	}
	return writeJSON(c, http.StatusOK, list)
}

// selected returns the clients of a page that a question about usage means.
func (s *Server) selected(c echo.Context, q authz.ClientQuery) (authz.ClientPage, error) {
	id, err := clientParam(c)
	if err != nil {
		return authz.ClientPage{}, err
	}
	if id != "" {
		client, err := s.Store.Client(c.Request().Context(), id)
		if err != nil || !q.Selects(&client) || id <= q.After {
			return authz.ClientPage{}, err
		}
		return authz.ClientPage{Clients: []authz.Client{client}}, nil
	}
	page, err := s.Store.Clients(c.Request().Context(), q)
	if q.Status == "" {
		page.Clients = withoutRevoked(page.Clients)
	}
	return page, err
}

func withoutRevoked(clients []authz.Client) []authz.Client {
	kept := clients[:0]
	for i := range clients {
		if clients[i].Status != authz.StatusRevoked {
			kept = append(kept, clients[i])
		}
	}
	return kept
}

func unusedFor(c echo.Context) (time.Duration, error) {
	text := c.QueryParam("unused_for")
	if text == "" {
		return DefaultUnusedFor, nil
	}
	span, err := time.ParseDuration(text)
	if err != nil || span <= 0 {
		return 0, &authz.FieldError{Field: "unused_for", Problem: `must be a duration above zero like "720h"`}
	}
	return span, nil
}

func (s *Server) usage(c *authz.Client, unusedFor time.Duration) Usage {
	now := s.Now()
	u := s.Meter(c.ID).Usage(now)
	since, recent := u.Recent()
	out := Usage{
		ClientID: string(c.ID), Name: c.Name, Status: string(c.Status), OwnerType: c.OwnerType, OwnerID: c.OwnerID,
		CountedSince: timeOrNull(u.Since), LastUsedAt: timeOrNull(c.LastUsedAt), Requests: u.Total.Requests, TokensIssued: u.Total.Tokens,
		Recent:       RecentUsage{timeOrNull(since), recent.Requests, recent.Tokens, recent.EarlyTokens},
		TokenPerCall: u.FetchesTokenPerCall(), Scopes: []ScopeUse{},
	}
	for i := range u.Scopes {
		scope := &u.Scopes[i]
		out.Scopes = append(out.Scopes, ScopeUse{
			Scope: string(scope.Scope), CountedSince: timeOrNull(scope.Since), LastUsedAt: timeOrNull(scope.LastUsedAt), Uses: scope.Uses,
			Unused: c.Status != authz.StatusRevoked && scope.UnusedFor(unusedFor, now),
		})
	}
	return out
}
