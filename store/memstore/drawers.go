package memstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"scopegate/authz"
)

// PutEntries implements authz.Store.
func (s *Store) PutEntries(ctx context.Context, drawer string, entries []authz.Entry) error {
	if err := authz.CheckEntries(drawer, entries); err != nil {
		return fmt.Errorf("put entries: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(ctx); err != nil {
		return err
	}
	if s.drawers[drawer] == nil {
		s.drawers[drawer] = map[string][]byte{}
	}
	for _, e := range entries {
		if len(e.Value) == 0 {
			delete(s.drawers[drawer], e.Key)
			continue
		}
		s.drawers[drawer][e.Key] = slices.Clone(e.Value)
	}
	return nil
}

// Entries implements authz.Store.
func (s *Store) Entries(ctx context.Context, drawer, prefix, after string, limit int) ([]authz.Entry, error) {
	if err := authz.CheckDrawer(drawer); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.mayRead(ctx); err != nil {
		return nil, err
	}
	var entries []authz.Entry
	for _, key := range slices.Sorted(maps.Keys(s.drawers[drawer])) {
		if len(entries) < limit && key > after && strings.HasPrefix(key, prefix) {
			entries = append(entries, authz.Entry{Key: key, Value: slices.Clone(s.drawers[drawer][key])})
		}
	}
	return entries, nil
}
