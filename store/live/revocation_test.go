package live_test

import (
	"errors"
	"testing"

	"scopegate/authz"
)

// A slow reader has read a token as living when its revocation is
// acknowledged: what it brings must not hide the revocation.
func TestRevocationDuringASlowEngineReadWins(t *testing.T) {
	engine, c := furnished(t, 1)
	token := newToken(c, 0)
	hold, begun := make(chan struct{}), make(chan struct{})
	scan := make(chan struct{})
	g := &gates{Store: engine}
	g.each = func(authz.AccessToken) { <-scan } // the view stays cold
	g.token = func(read func() (authz.AccessToken, error)) (authz.AccessToken, error) {
		stale, err := read()
		close(begun)
		<-hold
		return stale, err
	}
	h := open(t, g, 0)
	defer close(scan)

	answer := make(chan authz.Reason, 1)
	go func() { answer <- h.reason(token) }()
	receive(t, "the engine read", begun)
	h.revoke(token)
	close(hold)
	if got := receive(t, "the slow lookup", answer); got != authz.ReasonRevokedToken {
		t.Errorf("the slow lookup says %s, want revoked_token", got)
	}
	h.expect(token, authz.ReasonRevokedToken)
}

// The same for the warm-up: its snapshot of a token is older than the
// revocation.
func TestRevocationDuringTheWarmUpWins(t *testing.T) {
	engine, c := furnished(t, 1)
	token := newToken(c, 0)
	scan, begun := make(chan struct{}), make(chan struct{})
	g := &gates{Store: engine, each: func(stale authz.AccessToken) {
		if stale.Revoked {
			t.Error("the warm-up read the token after its revocation")
		}
		close(begun)
		<-scan
	}}
	h := open(t, g, 0)
	receive(t, "the warm-up", begun)
	h.revoke(token)
	close(scan)
	h.untilWarm()
	h.expect(token, authz.ReasonRevokedToken)
}

// Before the warm-up reached a token only the engine knows that it was
// revoked; putting it again must not bring it back.
func TestPuttingARevokedTokenAgainWhileColdDoesNotReviveIt(t *testing.T) {
	engine, c := furnished(t, 1)
	token := newToken(c, 0)
	if err := engine.RevokeToken(t.Context(), token, change(authz.EventTokenRevoked)); err != nil {
		t.Fatal(err)
	}
	scan := make(chan struct{})
	h := open(t, &gates{Store: engine, each: func(authz.AccessToken) { <-scan }}, 0)
	h.put(token)
	h.expect(token, authz.ReasonRevokedToken)
	close(scan)
	h.untilWarm()
	h.expect(token, authz.ReasonRevokedToken)
}

func TestRevocationOfATokenNeverSeenHolds(t *testing.T) {
	h := warm(t, 0)
	token := newToken(h.client, 7)
	h.revoke(token)
	h.put(token)
	h.expect(token, authz.ReasonRevokedToken)
}

func TestRevokedTokensSurviveARestart(t *testing.T) {
	engine, c := furnished(t, 10)
	for i := range 5 {
		if err := engine.RevokeToken(t.Context(), newToken(c, i), change(authz.EventTokenRevoked)); err != nil {
			t.Fatal(err)
		}
	}
	h := open(t, engine, 0)
	check := func() {
		for i := range 10 {
			want := authz.ReasonAllowed
			if i < 5 {
				want = authz.ReasonRevokedToken
			}
			h.expect(newToken(c, i), want)
		}
	}
	check() // cold or not
	h.untilWarm()
	check()
	if st := h.store.Stats(); st.Live != 5 || st.Revoked != 5 {
		t.Errorf("stats say %d tokens and %d revoked, want 5 and 5", st.Live, st.Revoked)
	}
}

// Revoking a client costs the same however many tokens it has: none of them
// is read, written or even looked at.
func TestRevokingAClientTouchesNoneOfItsTokens(t *testing.T) {
	const n = 100_000
	engine, c := furnished(t, n)
	g := &gates{Store: engine}
	h := open(t, g, 0)
	h.untilWarm()
	h.expect(newToken(c, n-1), authz.ReasonAllowed)

	writes, reads := h.store.Writes(), g.tokens.Load()
	c.Status = authz.StatusRevoked
	c.Generation++
	h.putClient(c, authz.EventClientRevoked)
	if got := h.store.Writes(); got != writes {
		t.Errorf("revoking the client wrote %d token records", got-writes)
	}
	for i := range n {
		h.expect(newToken(c, i), authz.ReasonClientRevoked)
	}
	if got := g.tokens.Load(); got != reads {
		t.Errorf("revoking the client led to %d token reads", got-reads)
	}
}

func TestDisablingEndsTokensForGoodAndEnablingAllowsNewOnes(t *testing.T) {
	h := warm(t, 0)
	old := newToken(h.client, 1)
	h.put(old)
	c := h.client
	c.Status, c.Generation = authz.StatusDisabled, c.Generation+1
	c = h.putClient(c, authz.EventClientDisabled)
	h.expect(old, authz.ReasonClientDisabled)
	c.Status = authz.StatusActive
	c = h.putClient(c, authz.EventClientEnabled)
	h.expect(old, authz.ReasonRevokedToken)
	fresh := newToken(c, 2)
	h.put(fresh)
	h.expect(fresh, authz.ReasonAllowed)
}

// An engine that was rolled back, or a reader that was slow, brings an older
// client: the view never unlearns a generation.
func TestGenerationsNeverFall(t *testing.T) {
	engine, c := furnished(t, 1)
	token := newToken(c, 0)
	g := &gates{Store: engine}
	h := open(t, g, 0)
	h.untilWarm()
	stale := c
	c.Generation++
	c = h.putClient(c, authz.EventTokensRevoked)

	for _, version := range []uint64{stale.Version, c.Version, c.Version + 1} {
		stale.Version = version
		g.putClient = func(func() (authz.Client, error)) (authz.Client, error) { return stale, nil }
		h.putClient(stale, authz.EventClientUpdated)
		h.expect(token, authz.ReasonRevokedToken)
	}
}

// The engine did the write and could not say so: the log tells.
func TestAWriteOfUnknownOutcomeIsFoundInTheLog(t *testing.T) {
	engine, c := furnished(t, 1)
	g := &gates{Store: engine, putClient: func(put func() (authz.Client, error)) (authz.Client, error) {
		if _, err := put(); err != nil {
			return authz.Client{}, err
		}
		return authz.Client{}, authz.ErrUnavailable
	}}
	h := open(t, g, 0)
	h.untilWarm()
	c.Generation++
	if _, err := h.store.PutClient(t.Context(), c, change(authz.EventTokensRevoked)); !errors.Is(err, authz.ErrUnavailable) {
		t.Fatalf("put client: %v, want the engine's error", err)
	}
	h.expect(newToken(c, 0), authz.ReasonRevokedToken)
}

// After a lost race the caller reads again and must see the winner.
func TestAConflictRefreshesTheView(t *testing.T) {
	engine, c := furnished(t, 0)
	h := open(t, engine, 0)
	other := c
	other.Name = "renamed behind the view"
	if _, err := engine.PutClient(t.Context(), other, change(authz.EventClientUpdated)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.store.PutClient(t.Context(), c, change(authz.EventClientUpdated)); !errors.Is(err, authz.ErrConflict) {
		t.Fatalf("put client: %v, want ErrConflict", err)
	}
	got, err := h.store.Client(t.Context(), c.ID)
	if err != nil || got.Name != other.Name {
		t.Errorf("client is %q (%v), want %q", got.Name, err, other.Name)
	}
}
