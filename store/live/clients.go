package live

import (
	"sync"
	"sync/atomic"
	"time"

	"scopegate/authz"
)

// client is one client's place in the view. Token families point to it, so
// that a change of the client reaches all its tokens at once.
//
// It begins with what a request touches and is whole cache lines long, so that
// a request of a client that was not heard of for long touches one of them.
type client struct {
	live  atomic.Pointer[authz.LiveClient] // nil: no such client is known
	meter authz.Meter                      // outlives every change of the client
	full  *authz.Client                    // never changed in place; guarded by clients.mu
	_     [40]byte
}

// clients holds all clients. They are few beside the tokens.
type clients struct {
	now   func() time.Time
	sets  *scopeSets
	mu    sync.RWMutex
	byID  map[authz.ClientID]*client
	count map[authz.Status]int
}

func newClients(now func() time.Time, sets *scopeSets) *clients {
	return &clients{now: now, sets: sets, byID: map[authz.ClientID]*client{}, count: map[authz.Status]int{}}
}

// get returns a copy of the stored client.
func (cs *clients) get(id authz.ClientID) (authz.Client, bool) {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	if c := cs.byID[id]; c != nil && c.full != nil {
		full := c.full.Clone()
		full.LastUsedAt = later(full.LastUsedAt, c.meter.LastUsedAt())
		return full, true
	}
	return authz.Client{}, false
}

// place returns a client's place, made where the client is not known yet.
func (cs *clients) place(id authz.ClientID) *client {
	cs.mu.RLock()
	c := cs.byID[id]
	cs.mu.RUnlock()
	if c != nil {
		return c
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	return cs.placeLocked(id)
}

func (cs *clients) placeLocked(id authz.ClientID) *client {
	c := cs.byID[id]
	if c == nil {
		c = &client{}
		cs.byID[id] = c
	}
	return c
}

// put takes in a client as the engine gave it. What is older than what is
// known changes nothing, and a generation never falls, whatever a slow reader
// or a rolled back engine brings.
func (cs *clients) put(next authz.Client) {
	next = next.Clone()
	next.AllowedScopes = cs.sets.shared(next.AllowedScopes)
	cs.mu.Lock()
	defer cs.mu.Unlock()
	c := cs.placeLocked(next.ID)
	if old := c.full; old != nil {
		if next.Version < old.Version {
			return
		}
		next.Generation = max(next.Generation, old.Generation)
		keepUses(&next, old)
		cs.count[old.Status]--
	}
	cs.count[next.Status]++
	c.full = &next
	c.meter.Grant(next.AllowedScopes, cs.now())
	live := authz.LiveClientOf(&next)
	live.Meter = &c.meter
	c.live.Store(live)
}

// touch notes last uses that the engine took.
func (cs *clients) touch(uses []authz.Use) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	for _, use := range uses {
		c := cs.byID[use.Client]
		if c == nil || c.full == nil {
			continue
		}
		next := c.full.Clone()
		if next.Touch(use) {
			c.full = &next
		}
	}
}

// keepUses keeps the later one of each last use.
func keepUses(next, old *authz.Client) {
	next.LastUsedAt = later(next.LastUsedAt, old.LastUsedAt)
	for i := range next.Secrets {
		for j := range old.Secrets {
			if next.Secrets[i].ID == old.Secrets[j].ID {
				next.Secrets[i].LastUsedAt = later(next.Secrets[i].LastUsedAt, old.Secrets[j].LastUsedAt)
			}
		}
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (cs *clients) byStatus() map[authz.Status]int {
	cs.mu.RLock()
	defer cs.mu.RUnlock()
	return map[authz.Status]int{
		authz.StatusActive:   cs.count[authz.StatusActive],
		authz.StatusDisabled: cs.count[authz.StatusDisabled],
		authz.StatusRevoked:  cs.count[authz.StatusRevoked],
	}
}
