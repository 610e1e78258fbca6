package live

import (
	"context"
	"errors"
	"sync"

	"scopegate/authz"
)

// LookupToken returns what is known of the token, with its client as it is
// now. It allocates nothing where memory can answer: for every token held,
// and for unknown ones while all tokens are held. Else it asks the engine.
//
// authz.ErrNotFound: there is no such token. authz.ErrUnavailable: the engine
// had to be asked and could not answer.
func (s *Store) LookupToken(ctx context.Context, key authz.TokenKey) (authz.LiveToken, error) {
	if down := s.down.Load(); down != nil {
		return authz.LiveToken{}, *down
	}
	warm := s.warm.Load() // before memory is asked: the warm-up may end meanwhile
	if t, ok := s.tokens.lookup(&key); ok {
		return t, nil
	}
	if warm && s.nothingMissing() || !s.now().Before(key.Hour.End()) {
		return authz.LiveToken{}, authz.ErrNotFound
	}
	return s.lookupEngine(ctx, key)
}

// nothingMissing reports whether every living token that passed by here is in
// memory. It must be asked after memory was: what is evicted is missing before
// it goes.
func (s *Store) nothingMissing() bool {
	missing := s.tokens.missing.Load()
	return missing == 0 || s.now().Unix() >= missing
}

// PutToken stores the token; when it returns nil a lookup finds it. While the
// view is cold the token is taken as the engine has it, since only there may
// stand that it was revoked before.
func (s *Store) PutToken(ctx context.Context, t authz.AccessToken) error {
	if err := s.engine.PutToken(ctx, t); err != nil {
		return err
	}
	s.loads.forget(t.Key)
	if !s.warm.Load() {
		stored, err := s.engine.Token(context.WithoutCancel(ctx), t.Key)
		if err != nil {
			s.tokens.miss(seconds(t.ExpiresAt.Unix()))
			return nil
		}
		t = stored
	}
	s.hold(&t, true)
	return nil
}

func (s *Store) hold(t *authz.AccessToken, evict bool) {
	s.tokens.hold(s.clients.place(t.ClientID), t, s.now().Unix(), evict)
}

// loads are the engine reads under way, so that a crowd that asks for one
// token reads it once.
type loads struct {
	mu      sync.Mutex
	running map[authz.TokenKey]*load
}

// load is one engine read; its fields stand once done is closed.
type load struct {
	done  chan struct{}
	token authz.AccessToken
	err   error
	left  bool // it was given up; whoever waits must look again
}

// join returns the running load of a key, or a new one that is the caller's
// to do.
func (l *loads) join(key authz.TokenKey) (ld *load, mine bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ld := l.running[key]; ld != nil {
		return ld, false
	}
	ld = &load{done: make(chan struct{}), err: authz.ErrUnavailable}
	l.running[key] = ld
	return ld, true
}

func (l *loads) finish(key authz.TokenKey, ld *load) {
	l.mu.Lock()
	if l.running[key] == ld {
		delete(l.running, key)
	}
	l.mu.Unlock()
	close(ld.done)
}

// forget lets the next lookup read again: what a running load finds is older
// than what was just put.
func (l *loads) forget(key authz.TokenKey) {
	l.mu.Lock()
	delete(l.running, key)
	l.mu.Unlock()
}

// lookupEngine reads a token from the engine, or waits for who does already.
func (s *Store) lookupEngine(ctx context.Context, key authz.TokenKey) (authz.LiveToken, error) {
	for {
		ld, mine := s.loads.join(key)
		if mine {
			if held, ok := s.tokens.find(key); ok { // read by another just now
				ld.left = true
				s.loads.finish(key, ld)
				return held, nil
			}
			s.read(ctx, key, ld)
		}
		select {
		case <-ld.done:
		case <-ctx.Done():
			return authz.LiveToken{}, unavailable("look up token", ctx.Err())
		}
		switch {
		case !mine && ld.left && ctx.Err() == nil:
			continue
		case errors.Is(ld.err, authz.ErrNotFound):
			return authz.LiveToken{}, authz.ErrNotFound
		case ld.err != nil:
			return authz.LiveToken{}, unavailable("look up token", ld.err)
		}
		return s.merged(&ld.token), nil
	}
}

func (s *Store) read(ctx context.Context, key authz.TokenKey, ld *load) {
	defer s.loads.finish(key, ld)
	s.engineReads.Add(1)
	ld.token, ld.err = s.engine.Token(ctx, key)
	ld.left = ld.err != nil && ctx.Err() != nil
	if ld.err == nil {
		s.hold(&ld.token, true)
	}
}

// merged returns what is known of a token that the engine gave: memory counts
// where it has the token, since a revocation may have come in between.
func (s *Store) merged(t *authz.AccessToken) authz.LiveToken {
	if held, ok := s.tokens.find(t.Key); ok {
		return held
	}
	return authz.LiveToken{
		Client: s.clients.place(t.ClientID).live.Load(),
		Terms:  &authz.Terms{Scopes: t.Scopes, Resources: t.Resources, Generation: t.Generation},
		Life: authz.Life{
			IssuedAt: authz.SecondsOf(t.IssuedAt.Unix()), ExpiresAt: authz.SecondsOf(t.ExpiresAt.Unix()), Revoked: t.Revoked,
		},
	}
}
