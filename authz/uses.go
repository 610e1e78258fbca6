package authz

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// usesFlushEvery is how often uses go to the store; a crash loses at most that
// much of them.
const usesFlushEvery = 30 * time.Second

// Uses gathers when clients and secrets were last used and writes them now and
// then, together with what the meters counted, so that no request pays a
// write. Memory is bounded by the number of secrets.
type Uses struct {
	Store Store
	// Meters writes what the clients' meters counted since the last time; nil:
	// there are none.
	Meters func(ctx context.Context) error
	Log    *slog.Logger

	mu   sync.Mutex
	last map[useKey]time.Time
}

type useKey struct {
	client ClientID
	secret string
}

// Note remembers a use.
func (u *Uses) Note(use Use) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.last == nil {
		u.last = map[useKey]time.Time{}
	}
	key := useKey{use.Client, use.Secret}
	if use.At.After(u.last[key]) {
		u.last[key] = use.At
	}
}

// Run writes what was noted until ctx ends, and once more then.
func (u *Uses) Run(ctx context.Context) {
	tick := time.NewTicker(usesFlushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			u.Flush(ctx)
		case <-ctx.Done():
			u.Flush(context.WithoutCancel(ctx))
			return
		}
	}
}

// Flush writes what was noted and counted since the last time. What cannot be
// written is logged and tried again the next time: uses are worth no failed
// request.
func (u *Uses) Flush(ctx context.Context) {
	u.flushLast(ctx)
	if u.Meters == nil {
		return
	}
	if err := u.Meters(ctx); err != nil {
		u.Log.WarnContext(ctx, "usage not written", "error", err)
	}
}

func (u *Uses) flushLast(ctx context.Context) {
	u.mu.Lock()
	last := u.last
	u.last = nil
	u.mu.Unlock()
	if len(last) == 0 {
		return
	}
	uses := make([]Use, 0, len(last))
	for key, at := range last {
		uses = append(uses, Use{Client: key.client, Secret: key.secret, At: at})
	}
	if err := u.Store.TouchClients(ctx, uses); err != nil {
		u.Log.WarnContext(ctx, "last uses not written", "error", err)
		for _, use := range uses {
			u.Note(use)
		}
	}
}
