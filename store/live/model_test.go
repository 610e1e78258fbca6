package live_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
)

// The view against a map, by one hand: any order of issuing, revoking,
// expiring, sweeping and evicting gives the answer that the map gives.
func TestTheViewAgreesWithAMap(t *testing.T) {
	for _, memory := range []int64{32 << 10, 0} {
		h := warm(t, memory)
		rnd := rand.New(rand.NewPCG(1, uint64(memory)))
		type fact struct {
			token   authz.AccessToken
			revoked bool
		}
		known := map[int]*fact{}
		const names = 4000
		for range 60_000 {
			i := rnd.IntN(names)
			f := known[i]
			switch op := rnd.IntN(100); {
			case op < 40 && f == nil:
				f = &fact{token: tokenUntil(h.client, i, h.clock.Now().Add(time.Duration(1+rnd.IntN(5000))*time.Second))}
				known[i] = f
				h.put(f.token)
			case op < 50 && f != nil:
				h.put(f.token)
			case op < 53 && f != nil:
				f.revoked = true
				h.revoke(f.token)
			case op == 53:
				h.clock.forward(time.Duration(rnd.IntN(3)) * time.Second)
			case op == 54 && rnd.IntN(100) == 0:
				h.store.Sweep()
			}
			want := authz.ReasonUnknownToken
			token := newToken(h.client, i)
			if f != nil {
				token = f.token
				switch live := h.clock.Now().Before(token.ExpiresAt); {
				case live && f.revoked:
					want = authz.ReasonRevokedToken
				case live:
					want = authz.ReasonAllowed
				default: // expired: refused, whatever it is called
					if got := h.reason(token); got == authz.ReasonAllowed {
						t.Fatalf("expired token %d is allowed", i)
					}
					continue
				}
			}
			if got := h.reason(token); got != want {
				t.Fatalf("token %d is %s, want %s", i, got, want)
			}
		}
	}
}

// Readers without locks beside writers that grow, evict, sweep and revoke:
// no reader ever gets another token's record, misses a token that is held,
// or sees an acknowledged revocation undone.
func TestReadersBesideWriters(t *testing.T) {
	for name, memory := range map[string]int64{"all fit": 0, "evicting": 64 << 10} {
		t.Run(name, func(t *testing.T) {
			h := warm(t, memory)
			const clients, tokens, readers = 8, 6000, 4
			all := make([]authz.AccessToken, tokens)
			for i := range all {
				c := h.create(1 + i%clients)
				all[i] = tokenUntil(c, i, noon.Add(time.Duration(1+i%2)*time.Hour))
			}
			var put, revoked [tokens]atomic.Bool
			var done atomic.Bool
			var writers, others sync.WaitGroup
			for w := range 2 {
				writers.Go(func() {
					for i := w; i < tokens; i += 2 {
						if err := h.store.PutToken(t.Context(), all[i]); err != nil {
							t.Error(err)
						}
						put[i].Store(true)
						if i%7 == 0 {
							if err := h.store.RevokeToken(t.Context(), all[i], change(authz.EventTokenRevoked)); err != nil {
								t.Error(err)
							}
							revoked[i].Store(true)
						}
						if i == tokens/2 {
							h.clock.forward(time.Hour) // half of them expire
						}
					}
				})
			}
			others.Go(func() {
				for !done.Load() {
					h.store.Sweep()
					h.store.Stats()
				}
			})
			for r := range readers {
				others.Go(func() {
					rnd := rand.New(rand.NewPCG(2, uint64(r)))
					for !done.Load() {
						i := rnd.IntN(tokens)
						want, wasRevoked, wasPut := &all[i], revoked[i].Load(), put[i].Load()
						got, err := h.store.LookupToken(t.Context(), want.Key)
						expired := !h.clock.Now().Before(want.ExpiresAt)
						switch {
						case err != nil && wasPut && !expired:
							t.Errorf("token %d: %v", i, err)
						case err != nil:
						case got.Client.ID != want.ClientID || got.ExpiresAt != authz.SecondsOf(want.ExpiresAt.Unix()):
							t.Errorf("token %d is of client %s until %d, want %s until %d", i, got.Client.ID, got.ExpiresAt, want.ClientID, want.ExpiresAt.Unix())
						case wasRevoked && !got.Revoked && !expired:
							t.Errorf("token %d: its revocation was undone", i)
						}
					}
				})
			}
			writers.Wait()
			done.Store(true)
			others.Wait()
		})
	}
}

// A reader that finds a change under way again and again waits for it.
func TestAReaderWaitsForAChangeThatTakesLong(t *testing.T) {
	h := warm(t, 0)
	token := newToken(h.client, 1)
	h.put(token)
	release := h.store.Hold()
	answer := make(chan authz.Reason, 1)
	go func() { answer <- h.reason(token) }()
	release()
	if got := receive(t, "the answer", answer); got != authz.ReasonAllowed {
		t.Errorf("token is %s, want allowed", got)
	}
}

func TestLookupsAllocateNothing(t *testing.T) {
	h := warm(t, 0)
	known, unknown := newToken(h.client, 1), newToken(h.client, 2)
	h.put(known)
	a := &authz.Authorizer{Tokens: h.store, Now: h.clock.Now}
	req := &authz.Requirement{Scopes: authz.NewScopeSet("invoices.read")}
	for name, f := range map[string]func(){
		"hit":       func() { _, _ = h.store.LookupToken(t.Context(), known.Key) },
		"unknown":   func() { _, _ = h.store.LookupToken(t.Context(), unknown.Key) },
		"authorize": func() { a.Authorize(t.Context(), authz.Credential{Count: 1, Value: "Bearer x"}, req) },
	} {
		if n := testing.AllocsPerRun(100, f); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}
