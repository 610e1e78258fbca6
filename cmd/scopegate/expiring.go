package main

import (
	"context"
	"time"

	"scopegate/authz"
)

const (
	// expiringSoon is how near its end a secret is announced.
	expiringSoon = 7 * 24 * time.Hour
	// lookForExpiring is how often secrets are looked through.
	lookForExpiring = time.Minute
	// sayExpiring is how often the log names the same secret again.
	sayExpiring = 24 * time.Hour
)

// watchSecrets counts the secrets that end soon, for the metric, and names
// each in the log once a day.
func (s *server) watchSecrets(ctx context.Context) {
	tick := time.NewTicker(lookForExpiring)
	defer tick.Stop()
	said := map[string]time.Time{}
	for {
		s.countExpiring(ctx, said)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *server) countExpiring(ctx context.Context, said map[string]time.Time) {
	now, n := s.now(), 0
	q := authz.ClientQuery{Limit: 1000, Status: authz.StatusActive}
	for {
		page, err := s.store.Clients(ctx, q)
		if err != nil {
			return // the store's own watch tells of it
		}
		for i := range page.Clients {
			n += s.announceExpiring(&page.Clients[i], now, said)
			s.warnExpiring(ctx, &page.Clients[i], now)
		}
		if page.Next == "" {
			break
		}
		q.After = page.Next
	}
	for name, at := range said {
		if now.Sub(at) > 2*sayExpiring {
			delete(said, name)
		}
	}
	s.expiring.Store(int64(n))
}

func (s *server) announceExpiring(c *authz.Client, now time.Time, said map[string]time.Time) (n int) {
	for i := range c.Secrets {
		secret := &c.Secrets[i]
		if secret.ExpiresAt.IsZero() || !secret.Live(now) || secret.ExpiresAt.Sub(now) > expiringSoon {
			continue
		}
		n++
		name := string(c.ID) + "/" + secret.ID
		if now.Sub(said[name]) < sayExpiring {
			continue
		}
		said[name] = now
		attrs := []any{"client_id", string(c.ID), "name", c.Name, "secret_id", secret.ID, "expires_at", secret.ExpiresAt.UTC()}
		if !secret.LastUsedAt.IsZero() { // else it was never used
			attrs = append(attrs, "last_used_at", secret.LastUsedAt.UTC())
		}
		s.log.Warn("secret ends soon", attrs...)
	}
	return n
}

// warnExpiring puts the end of secrets into the control log, once for each time
// before it, so that the audit log and webhooks tell of it.
func (s *server) warnExpiring(ctx context.Context, c *authz.Client, now time.Time) {
	for i := range c.Secrets {
		if c.Secrets[i].WarningDue(now) == 0 {
			continue
		}
		if _, err := s.registry.WarnExpiring(ctx, c.ID, c.Secrets[i].ID); err != nil && ctx.Err() == nil {
			s.log.Warn("the end of a secret was not announced; it is tried again", "client_id", string(c.ID), "secret_id", c.Secrets[i].ID, "error", err)
		}
	}
}
