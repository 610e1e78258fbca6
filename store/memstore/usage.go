package memstore

import (
	"context"
	"maps"
	"slices"

	"scopegate/authz"
)

// PutUsage implements authz.UsageStore.
func (s *Store) PutUsage(ctx context.Context, usages []authz.Usage) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(ctx); err != nil {
		return err
	}
	for _, u := range usages {
		u.Scopes = slices.Clone(u.Scopes)
		s.usages[u.Client] = u
	}
	return nil
}

// Usages implements authz.UsageStore.
func (s *Store) Usages(ctx context.Context, after authz.ClientID, limit int) ([]authz.Usage, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.mayRead(ctx); err != nil {
		return nil, err
	}
	var page []authz.Usage
	for _, id := range slices.Sorted(maps.Keys(s.usages)) {
		if id <= after {
			continue
		}
		if len(page) == min(limit, authz.MaxUsagePage) {
			break
		}
		u := s.usages[id]
		u.Scopes = slices.Clone(u.Scopes)
		page = append(page, u)
	}
	return page, nil
}
