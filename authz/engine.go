package authz

import (
	"fmt"
	"strings"
	"time"
)

// The rules in this file are the same for every engine behind Store, so that
// no two of them can differ in what they keep.

// Over returns the client as PutClient stores it in place of stored (nil: there
// is none), with Version raised by one. The error wraps ErrConflict where
// Version does not fit or Generation would fall. Last uses noted meanwhile by
// TouchClients are kept.
func (c Client) Over(stored *Client) (Client, error) {
	if _, err := ParseClientID(string(c.ID)); err != nil {
		return Client{}, err
	}
	var before Client
	if stored != nil {
		before = *stored
	}
	switch {
	case c.Version != before.Version || stored != nil && c.Version == 0:
		return Client{}, fmt.Errorf("version %d, stored is %d: %w", c.Version, before.Version, ErrConflict)
	case c.Generation < before.Generation:
		return Client{}, fmt.Errorf("generation %d, stored is %d: %w", c.Generation, before.Generation, ErrConflict)
	}
	c = c.Clone()
	c.Version++
	c.CreatedAt, c.TokensNotBefore = c.CreatedAt.Round(0).UTC(), c.TokensNotBefore.Truncate(time.Second).UTC()
	c.LastUsedAt = later(c.LastUsedAt, before.LastUsedAt)
	for i := range c.Secrets {
		s := &c.Secrets[i]
		s.CreatedAt, s.ExpiresAt, s.LastUsedAt = s.CreatedAt.Round(0).UTC(), s.ExpiresAt.Round(0).UTC(), s.LastUsedAt.Round(0).UTC()
		for j := range before.Secrets {
			if before.Secrets[j].ID == s.ID {
				s.LastUsedAt = later(s.LastUsedAt, before.Secrets[j].LastUsedAt)
			}
		}
	}
	return c, nil
}

// Touch notes a use, and reports whether it was later than what was noted.
func (c *Client) Touch(u Use) bool {
	changed := u.At.After(c.LastUsedAt)
	c.LastUsedAt = later(c.LastUsedAt, u.At)
	for i := range c.Secrets {
		if s := &c.Secrets[i]; u.Secret != "" && s.ID == u.Secret && u.At.After(s.LastUsedAt) {
			s.LastUsedAt, changed = later(s.LastUsedAt, u.At), true
		}
	}
	return changed
}

// later returns the later of both times, in UTC and without a monotonic part.
func later(a, b time.Time) time.Time {
	if b.After(a) {
		a = b
	}
	return a.Round(0).UTC()
}

// PageSize returns the number of clients that a page holds: 1 to 1000, by
// default 100.
func (q *ClientQuery) PageSize() int { return pageSize(q.Limit) }

// pageSize is what the Limit of a query means.
func pageSize(limit int) int {
	if limit <= 0 {
		return 100
	}
	return min(limit, 1000)
}

// Selects reports whether the client passes the query's filters; After and
// Limit are not looked at.
func (q *ClientQuery) Selects(c *Client) bool {
	switch {
	case q.OwnerType != "" && q.OwnerType != c.OwnerType,
		q.OwnerID != "" && q.OwnerID != c.OwnerID,
		q.Status != "" && q.Status != c.Status,
		q.ManagedBy != "" && q.ManagedBy != c.ManagedBy,
		q.Search != "" && !c.found(q.Search),
		q.Name != "" && !strings.Contains(strings.ToLower(c.Name), strings.ToLower(q.Name)):
		return false
	}
	for k, v := range q.Labels {
		if have, ok := c.Labels[k]; !ok || have != v {
			return false
		}
	}
	return true
}

// Narrows reports whether the query has a filter, so that Selects may say no.
func (q *ClientQuery) Narrows() bool {
	return q.OwnerType != "" || q.OwnerID != "" || q.Status != "" || q.ManagedBy != "" || q.Search != "" || q.Name != "" || len(q.Labels) > 0
}

// Stored returns the token as an engine keeps it: times in whole seconds and
// UTC, slices of its own. It is an error if the client is none that could be stored or the key's hour is not the one in
// which the token expires, since engines drop tokens by it.
func (t AccessToken) Stored() (AccessToken, error) {
	if HourOf(t.ExpiresAt) != t.Key.Hour {
		return AccessToken{}, fmt.Errorf("token %s: its hour %d is not that of its end %s", t.Key.Hash.ID(), t.Key.Hour, t.ExpiresAt.UTC().Format(time.RFC3339))
	}
	if _, err := ParseClientID(string(t.ClientID)); err != nil {
		return AccessToken{}, fmt.Errorf("token %s: %w", t.Key.Hash.ID(), err)
	}
	t.IssuedAt, t.ExpiresAt = t.IssuedAt.Truncate(time.Second).UTC(), t.ExpiresAt.Truncate(time.Second).UTC()
	t.Resources = append([]string(nil), t.Resources...)
	return t, nil
}
