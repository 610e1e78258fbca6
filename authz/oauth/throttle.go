package oauth

import (
	"net/netip"
	"sync"
	"time"
)

// Throttle answers repeated failures of client authentication with 429, for
// each pair of client and address, which of IPv6 is a whole /64: the first few
// are free, then each failure costs a longer wait. The right secret always passes, even within a wait:
// with 256 random bits nothing is gained by guessing, so nobody can lock out
// the real client.
//
// Memory is bounded: at maxPairs the pairs that wait no longer leave first.
type Throttle struct {
	mu    sync.Mutex
	pairs map[pair]attempts
}

type pair struct{ client, address string }

type attempts struct {
	failed int
	until  time.Time // the end of the wait
}

const (
	maxPairs     = 50_000
	freeFailures = 10
	firstWait    = time.Second
	longestWait  = 30 * time.Second
	forgetAfter  = 10 * time.Minute
)

// NewThrottle returns an empty throttle.
func NewThrottle() *Throttle { return &Throttle{pairs: map[pair]attempts{}} }

// Succeeded clears the pair.
func (t *Throttle) Succeeded(client, address string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.pairs, keyOf(client, address))
}

// Failed notes a failure and returns how long the pair should wait; 0: the
// failure is free.
func (t *Throttle) Failed(client, address string, now time.Time) (wait time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := keyOf(client, address)
	a, known := t.pairs[key]
	if !known && len(t.pairs) >= maxPairs {
		t.makeRoom(now)
	}
	if now.Sub(a.until) > forgetAfter {
		a.failed = 0
	}
	a.failed++
	a.until = now
	if over := a.failed - freeFailures; over > 0 {
		wait = min(firstWait<<min(over-1, 5), longestWait)
		a.until = now.Add(wait)
	}
	t.pairs[key] = a
	return wait
}

// makeRoom drops pairs that wait no longer, and if all wait, any of them: a
// bounded memory is worth more than the memory of one guesser.
func (t *Throttle) makeRoom(now time.Time) {
	for key, a := range t.pairs {
		if !a.until.After(now) {
			delete(t.pairs, key)
		}
	}
	for key := range t.pairs {
		if len(t.pairs) < maxPairs {
			return
		}
		delete(t.pairs, key)
	}
}

// keyOf cuts what a caller chose, so that long ids cost no memory.
func keyOf(client, address string) pair {
	const longest = 64
	if len(client) > longest {
		client = client[:longest]
	}
	return pair{client, whose(address)}
}

// whose is what one caller has of an address: of IPv6 the /64, in which it
// chooses the rest as it likes (RFC 4291 section 2.5.1), and of IPv4 the
// address, also where it is written as IPv6. What is no address stays as it is.
func whose(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	if addr = addr.Unmap(); addr.Is4() {
		return addr.String()
	}
	network, err := addr.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return network.String()
}
