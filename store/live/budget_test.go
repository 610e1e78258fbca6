package live_test

import (
	"testing"
	"testing/synctest"
	"time"

	"scopegate/authz"
	"scopegate/store/live"
)

// A token may take 96 bytes, at whatever load the table happens to be.
func TestMemoryOfALiveTokenIsBounded(t *testing.T) {
	h := warm(t, 0)
	sum, rounds := 0.0, 0
	for i := range 200_000 {
		h.put(newToken(h.client, i))
		if n := i + 1; n >= 20_000 && n%1000 == 0 {
			each := float64(h.store.Stats().Bytes) / float64(n)
			if each > 96 {
				t.Fatalf("%.1f bytes for each of %d tokens, want at most 96", each, n)
			}
			sum, rounds = sum+each, rounds+1
		}
	}
	t.Logf("%.1f bytes a token on average", sum/float64(rounds))
}

const smallMemory = 256 << 10 // room for some 4,600 tokens

func TestBeyondTheBudgetTokensAreFoundInTheEngine(t *testing.T) {
	h := warm(t, smallMemory)
	const n = 20_000
	for i := range n {
		h.put(newToken(h.client, i))
	}
	st := h.store.Stats()
	if st.Complete {
		t.Error("the view claims to hold all tokens")
	}
	if st.Bytes > smallMemory {
		t.Errorf("tokens take %d bytes, more than the budget of %d", st.Bytes, smallMemory)
	}
	if st.Live < 4000 {
		t.Errorf("only %d tokens are held in %d bytes", st.Live, smallMemory)
	}
	for i := range n {
		h.expect(newToken(h.client, i), authz.ReasonAllowed)
	}
	h.expect(newToken(h.client, n), authz.ReasonUnknownToken)
	if got := h.store.Stats().Live; got < 4000 {
		t.Errorf("%d tokens are held after all were used", got)
	}
}

func TestAFloodOfUnknownTokensEvictsNothing(t *testing.T) {
	h := warm(t, smallMemory)
	for i := range 20_000 {
		h.put(newToken(h.client, i))
	}
	before, writes := h.store.Stats(), h.store.Writes()
	for i := range 20_000 {
		h.expect(newToken(h.client, 1_000_000+i), authz.ReasonUnknownToken)
	}
	if after := h.store.Stats(); after.Live != before.Live || h.store.Writes() != writes {
		t.Errorf("%d tokens before, %d after, %d writes", before.Live, after.Live, h.store.Writes()-writes)
	}
}

// Revoked tokens stay, though they alone fill more than the budget.
func TestRevokedTokensAreNeverEvicted(t *testing.T) {
	h := warm(t, smallMemory)
	const n = 10_000
	for i := range n {
		h.revoke(newToken(h.client, i))
	}
	for i := n; i < 2*n; i++ {
		h.put(newToken(h.client, i))
	}
	if st := h.store.Stats(); st.Revoked != n {
		t.Errorf("%d revoked tokens are held, want %d", st.Revoked, n)
	}
	for i := range n {
		h.expect(newToken(h.client, i), authz.ReasonRevokedToken)
	}
	for i := n; i < 2*n; i++ {
		h.expect(newToken(h.client, i), authz.ReasonAllowed)
	}
}

// A client that asks for ever new sets of scopes fills no more than its share,
// and its tokens work.
func TestManyScopeSetsStayWithinTheBudget(t *testing.T) {
	h := warm(t, smallMemory)
	c := h.client
	scopes := make([]authz.Scope, 12)
	for i := range scopes {
		scopes[i] = authz.Scope("a.rather.long.scope.name." + string(rune('a'+i)))
	}
	c.AllowedScopes = authz.NewScopeSet(scopes...)
	c = h.putClient(c, authz.EventClientUpdated)
	token := func(i int) authz.AccessToken {
		var some []authz.Scope
		for bit, s := range scopes {
			if i&(1<<bit) != 0 {
				some = append(some, s)
			}
		}
		token := newToken(c, i)
		token.Scopes = authz.NewScopeSet(some...)
		return token
	}
	const n = 1 << 12
	for i := range n {
		h.put(token(i))
	}
	if st := h.store.Stats(); st.Bytes > smallMemory || st.Complete {
		t.Errorf("%d bytes of %d, complete %v", st.Bytes, smallMemory, st.Complete)
	}
	for i := range n {
		got, err := h.store.LookupToken(t.Context(), token(i).Key)
		if err != nil || !got.Scopes.Equal(token(i).Scopes) {
			t.Fatalf("token %d has the scopes %q (%v), want %q", i, got.Scopes, err, token(i).Scopes)
		}
	}
}

// Once all that was evicted has expired, the view holds all tokens again.
func TestTheViewIsCompleteAgainAfterTheEvictedExpired(t *testing.T) {
	h := warm(t, smallMemory)
	for i := range 20_000 {
		h.put(newToken(h.client, i))
	}
	h.clock.forward(2 * time.Hour)
	h.store.Sweep()
	late := tokenUntil(h.client, 30_000, h.clock.Now().Add(time.Hour))
	h.put(late)
	if st := h.store.Stats(); !st.Complete || st.Live != 1 {
		t.Errorf("complete is %v with %d tokens, want true with 1", st.Complete, st.Live)
	}
	h.expect(late, authz.ReasonAllowed)
}

func TestExpiredTokensLeaveAndGiveTheirMemoryBack(t *testing.T) {
	h := warm(t, 0)
	empty := h.store.Stats().Bytes
	const n = 50_000
	for i := range n {
		token := tokenUntil(h.client, i, noon.Add(time.Duration(1+i%3)*time.Hour))
		token.Resources = []string{"https://api.example.com/" + string(rune('a'+i%26))}
		if i%10 == 0 {
			h.revoke(token)
		} else {
			h.put(token)
		}
	}
	full := h.store.Stats()
	for hour := range 3 {
		h.clock.forward(time.Hour)
		h.store.Sweep()
		want := 0
		for i := range n {
			if i%3 > hour {
				want++
			}
		}
		if st := h.store.Stats(); st.Live+st.Revoked != want {
			t.Fatalf("%d records after %d hours, want %d", st.Live+st.Revoked, hour+1, want)
		}
	}
	st := h.store.Stats()
	if st.Bytes > 4*empty || full.Bytes < 10*empty {
		t.Errorf("%d bytes when empty, %d when full, %d after", empty, full.Bytes, st.Bytes)
	}
	if n := h.store.Families(); n != 0 {
		t.Errorf("%d families outlive their tokens", n)
	}
}

// Nobody has to call Sweep.
func TestTheViewSweepsItself(t *testing.T) {
	engine, c := furnished(t, 0)
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		now := func() time.Time { return noon.Add(time.Since(begun)) }
		store, err := live.Open(t.Context(), engine, live.Options{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		for i := range 1000 {
			if err := store.PutToken(t.Context(), newToken(c, i)); err != nil {
				t.Fatal(err)
			}
		}
		time.Sleep(time.Hour + 2*time.Minute)
		synctest.Wait()
		if got := store.Stats().Live; got != 0 {
			t.Errorf("%d tokens are held two minutes after they expired", got)
		}
	})
}
