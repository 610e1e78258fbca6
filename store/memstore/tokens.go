package memstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"scopegate/authz"
)

// PutToken implements authz.Store.
func (s *Store) PutToken(ctx context.Context, t authz.AccessToken) error {
	t, err := t.Stored()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(ctx); err != nil {
		return err
	}
	if _, ok := s.tokens[t.Key]; !ok {
		s.tokens[t.Key] = t
	}
	return nil
}

// Token implements authz.Store.
func (s *Store) Token(ctx context.Context, key authz.TokenKey) (authz.AccessToken, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.mayRead(ctx); err != nil {
		return authz.AccessToken{}, err
	}
	t, ok := s.tokens[key]
	if !ok {
		return authz.AccessToken{}, fmt.Errorf("token %s: %w", key.Hash.ID(), authz.ErrNotFound)
	}
	return s.read(t), nil
}

// TokenByID implements authz.Store.
func (s *Store) TokenByID(ctx context.Context, id authz.TokenID) (authz.AccessToken, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.mayRead(ctx); err != nil {
		return authz.AccessToken{}, err
	}
	for key, t := range s.tokens {
		if key.Hash.ID() == id {
			return s.read(t), nil
		}
	}
	return authz.AccessToken{}, fmt.Errorf("token %.16q: %w", string(id), authz.ErrNotFound)
}

// RevokeToken implements authz.Store.
func (s *Store) RevokeToken(ctx context.Context, t authz.AccessToken, ch authz.Change) error {
	t, err := t.Stored()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(ctx); err != nil {
		return err
	}
	if _, twice := s.revocations[t.Key]; twice {
		return nil
	}
	s.revocations[t.Key] = struct{}{}
	generation := t.Generation
	if c, ok := s.clients[t.ClientID]; ok {
		generation = c.Generation
	}
	s.append(authz.Event{Change: ch, ClientID: t.ClientID, Generation: generation, Token: &t.Key, ExpiresAt: t.ExpiresAt})
	return nil
}

// EachToken implements authz.Store. f runs on a snapshot, without a lock.
func (s *Store) EachToken(ctx context.Context, now time.Time, f func(authz.AccessToken) bool) error {
	tokens, err := s.living(ctx, now)
	if err != nil {
		return err
	}
	for _, t := range tokens {
		if !f(t) {
			return nil
		}
	}
	return nil
}

func (s *Store) living(ctx context.Context, now time.Time) ([]authz.AccessToken, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.mayRead(ctx); err != nil {
		return nil, err
	}
	var tokens []authz.AccessToken
	for _, t := range s.tokens {
		if now.Before(t.ExpiresAt) {
			tokens = append(tokens, s.read(t))
		}
	}
	return tokens, nil
}

// read returns a copy of the record with Revoked as it is.
func (s *Store) read(t authz.AccessToken) authz.AccessToken {
	t.Resources = slices.Clone(t.Resources)
	_, t.Revoked = s.revocations[t.Key]
	return t
}
