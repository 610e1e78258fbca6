package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"scopegate/authz"
)

// DefaultTokenMemory is how much memory tokens may take unless told otherwise.
const DefaultTokenMemory = 256 << 20

// Options say how a view is made.
type Options struct {
	// TokenMemory bounds the memory for tokens, in bytes; 0: DefaultTokenMemory.
	// Revoked tokens are kept beyond it.
	TokenMemory int64
	Now         func() time.Time // never steps back, such as authz.Clock's
	Logger      *slog.Logger     // nil: nothing is logged
}

// engine is the wrapped store. It is embedded, so that what the view does not
// answer itself goes through.
type engine = authz.Store

// Store is a store with its view: an authz.Store whose writes are in the view
// when they return, and the authz.TokenSource of the Authorizer.
type Store struct {
	engine
	now    func() time.Time
	logger *slog.Logger

	clients *clients
	tokens  *tokens
	loads   loads
	log     follower

	warm        atomic.Bool // the warm-up saw every token
	warmed      atomic.Int64
	engineReads atomic.Int64
	down        atomic.Pointer[error] // why nothing is answered from the view any more

	stop       context.CancelFunc
	background sync.WaitGroup
	closing    sync.Once
	closeErr   error
}

var (
	_ authz.Store       = (*Store)(nil)
	_ authz.TokenSource = (*Store)(nil)
)

// Open wraps an engine: it reads all clients, and then returns while the
// tokens are still being read in the background. The Store owns the engine
// from then on; an engine for which Open failed stays the caller's.
func Open(ctx context.Context, eng authz.Store, o Options) (*Store, error) {
	switch {
	case o.TokenMemory < 0:
		return nil, fmt.Errorf("token memory of %d bytes is below zero", o.TokenMemory)
	case o.Now == nil:
		return nil, errors.New("no clock was given")
	}
	sets := newScopeSets()
	s := &Store{
		engine: eng, now: o.Now, logger: o.Logger, clients: newClients(o.Now, sets),
		loads: loads{running: map[authz.TokenKey]*load{}},
	}
	if o.TokenMemory == 0 {
		o.TokenMemory = DefaultTokenMemory
	}
	s.tokens = newTokens(o.TokenMemory, sets)
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if err := s.loadClients(ctx); err != nil {
		return nil, fmt.Errorf("load clients: %w", err)
	}
	s.loadUsages(ctx)
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	s.background.Go(func() { s.warmUp(background) })
	s.background.Go(func() { s.tend(background) })
	return s, nil
}

// loadClients notes the log's position first, so that nothing which changes
// while it reads is missed.
func (s *Store) loadClients(ctx context.Context) error {
	const page = 1000
	seq, err := s.engine.LastSeq(ctx)
	if err != nil {
		return err
	}
	s.log.applied = seq
	q := authz.ClientQuery{Limit: page}
	for {
		p, err := s.engine.Clients(ctx, q)
		if err != nil {
			return err
		}
		for _, c := range p.Clients {
			s.clients.put(c)
		}
		if p.Next == "" {
			return nil
		}
		q.After = p.Next
	}
}

// Close stops the work in the background and closes the engine. A second
// Close returns what the first did.
func (s *Store) Close() error {
	s.closing.Do(func() {
		s.fail(authz.ErrClosed)
		s.stop()
		s.background.Wait()
		s.closeErr = s.engine.Close()
	})
	return s.closeErr
}

// fail ends answers from the view; the first reason stays.
func (s *Store) fail(err error) { s.down.CompareAndSwap(nil, &err) }

// Check returns nil if the store can take writes and the view is sound.
func (s *Store) Check(ctx context.Context) error {
	if down := s.down.Load(); down != nil {
		return *down
	}
	return s.engine.Check(ctx)
}

// Client returns the client from memory, as a copy.
func (s *Store) Client(ctx context.Context, id authz.ClientID) (authz.Client, error) {
	if down := s.down.Load(); down != nil {
		return authz.Client{}, *down
	}
	if err := ctx.Err(); err != nil {
		return authz.Client{}, fmt.Errorf("read client: %w: %w", authz.ErrUnavailable, err)
	}
	c, ok := s.clients.get(id)
	if !ok {
		return authz.Client{}, fmt.Errorf("client %.60q: %w", string(id), authz.ErrNotFound)
	}
	return c, nil
}

// TouchClients notes last uses in the engine and in the view.
func (s *Store) TouchClients(ctx context.Context, uses []authz.Use) error {
	if err := s.engine.TouchClients(ctx, uses); err != nil {
		return err
	}
	s.clients.touch(uses)
	return nil
}

// unavailable makes an engine's error one that says the store cannot answer.
func unavailable(doing string, err error) error {
	if errors.Is(err, authz.ErrUnavailable) {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return fmt.Errorf("%s: %w: %w", doing, authz.ErrUnavailable, err)
}
