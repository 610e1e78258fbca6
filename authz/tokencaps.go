package authz

import (
	"context"
	"errors"
	"sync"
	"time"
)

// TokenCaps count the living tokens of clients that have a cap on them, and of
// nobody else: a client without one costs a look into a map.
//
// A count is exact: it rises before a token is written, falls when the token
// ends, when a single one is revoked (after the revocation is on disk), and
// with the client's generation and not-before time, which every request
// brings along. Where it cannot be exact it is too high, so that a token is
// refused rather than given: a token whose write failed half-way is counted
// again after a restart, though nobody knows its text. A request that was
// authenticated before its client got the cap, or a lower one, is not held to
// it, but counts.
//
// Nothing of it is stored. After a start the tokens of all capped clients are
// counted in one pass over the store, by Warm or by the first request that
// needs it; until then their requests wait. A pass of a million tokens takes
// seconds.
type TokenCaps struct {
	store Store
	now   func() time.Time
	began time.Time

	mu       sync.RWMutex
	counts   map[ClientID]*tokenCount
	underway map[ClientID]*tokenCount // being counted; a client stands in one map only
	running  *pass                    // nil: nobody counts
}

// pass is one count of tokens; err stands once done is closed.
type pass struct {
	done chan struct{}
	err  error
}

// NewTokenCaps returns caps that have counted nothing yet. now never steps
// back, such as Clock's.
func NewTokenCaps(store Store, now func() time.Time) *TokenCaps {
	return &TokenCaps{store: store, now: now, began: now(), counts: map[ClientID]*tokenCount{}}
}

// Warm counts for all clients that have a cap, if there are any, so that after
// a start no request has to. It ends early, with an error, when ctx does.
func (t *TokenCaps) Warm(ctx context.Context) error { return t.counted(ctx, ctx, nil) }

// take takes a place for a token that is about to be stored. A client at its
// cap gets a *TokenCapError; any other error says that its tokens could not be
// counted.
func (t *TokenCaps) take(ctx context.Context, c *Client, token *AccessToken) (*tokenCount, error) {
	for {
		t.mu.RLock()
		place := t.counts[c.ID]
		t.mu.RUnlock()
		if place != nil {
			return place, place.take(c, token, t.now())
		}
		// The pass goes on if its caller leaves, since others wait for it.
		if err := t.counted(ctx, context.WithoutCancel(ctx), c); err != nil {
			return nil, err
		}
	}
}

// note counts a token that was stored, just before it is acknowledged, where
// its client's count is not the one in which it took a place (nil: in none).
// Whoever begins to count later finds it in the store.
func (t *TokenCaps) note(c *Client, token *AccessToken, taken *tokenCount) {
	if t == nil {
		return
	}
	place, ready := t.find(c.ID)
	switch {
	case place == taken || place == nil:
	case ready && c.MaxLiveTokens == 0 && place.olderThan(c):
		t.forget(c.ID, place) // the cap was lifted
	default:
		place.add(token)
	}
}

// ended takes out a token whose revocation was acknowledged.
func (t *TokenCaps) ended(token *AccessToken) {
	if t == nil {
		return
	}
	if place, _ := t.find(token.ClientID); place != nil {
		place.end(token)
	}
}

func (t *TokenCaps) find(id ClientID) (place *tokenCount, ready bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if place = t.counts[id]; place != nil {
		return place, true
	}
	return t.underway[id], false
}

func (t *TokenCaps) forget(id ClientID, place *tokenCount) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts[id] == place {
		delete(t.counts, id)
	}
}

// counted returns once the tokens of a client may have been counted, by this
// call, under the context of the pass, or by one that was at it already.
func (t *TokenCaps) counted(ctx, during context.Context, c *Client) error {
	t.mu.Lock()
	run, mine := t.running, t.running == nil
	if mine {
		run = &pass{done: make(chan struct{})}
		t.running = run
	}
	t.mu.Unlock()
	if mine {
		run.err = t.count(during, c)
		t.mu.Lock()
		t.running = nil
		t.mu.Unlock()
		close(run.done)
	}
	select {
	case <-run.done:
		return run.err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// count counts the tokens of a client (nil: of none) and of all others that
// have a cap and no count, and forgets who has no cap any more.
func (t *TokenCaps) count(ctx context.Context, c *Client) error {
	if c != nil && c.Version == 1 && c.CreatedAt.After(t.began) {
		if done, err := t.adopt(ctx, c); done || err != nil {
			return err
		}
	}
	capped, err := t.capped(ctx)
	if err != nil {
		return err
	}
	if c != nil && capped[c.ID] == nil {
		capped[c.ID] = newTokenCount(c)
	}
	t.mu.Lock()
	for id := range t.counts {
		if capped[id] == nil {
			delete(t.counts, id)
		}
		delete(capped, id)
	}
	t.underway = capped
	t.mu.Unlock()
	if len(capped) > 0 {
		err = t.read(ctx, capped)
	}
	t.arrive(err == nil)
	return err
}

// read adds the tokens of the store to the counts of their clients.
func (t *TokenCaps) read(ctx context.Context, places map[ClientID]*tokenCount) error {
	err := t.store.EachToken(ctx, t.now(), func(token AccessToken) bool {
		if place := places[token.ClientID]; place != nil {
			place.add(&token)
		}
		return ctx.Err() == nil
	})
	return errors.Join(err, ctx.Err())
}

// adopt spares a pass for a client that was registered with its cap since this
// process began and was never changed: it has no tokens yet. The client is
// read once more after its count is in place: from then on a change that lifts
// the cap hides no token.
func (t *TokenCaps) adopt(ctx context.Context, c *Client) (done bool, err error) {
	t.mu.Lock()
	t.underway = map[ClientID]*tokenCount{c.ID: newTokenCount(c)}
	t.mu.Unlock()
	now, err := t.store.Client(ctx, c.ID)
	done = err == nil && now.Version == 1
	t.arrive(done)
	return done, err
}

// arrive ends a pass: what was counted is used from now on if it is good.
func (t *TokenCaps) arrive(good bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for id, place := range t.underway {
		if good {
			place.ready()
			t.counts[id] = place
		}
	}
	t.underway = nil
}

// capped lists the clients that have a cap and may get tokens again.
func (t *TokenCaps) capped(ctx context.Context) (map[ClientID]*tokenCount, error) {
	all := map[ClientID]*tokenCount{}
	for q := (ClientQuery{Limit: 1000}); ; {
		page, err := t.store.Clients(ctx, q)
		if err != nil {
			return nil, err
		}
		for i := range page.Clients {
			if c := &page.Clients[i]; c.MaxLiveTokens > 0 && c.Status != StatusRevoked {
				all[c.ID] = newTokenCount(c)
			}
		}
		if q.After = page.Next; q.After == "" {
			return all, nil
		}
	}
}
