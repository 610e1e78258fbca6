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
func (s *Store) PutEntries(ctx context.Context, namespace string, entries []authz.Entry) error {
	if err := authz.CheckEntries(namespace, entries); err != nil {
		return fmt.Errorf("put entries: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(ctx); err != nil {
		return err
	}
	if s.namespaces[namespace] == nil {
		s.namespaces[namespace] = map[string][]byte{}
	}
	for _, e := range entries {
		if len(e.Value) == 0 {
			delete(s.namespaces[namespace], e.Key)
			continue
		}
		s.namespaces[namespace][e.Key] = slices.Clone(e.Value)
	}
	return nil
}

// Entries implements authz.Store.
func (s *Store) Entries(ctx context.Context, namespace, prefix, after string, limit int) ([]authz.Entry, error) {
	if err := authz.CheckNamespace(namespace); err != nil {
		return nil, fmt.Errorf("read entries: %w", err)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.mayRead(ctx); err != nil {
		return nil, err
	}
	var entries []authz.Entry
	for _, key := range slices.Sorted(maps.Keys(s.namespaces[namespace])) {
		if len(entries) < limit && key > after && strings.HasPrefix(key, prefix) {
			entries = append(entries, authz.Entry{Key: key, Value: slices.Clone(s.namespaces[namespace][key])})
		}
	}
	return entries, nil
}
