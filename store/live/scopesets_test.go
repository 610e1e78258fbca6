package live_test

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"scopegate/authz"
)

func TestClientsAndTokensOfTheSameScopesShareOneSet(t *testing.T) {
	h := warm(t, 0)
	var first *authz.ScopeSet
	for i := range 50 {
		c := h.create(1 + i)
		all := newToken(c, 2*i)
		all.Scopes = authz.NewScopeSet("invoices.write", "invoices.read")
		h.put(all)
		got, err := h.store.LookupToken(t.Context(), all.Key)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = got.Scopes
		}
		if got.Scopes != first || got.Client.AllowedScopes != first {
			t.Errorf("client %d has sets of its own", i)
		}
		h.put(newToken(c, 2*i+1)) // of some of the scopes
	}
	if n := h.store.ScopeSets(); n != 2 {
		t.Errorf("there are %d sets, want 2", n)
	}
	h.expect(newToken(h.client, 1), authz.ReasonAllowed)
}

// A client that gets ever new scopes leaves nothing behind: neither sets nor
// their places.
func TestASetOfScopesGoesWithTheLastThatHasIt(t *testing.T) {
	h := warm(t, 0)
	c := h.client
	for i := range 100 {
		c.AllowedScopes = authz.NewScopeSet("invoices.read", authz.Scope(fmt.Sprintf("s%d", i)))
		c = h.putClient(c, authz.EventClientUpdated)
		token := newToken(c, i)
		token.Scopes = authz.NewScopeSet("invoices.read", authz.Scope(fmt.Sprintf("s%d", i)))
		h.put(token)
	}
	if n := h.store.ScopeSets(); n < 100 {
		t.Errorf("there are %d sets, want one for each family", n)
	}
	h.client = c // the first one has a set, too
	h.clock.forward(2 * time.Hour)
	h.store.Sweep()
	eventually(t, "only the client's set is left", func() bool {
		runtime.GC()
		return h.store.ScopeSets() == 1
	})
	if got, err := h.store.Client(t.Context(), c.ID); err != nil || !got.AllowedScopes.Equal(c.AllowedScopes) {
		t.Errorf("the client has %q (%v), want %q", got.AllowedScopes, err, c.AllowedScopes)
	}
}

// The end of a set is told late: an equal one may have taken its place.
func TestASetThatTookThePlaceOfAnotherStaysWhenThatOneEnds(t *testing.T) {
	h := warm(t, 0)
	before := h.store.ScopeSets()
	h.store.ForgetScopes(h.client.AllowedScopes)
	if n := h.store.ScopeSets(); before != 1 || n != 1 {
		t.Errorf("there are %d sets, and were %d, want 1", n, before)
	}
}

// Sets are shared while others like them are collected.
func TestSetsComeAndGoAtOnce(t *testing.T) {
	h := warm(t, 0)
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			c := h.create(10 + worker)
			for i := range 200 {
				c.AllowedScopes = authz.NewScopeSet("invoices.read", authz.Scope(fmt.Sprintf("s%d", i%3)))
				c = h.putClient(c, authz.EventClientUpdated)
				got, err := h.store.Client(t.Context(), c.ID)
				if err != nil || !got.AllowedScopes.Equal(c.AllowedScopes) {
					t.Errorf("client %d has %q (%v), want %q", worker, got.AllowedScopes, err, c.AllowedScopes)
				}
				if i%20 == 0 {
					runtime.GC()
				}
			}
		})
	}
	all.Wait()
}
