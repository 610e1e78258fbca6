package live

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"scopegate/authz"
)

const (
	// warmBatch tokens are read at a stretch; then the warm-up rests for as
	// long as they took, so that it takes half a core at most.
	warmBatch = 8192
	// longestRest bounds that where the clock made a leap.
	longestRest = 100 * time.Millisecond
	// retryEvery is how long a failed warm-up waits before it begins again.
	retryEvery = 5 * time.Second
	// tendEvery is how often the view is looked after; every shard is swept
	// once in sweepRounds of them.
	tendEvery   = time.Second
	sweepRounds = 60
)

// warmUp reads all tokens into the table, and again until it succeeded.
func (s *Store) warmUp(ctx context.Context) {
	for {
		begun := s.now()
		err := s.readTokens(ctx)
		if err == nil {
			s.warm.Store(true)
			s.logger.LogAttrs(ctx, slog.LevelInfo, "token view is warm",
				slog.Int64("tokens", s.warmed.Load()), slog.Int64("took_ms", s.now().Sub(begun).Milliseconds()))
			return
		}
		if ctx.Err() != nil {
			return
		}
		s.logger.LogAttrs(ctx, slog.LevelError, "warm-up failed; trying again", slog.Any("error", err))
		if !rest(ctx, retryEvery) {
			return
		}
	}
}

func (s *Store) readTokens(ctx context.Context) error {
	s.warmed.Store(0)
	n, begun := 0, s.now()
	err := s.engine.EachToken(ctx, s.now(), func(t authz.AccessToken) bool {
		s.hold(&t, false)
		s.warmed.Add(1)
		if n++; n%warmBatch == 0 {
			if !rest(ctx, min(s.now().Sub(begun), longestRest)) {
				return false
			}
			begun = s.now()
		}
		return ctx.Err() == nil
	})
	return errors.Join(err, ctx.Err())
}

// rest waits; false once ctx is done.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// tend sweeps expired tokens and follows the control log.
func (s *Store) tend(ctx context.Context) {
	ticker := time.NewTicker(tendEvery)
	defer ticker.Stop()
	next, shards := 0, (len(s.tokens.shards)+sweepRounds-1)/sweepRounds
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		next = s.tokens.sweep(next, shards, s.now().Unix())
		s.catchUp(ctx)
	}
}
