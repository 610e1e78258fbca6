package authz

import (
	"slices"
	"time"
)

// SetBack returns the client as it has to be when the latest time seen, ahead,
// is set back to now, and whether that is a change; a revoked client is none.
//
// Whatever was refused by the time that was seen stays refused, and nothing
// lives longer than it was to live:
//   - The generation rises, so that all tokens are dead: those that expired by
//     the wrong time, and those that were issued by it.
//   - Secrets that had ended go. What was left of the others is left of them
//     now.
//   - Times that lie ahead of now become now.
func (c Client) SetBack(ahead, now time.Time) (Client, bool) {
	if c.Status == StatusRevoked {
		return c, false
	}
	c = c.Clone()
	c.Generation++
	c.Version++
	c.CreatedAt, c.LastUsedAt, c.TokensNotBefore = earlier(c.CreatedAt, now), earlier(c.LastUsedAt, now), earlier(c.TokensNotBefore, now)
	c.Secrets = slices.DeleteFunc(c.Secrets, func(s Secret) bool { return !s.Live(ahead) })
	for i := range c.Secrets {
		s := &c.Secrets[i]
		s.CreatedAt, s.LastUsedAt = earlier(s.CreatedAt, now), earlier(s.LastUsedAt, now)
		if !s.ExpiresAt.IsZero() {
			s.ExpiresAt = now.Add(s.ExpiresAt.Sub(ahead))
		}
	}
	return c, true
}

// earlier returns the earlier of both times, in UTC and without a monotonic
// part.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		a = b
	}
	return a.Round(0).UTC()
}
