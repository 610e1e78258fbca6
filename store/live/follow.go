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

// follower is the view's place in the control log.
type follower struct {
	mu      sync.Mutex
	applied authz.Seq   // guarded by mu
	behind  atomic.Bool // the log could not be read after a write
}

// followTimeout bounds how long a write waits for the log to be read back.
const followTimeout = 10 * time.Second

// PutClient writes the client; when it returns nil the view has it.
func (s *Store) PutClient(ctx context.Context, c authz.Client, ch authz.Change) (authz.Client, error) {
	stored, err := s.engine.PutClient(ctx, c, ch)
	if err == nil {
		s.clients.put(stored)
	}
	s.catchUp(ctx)
	return stored, err
}

// RevokeToken revokes the token; when it returns nil no later lookup finds it
// alive.
func (s *Store) RevokeToken(ctx context.Context, t authz.AccessToken, ch authz.Change) error {
	err := s.engine.RevokeToken(ctx, t, ch)
	if err == nil {
		s.tokens.revoke(s.clients.place(t.ClientID), t.Key, t.ExpiresAt.Unix(), s.now().Unix())
	}
	s.catchUp(ctx)
	return err
}

// Note appends an event that changes nothing in the view.
func (s *Store) Note(ctx context.Context, ch authz.Change) error {
	err := s.engine.Note(ctx, ch)
	s.catchUp(ctx)
	return err
}

// catchUp follows the log after every control write, whatever came of it: a
// write that failed may have been done all the same, and after a conflict the
// caller reads again and needs the newer record. It also does so once a second,
// for a write that is done after its caller has gone. What the engine acknowledged
// is in the view already, so the log's failure is no failure of the write; it
// is read again in the background.
func (s *Store) catchUp(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), followTimeout)
	defer cancel()
	err := s.follow(ctx)
	if err == nil {
		s.log.behind.Store(false)
		return
	}
	if !s.log.behind.Swap(true) && !errors.Is(err, authz.ErrClosed) {
		s.logger.LogAttrs(ctx, slog.LevelError, "control log cannot be read; trying again", slog.Any("error", err))
	}
}

// Events returns events of the control log. Who reads an event and then the
// client that it names finds it at least as the event left it.
func (s *Store) Events(ctx context.Context, after authz.Seq, limit int) ([]authz.Event, error) {
	events, err := s.engine.Events(ctx, after, limit)
	if n := len(events); err == nil && n > 0 {
		err = s.upTo(ctx, events[n-1].Seq)
	}
	if err != nil {
		return nil, err
	}
	return events, nil
}

// LastSeq returns the position of the newest event, which the view has.
func (s *Store) LastSeq(ctx context.Context) (authz.Seq, error) {
	seq, err := s.engine.LastSeq(ctx)
	if err == nil {
		err = s.upTo(ctx, seq)
	}
	return seq, err
}

// upTo sees to it that the view has what the log holds up to seq.
func (s *Store) upTo(ctx context.Context, seq authz.Seq) error {
	s.log.mu.Lock()
	applied := s.log.applied
	s.log.mu.Unlock()
	if applied >= seq {
		return nil
	}
	if err := s.follow(ctx); err != nil {
		return unavailable("catch up with the control log", err)
	}
	return nil
}

// follow applies all events after the last applied one, in their order.
func (s *Store) follow(ctx context.Context) error {
	const page = 256
	s.log.mu.Lock()
	defer s.log.mu.Unlock()
	for {
		events, err := s.engine.Events(ctx, s.log.applied, page)
		if err != nil {
			return fmt.Errorf("read control log after %d: %w", s.log.applied, err)
		}
		for i := range events {
			e := &events[i]
			if e.Seq != s.log.applied+1 {
				// Never seen in one process. The view may be wrong, so it is
				// not asked any more.
				err := fmt.Errorf("%w: the control log goes from %d to %d; restart", authz.ErrUnavailable, s.log.applied, e.Seq)
				s.fail(err)
				return err
			}
			if err := s.apply(ctx, e); err != nil {
				return fmt.Errorf("apply event %d: %w", e.Seq, err)
			}
			s.log.applied = e.Seq
		}
		if len(events) < page {
			return nil
		}
	}
}

// apply brings one event into the view. It may be repeated.
func (s *Store) apply(ctx context.Context, e *authz.Event) error {
	if e.Token != nil {
		s.tokens.revoke(s.clients.place(e.ClientID), *e.Token, e.ExpiresAt.Unix(), s.now().Unix())
		return nil
	}
	if e.ClientID == "" || e.Change.Kind == authz.EventTokenIssued {
		return nil // a note: no client was changed
	}
	c, err := s.engine.Client(ctx, e.ClientID)
	if err != nil {
		return err
	}
	s.clients.put(c)
	return nil
}
