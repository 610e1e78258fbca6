package authz

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sync"
	"time"
)

// tokenCount is the living tokens of one client, 16 bytes each: no more than its
// cap, but for those that it got before it had that cap.
type tokenCount struct {
	mu         sync.Mutex
	version    uint64 // the highest of the client that was seen
	generation uint64 // the client's; tokens of a lower one are dead
	notBefore  uint32 // Unix seconds; tokens issued before are dead
	live       []liveToken
	gone       map[uint64]struct{} // ended while the tokens are counted; nil: they are
}

// liveToken is one living token. A count has them in the order of their ends.
type liveToken struct {
	ends, issued uint32 // Unix seconds
	id           uint64 // what a TokenID shows: 64 bits of the hash
}

func (e liveToken) compare(f liveToken) int {
	return cmp.Or(cmp.Compare(e.ends, f.ends), cmp.Compare(e.id, f.id))
}

func liveTokenOf(t *AccessToken) liveToken {
	return liveToken{unix32(t.ExpiresAt), unix32(t.IssuedAt), binary.BigEndian.Uint64(t.Key.Hash[:8])}
}

// unix32 is good until 2106.
func unix32(t time.Time) uint32 { return uint32(min(max(t.Unix(), 0), 1<<32-1)) }

// newTokenCount returns a count of none, into which the store is to be read.
func newTokenCount(c *Client) *tokenCount {
	tc := &tokenCount{gone: map[uint64]struct{}{}}
	tc.follow(c)
	return tc
}

// ready ends the counting.
func (tc *tokenCount) ready() {
	tc.mu.Lock()
	defer tc.mu.Unlock()
	tc.gone = nil
}

// olderThan reports whether the client was changed since the count saw it.
func (tc *tokenCount) olderThan(c *Client) bool {
	tc.mu.Lock()
	defer tc.mu.Unlock()
	return tc.version < c.Version
}

// take adds a token that is about to be stored if there is room, else it is a
// *TokenCapError.
func (tc *tokenCount) take(c *Client, token *AccessToken, now time.Time) error {
	tc.mu.Lock()
	defer tc.mu.Unlock()
	tc.follow(c)
	if token.Generation < tc.generation {
		return nil // dead before it is born
	}
	ended, _ := slices.BinarySearchFunc(tc.live, liveToken{ends: unix32(now) + 1}, liveToken.compare)
	tc.live = tc.live[ended:]
	if over := len(tc.live) - c.MaxLiveTokens; over >= 0 {
		free := time.Unix(int64(tc.live[over].ends), 0)
		return &TokenCapError{Cap: c.MaxLiveTokens, Wait: min(max(free.Sub(now), time.Second), longestCapWait)}
	}
	tc.insert(liveTokenOf(token))
	return nil
}

// follow brings the count to the client's state: what a generation or a
// not-before time ended leaves it. A record older than what is known changes
// nothing.
func (tc *tokenCount) follow(c *Client) {
	tc.version = max(tc.version, c.Version)
	if c.Generation > tc.generation {
		tc.generation, tc.live = c.Generation, nil
	}
	if c.TokensNotBefore.IsZero() || unix32(c.TokensNotBefore) <= tc.notBefore {
		return
	}
	tc.notBefore = unix32(c.TokensNotBefore)
	tc.live = slices.DeleteFunc(tc.live, func(e liveToken) bool { return e.issued < tc.notBefore })
}

// add counts a token that is in the store. It may be repeated.
func (tc *tokenCount) add(token *AccessToken) {
	tc.mu.Lock()
	defer tc.mu.Unlock()
	e := liveTokenOf(token)
	if _, gone := tc.gone[e.id]; gone || token.Revoked || token.Generation < tc.generation || e.issued < tc.notBefore {
		return
	}
	if token.Generation > tc.generation {
		tc.generation, tc.live = token.Generation, nil
	}
	tc.insert(e)
}

func (tc *tokenCount) insert(e liveToken) {
	if at, twice := slices.BinarySearchFunc(tc.live, e, liveToken.compare); !twice {
		tc.live = slices.Insert(tc.live, at, e)
	}
}

// end takes out a token, if it is counted.
func (tc *tokenCount) end(token *AccessToken) {
	tc.mu.Lock()
	defer tc.mu.Unlock()
	e := liveTokenOf(token)
	if at, found := slices.BinarySearchFunc(tc.live, e, liveToken.compare); found {
		tc.live = slices.Delete(tc.live, at, at+1)
	}
	if tc.gone != nil {
		tc.gone[e.id] = struct{}{}
	}
}
