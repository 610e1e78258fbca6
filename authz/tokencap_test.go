package authz_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
)

// capped registers a client with a cap on living tokens.
func (l *law) capped(t *testing.T, n int) authz.Client {
	t.Helper()
	c, _, err := l.registry.Create(t.Context(), authz.Registration{Name: "capped", Confidential: true, MaxLiveTokens: n}, authz.By{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ask asks for a token for the client as it is stored now.
func (l *law) ask(t *testing.T, id authz.ClientID) (authz.Issued, error) {
	t.Helper()
	c, err := l.store.Client(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return l.issuer.Issue(t.Context(), &c, authz.TokenRequest{Grant: authz.GrantClientCredentials})
}

// gets takes n tokens and then expects the cap.
func (l *law) gets(t *testing.T, id authz.ClientID, n int) (tokens []authz.Issued) {
	t.Helper()
	for i := range n {
		issued, err := l.ask(t, id)
		if err != nil {
			t.Fatalf("token %d of %d: %v", i+1, n, err)
		}
		tokens = append(tokens, issued)
	}
	l.isFull(t, id)
	return tokens
}

func (l *law) isFull(t *testing.T, id authz.ClientID) *authz.TokenCapError {
	t.Helper()
	_, err := l.ask(t, id)
	full, ok := errors.AsType[*authz.TokenCapError](err)
	if !ok || codeOf(err) != authz.CodeTemporarilyUnavailable {
		t.Fatalf("one more: %v, want the cap", err)
	}
	return full
}

// restart forgets all that is counted.
func (l *law) restart() {
	l.issuer.Caps = authz.NewTokenCaps(l.store, func() time.Time { return l.now })
}

func TestAClientAtItsCapWaitsUntilATokenEnds(t *testing.T) {
	l := newLaw(t)
	c := l.capped(t, 3)
	if _, err := l.ask(t, c.ID); err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(20 * time.Minute)
	l.gets(t, c.ID, 2)
	if full := l.isFull(t, c.ID); full.Wait != 40*time.Minute || full.Cap != 3 {
		t.Errorf("told to wait %s at a cap of %d", full.Wait, full.Cap)
	}
	l.now = l.now.Add(40*time.Minute - time.Second)
	l.isFull(t, c.ID)
	l.now = l.now.Add(time.Second)
	l.gets(t, c.ID, 1)
}

func TestWhatAClientIsToldToWaitIsBounded(t *testing.T) {
	l := newLaw(t)
	c, _, err := l.registry.Create(t.Context(), authz.Registration{Name: "long", Confidential: true, MaxLiveTokens: 1, AccessTokenTTL: 24 * time.Hour}, authz.By{})
	if err != nil {
		t.Fatal(err)
	}
	l.gets(t, c.ID, 1)
	if full := l.isFull(t, c.ID); full.Wait != time.Hour {
		t.Errorf("told to wait %s", full.Wait)
	}
}

func TestARevokedTokenFreesOnePlaceOnce(t *testing.T) {
	l := newLaw(t)
	c := l.capped(t, 2)
	tokens := l.gets(t, c.ID, 2)
	for range 3 { // repeating it frees no second one
		if _, err := l.issuer.Revoke(t.Context(), nil, tokens[0].Text.Text(), authz.By{Actor: "admin:socket"}); err != nil {
			t.Fatal(err)
		}
	}
	l.gets(t, c.ID, 1)
	if _, err := l.issuer.RevokeID(t.Context(), tokens[1].Record.Key.Hash.ID(), authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	l.gets(t, c.ID, 1)
}

func TestWhatEndsAllTokensFreesAllPlaces(t *testing.T) {
	l := newLaw(t)
	c := l.capped(t, 2)
	l.gets(t, c.ID, 2)
	if _, err := l.registry.RevokeTokens(t.Context(), c.ID, time.Time{}, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	l.gets(t, c.ID, 2)
	if _, err := l.registry.Disable(t.Context(), c.ID, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.registry.Enable(t.Context(), c.ID, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	l.gets(t, c.ID, 2)
}

func TestTokensIssuedBeforeACutFreeTheirPlaces(t *testing.T) {
	l := newLaw(t)
	c := l.capped(t, 3)
	for range 2 {
		if _, err := l.ask(t, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	l.now = l.now.Add(time.Minute)
	l.gets(t, c.ID, 1)
	if _, err := l.registry.RevokeTokens(t.Context(), c.ID, l.now, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	l.gets(t, c.ID, 2)
	l.restart()
	l.isFull(t, c.ID)
}

// After a restart exactly those tokens are counted that a check would let in.
func TestACapHoldsAcrossARestart(t *testing.T) {
	l := newLaw(t)
	c, other := l.capped(t, 10), l.capped(t, 4)
	long := 3 * time.Hour
	for i := range 8 {
		if i == 2 { // two end after an hour, the others later
			if _, err := l.registry.Update(t.Context(), c.ID, authz.Update{AccessTokenTTL: &long}, authz.By{}); err != nil {
				t.Fatal(err)
			}
		}
		issued, err := l.ask(t, c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if i == 5 {
			if _, err := l.issuer.Revoke(t.Context(), nil, issued.Text.Text(), authz.By{Actor: "a"}); err != nil {
				t.Fatal(err)
			}
		}
	}
	l.gets(t, other.ID, 4)
	if _, err := l.registry.RevokeTokens(t.Context(), other.ID, time.Time{}, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.ask(t, other.ID); err != nil {
		t.Fatal(err)
	}
	l.now = l.now.Add(90 * time.Minute) // both short ones and other's are gone
	if _, err := l.ask(t, other.ID); err != nil {
		t.Fatal(err)
	}
	l.restart()
	l.gets(t, c.ID, 10-5)
	l.gets(t, other.ID, 4-1)
	l.restart()
	l.isFull(t, c.ID)
	l.isFull(t, other.ID)
}

func TestACapGivenLaterCountsWhatIsThere(t *testing.T) {
	l := newLaw(t)
	c := l.capped(t, 0)
	for range 5 {
		if _, err := l.ask(t, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	set := func(n int) {
		t.Helper()
		if _, err := l.registry.Update(t.Context(), c.ID, authz.Update{MaxLiveTokens: &n}, authz.By{}); err != nil {
			t.Fatal(err)
		}
	}
	set(3)
	l.isFull(t, c.ID)
	set(7)
	l.gets(t, c.ID, 2)
	set(4) // lowered: what lives goes on living
	l.isFull(t, c.ID)
	set(0)
	for range 5 {
		if _, err := l.ask(t, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	set(13)
	l.gets(t, c.ID, 1)
}

func TestNoMoreThanTheCapIsEverAcknowledged(t *testing.T) {
	l := newLaw(t)
	const n, callers = 25, 16
	c := l.capped(t, n)
	for round := range 4 {
		if round > 0 { // the count is begun by whoever comes first
			l.restart()
			if _, err := l.registry.RevokeTokens(t.Context(), c.ID, time.Time{}, authz.By{Actor: "a"}); err != nil {
				t.Fatal(err)
			}
		}
		var got atomic.Int64
		var crowd sync.WaitGroup
		for range callers {
			crowd.Go(func() {
				for range n {
					now, err := l.store.Client(context.Background(), c.ID)
					if err != nil {
						t.Error(err)
						return
					}
					_, err = l.issuer.Issue(context.Background(), &now, authz.TokenRequest{Grant: authz.GrantClientCredentials})
					if err == nil {
						got.Add(1)
					} else if _, full := errors.AsType[*authz.TokenCapError](err); !full {
						t.Error(err)
					}
				}
			})
		}
		crowd.Wait()
		if got.Load() != n {
			t.Errorf("round %d: %d tokens at a cap of %d", round, got.Load(), n)
		}
	}
}

func TestATokenThatCouldNotBeStoredTakesNoPlace(t *testing.T) {
	l := newLaw(t)
	c := l.capped(t, 2)
	l.store.Fail(nil, authz.ErrFull)
	for range 5 {
		if _, err := l.ask(t, c.ID); !errors.Is(err, authz.ErrFull) {
			t.Fatalf("a full store: %v", err)
		}
	}
	l.store.Fail(nil, nil)
	l.gets(t, c.ID, 2)
}

func TestACapThatNobodyCountsIsRefused(t *testing.T) {
	l := newLaw(t)
	c, free := l.capped(t, 2), l.capped(t, 0)
	l.issuer.Caps = nil
	if _, err := l.ask(t, c.ID); codeOf(err) != authz.CodeTemporarilyUnavailable {
		t.Errorf("without a count: %v", err)
	}
	issued, err := l.ask(t, free.ID)
	if err != nil {
		t.Errorf("a client without a cap: %v", err)
	}
	if _, err := l.issuer.Revoke(t.Context(), nil, issued.Text.Text(), authz.By{Actor: "a"}); err != nil {
		t.Error(err)
	}
}

func TestCapsOutOfBoundsAreRefused(t *testing.T) {
	l := newLaw(t)
	for _, n := range []int{-1, authz.MaxLiveTokens + 1} {
		_, _, err := l.registry.Create(t.Context(), authz.Registration{Name: "x", Confidential: true, MaxLiveTokens: n}, authz.By{})
		if field, ok := errors.AsType[*authz.FieldError](err); !ok || field.Field != "max_live_tokens" {
			t.Errorf("%d: %v", n, err)
		}
	}
}
