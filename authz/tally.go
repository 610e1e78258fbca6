package authz

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// tally is the living tokens of one client, 16 bytes each: no more than its
// cap, but for those that it got before it had that cap.
type tally struct {
	mu         sync.Mutex
	version    uint64 // the highest of the client that was seen
	generation uint64 // the client's; tokens of a lower one are dead
	notBefore  uint32 // Unix seconds; tokens issued before are dead
	live       []entry
	gone       map[uint64]struct{} // ended while the tokens are counted; nil: they are
}

// entry is one living token. A tally has them in the order of their ends.
type entry struct {
	ends, issued uint32 // Unix seconds
	id           uint64 // what a TokenID shows: 64 bits of the hash
}

func (e entry) compare(f entry) int {
	return cmp.Or(cmp.Compare(e.ends, f.ends), cmp.Compare(e.id, f.id))
}

func entryOf(t *AccessToken) entry {
	return entry{unix32(t.ExpiresAt), unix32(t.IssuedAt), binary.BigEndian.Uint64(t.Key.Hash[:8])}
}

// unix32 is good until 2106.
func unix32(t time.Time) uint32 { return uint32(min(max(t.Unix(), 0), 1<<32-1)) }

// newTally returns a tally that is to be counted.
func newTally(c *Client) *tally {
	y := &tally{gone: map[uint64]struct{}{}}
	y.follow(c)
	return y
}

// ready ends the counting.
func (y *tally) ready() {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.gone = nil
}

// olderThan reports whether the client was changed since the tally saw it.
func (y *tally) olderThan(c *Client) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.version < c.Version
}

// take adds a token that is about to be stored if there is room, else it is a
// *TokenCapError.
func (y *tally) take(c *Client, token *AccessToken, now time.Time) error {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.follow(c)
	if token.Generation < y.generation {
		return nil // dead before it is born
	}
	ended, _ := slices.BinarySearchFunc(y.live, entry{ends: unix32(now) + 1}, entry.compare)
	y.live = y.live[ended:]
	if over := len(y.live) - c.MaxLiveTokens; over >= 0 {
		free := time.Unix(int64(y.live[over].ends), 0)
		return &TokenCapError{Cap: c.MaxLiveTokens, Wait: min(max(free.Sub(now), time.Second), longestCapWait)}
	}
	y.insert(entryOf(token))
	return nil
}

// follow brings the tally to the client's state: what a generation or a
// not-before time ended leaves it. A record older than what is known changes
// nothing.
func (y *tally) follow(c *Client) {
	y.version = max(y.version, c.Version)
	if c.Generation > y.generation {
		y.generation, y.live = c.Generation, nil
	}
	if c.TokensNotBefore.IsZero() || unix32(c.TokensNotBefore) <= y.notBefore {
		return
	}
	y.notBefore = unix32(c.TokensNotBefore)
	y.live = slices.DeleteFunc(y.live, func(e entry) bool { return e.issued < y.notBefore })
}

// add counts a token that is in the store. It may be repeated.
func (y *tally) add(token *AccessToken) {
	y.mu.Lock()
	defer y.mu.Unlock()
	e := entryOf(token)
	if _, gone := y.gone[e.id]; gone || token.Revoked || token.Generation < y.generation || e.issued < y.notBefore {
		return
	}
	if token.Generation > y.generation {
		y.generation, y.live = token.Generation, nil
	}
	y.insert(e)
}

func (y *tally) insert(e entry) {
	if at, twice := slices.BinarySearchFunc(y.live, e, entry.compare); !twice {
		y.live = slices.Insert(y.live, at, e)
	}
}

// end takes out a token, if it is counted.
func (y *tally) end(token *AccessToken) {
	y.mu.Lock()
	defer y.mu.Unlock()
	e := entryOf(token)
	if at, found := slices.BinarySearchFunc(y.live, e, entry.compare); found {
		y.live = slices.Delete(y.live, at, at+1)
	}
	if y.gone != nil {
		y.gone[e.id] = struct{}{}
	}
}
