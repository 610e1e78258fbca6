package memstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"scopegate/authz"
)

// Store implements authz.Store in memory.
type Store struct {
	mu          sync.RWMutex
	clients     map[authz.ClientID]authz.Client
	tokens      map[authz.TokenKey]authz.AccessToken
	revocations map[authz.TokenKey]struct{}
	usages      map[authz.ClientID]authz.Usage
	events      []authz.Event // events[i].Seq is i+1
	namespaces  map[string]map[string][]byte
	closed      bool
	failRead    error
	failWrite   error
}

var _ authz.Store = (*Store)(nil)

// New returns an empty store.
func New() *Store {
	return &Store{
		clients:     map[authz.ClientID]authz.Client{},
		tokens:      map[authz.TokenKey]authz.AccessToken{},
		revocations: map[authz.TokenKey]struct{}{},
		namespaces:  map[string]map[string][]byte{},
		usages:      map[authz.ClientID]authz.Usage{},
	}
}

// Fail makes the store answer reads and writes with the given errors, as a
// broken engine would, until it is called with nils.
func (s *Store) Fail(reads, writes error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failRead, s.failWrite = reads, writes
}

// Client implements authz.Store.
func (s *Store) Client(ctx context.Context, id authz.ClientID) (authz.Client, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.mayRead(ctx); err != nil {
		return authz.Client{}, err
	}
	c, ok := s.clients[id]
	if !ok {
		return authz.Client{}, fmt.Errorf("client %.40q: %w", string(id), authz.ErrNotFound)
	}
	return c.Clone(), nil
}

// Clients implements authz.Store.
func (s *Store) Clients(ctx context.Context, q authz.ClientQuery) (authz.ClientPage, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.mayRead(ctx); err != nil {
		return authz.ClientPage{}, err
	}
	var page authz.ClientPage
	for _, id := range slices.Sorted(maps.Keys(s.clients)) {
		c := s.clients[id]
		if id <= q.After || !q.Selects(&c) {
			continue
		}
		if n := len(page.Clients); n == q.PageSize() {
			page.Next = page.Clients[n-1].ID
			break
		}
		page.Clients = append(page.Clients, c.Clone())
	}
	return page, nil
}

// PutClient implements authz.Store.
func (s *Store) PutClient(ctx context.Context, c authz.Client, ch authz.Change) (authz.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(ctx); err != nil {
		return authz.Client{}, err
	}
	var stored *authz.Client
	if before, ok := s.clients[c.ID]; ok {
		stored = &before
	}
	next, err := c.Over(stored)
	if err != nil {
		return authz.Client{}, fmt.Errorf("put client %s: %w", c.ID, err)
	}
	s.clients[c.ID] = next
	s.append(authz.Event{Change: ch, ClientID: c.ID, Generation: next.Generation})
	return next.Clone(), nil
}

// TouchClients implements authz.Store.
func (s *Store) TouchClients(ctx context.Context, uses []authz.Use) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(ctx); err != nil {
		return err
	}
	for _, u := range uses {
		if c, ok := s.clients[u.Client]; ok {
			c.Touch(u)
			s.clients[u.Client] = c
		}
	}
	return nil
}

// Note implements authz.Store.
func (s *Store) Note(ctx context.Context, ch authz.Change) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.mayWrite(ctx); err != nil {
		return err
	}
	s.append(authz.Event{Change: ch, ClientID: ch.ClientID})
	return nil
}

// Events implements authz.Store.
func (s *Store) Events(ctx context.Context, after authz.Seq, limit int) ([]authz.Event, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.mayRead(ctx); err != nil {
		return nil, err
	}
	from := int(min(after, authz.Seq(len(s.events))))
	to := min(len(s.events), from+max(limit, 0))
	events := slices.Clone(s.events[from:to])
	for i := range events {
		if key := events[i].Token; key != nil {
			k := *key
			events[i].Token = &k
		}
	}
	return events, nil
}

// LastSeq implements authz.Store.
func (s *Store) LastSeq(ctx context.Context) (authz.Seq, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return authz.Seq(len(s.events)), s.mayRead(ctx)
}

// Check implements authz.Store.
func (s *Store) Check(ctx context.Context) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.mayWrite(ctx)
}

// Close implements authz.Store.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// append gives the event the next position.
func (s *Store) append(e authz.Event) {
	e.Seq = authz.Seq(len(s.events) + 1)
	e.Change.At, e.Change.Remote, e.Change.ClientID = e.Change.At.Round(0).UTC(), "", ""
	e.Change.SecretEnds = e.Change.SecretEnds.Round(0).UTC()
	e.ExpiresAt = e.ExpiresAt.Truncate(time.Second).UTC()
	s.events = append(s.events, e)
}

func (s *Store) mayRead(ctx context.Context) error {
	if s.closed {
		return authz.ErrClosed
	}
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", authz.ErrUnavailable, err)
	}
	return s.failRead
}

func (s *Store) mayWrite(ctx context.Context) error {
	if err := s.mayRead(ctx); err != nil {
		return err
	}
	return s.failWrite
}
