package live

import (
	"context"
	"log/slog"

	"scopegate/authz"
)

// usageBatch is how many usages are written at a time.
const usageBatch = 256

// Meter returns what counts the client's uses; nil if there is no such client.
func (s *Store) Meter(id authz.ClientID) *authz.Meter {
	s.clients.mu.RLock()
	defer s.clients.mu.RUnlock()
	if c := s.clients.byID[id]; c != nil && c.full != nil {
		return &c.meter
	}
	return nil
}

// Clients returns one page of the engine's, with the last uses that were
// counted since they were written.
func (s *Store) Clients(ctx context.Context, q authz.ClientQuery) (authz.ClientPage, error) {
	page, err := s.engine.Clients(ctx, q)
	for i := range page.Clients {
		c := &page.Clients[i]
		c.LastUsedAt = later(c.LastUsedAt, s.Meter(c.ID).LastUsedAt())
	}
	return page, err
}

// FlushUsage writes what the meters counted since the last time. After an error
// the rest is written the next time.
func (s *Store) FlushUsage(ctx context.Context) error {
	var batch []authz.Usage
	now := s.now()
	for _, m := range s.clients.meters() {
		u, changed := m.meter.TakeChanges(now)
		if !changed {
			continue
		}
		u.Client = m.id
		if batch = append(batch, u); len(batch) == usageBatch {
			if err := s.putUsage(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return s.putUsage(ctx, batch)
}

func (s *Store) putUsage(ctx context.Context, batch []authz.Usage) error {
	if len(batch) == 0 {
		return nil
	}
	err := s.PutUsage(ctx, batch)
	if err != nil {
		for i := range batch {
			s.Meter(batch[i].Client).Untake()
		}
	}
	return err
}

// metered is a client with its meter.
type metered struct {
	id    authz.ClientID
	meter *authz.Meter
}

// meters returns those of all known clients.
func (cs *clients) meters() []metered {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	all := make([]metered, 0, len(cs.byID))
	for id, c := range cs.byID {
		if c.full != nil {
			all = append(all, metered{id, &c.meter})
		}
	}
	return all
}

// loadUsages lets the meters go on from what was kept. It follows loadClients.
// What cannot be read is said and counted anew: no usage is worth a gateway
// that does not start.
func (s *Store) loadUsages(ctx context.Context) {
	for after, more := authz.ClientID(""), true; more; {
		page, err := s.engine.Usages(ctx, after, authz.MaxUsagePage)
		if err != nil {
			s.logger.LogAttrs(ctx, slog.LevelError, "what clients used before is not known; it is counted anew",
				slog.String("after_client_id", string(after)), slog.Any("error", err))
			return
		}
		for i := range page {
			if m := s.Meter(page[i].Client); m != nil {
				m.Restore(&page[i])
			}
			after = page[i].Client
		}
		more = len(page) == authz.MaxUsagePage
	}
}
