package authz

import (
	"context"
	"fmt"
	"time"
)

// expiryWarnings are the times before a secret's end at which it is announced,
// the longest first.
var expiryWarnings = []time.Duration{7 * 24 * time.Hour, 24 * time.Hour}

// WarningDue returns the shortest of the times before a secret's end, a week
// and a day, that has come and was not announced yet; 0: none.
func (s *Secret) WarningDue(now time.Time) (due time.Duration) {
	if s.ExpiresAt.IsZero() || !s.Live(now) {
		return 0
	}
	for _, w := range expiryWarnings {
		if s.ExpiresAt.Sub(now) <= w && (s.Warned == 0 || w < s.Warned) {
			due = w
		}
	}
	return due
}

// WarnExpiring announces the end of a secret of an active client, once for each
// of the times before it, restarts included: that it was announced is stored
// in the same step as the event. It reports whether this call announced it.
func (r *Registry) WarnExpiring(ctx context.Context, id ClientID, secretID string) (announced bool, err error) {
	ch := By{Actor: "system"}.change(EventSecretExpiring)
	_, err = r.change(ctx, id, ch, func(c *Client, ch *Change) error {
		announced = false
		for i := range c.Secrets {
			s := &c.Secrets[i]
			due := s.WarningDue(ch.At)
			if s.ID != secretID || due == 0 || c.Status != StatusActive {
				continue
			}
			s.Warned, announced = due, true
			ch.SecretID, ch.SecretEnds = s.ID, s.ExpiresAt
			ch.Reason = fmt.Sprintf("it ends within %s", due)
			ch.say(fmt.Sprintf("secret %s ends at %s", s.ID, s.ExpiresAt.UTC().Format(time.RFC3339)))
			return nil
		}
		return errUnchanged
	})
	return announced && err == nil, err
}
