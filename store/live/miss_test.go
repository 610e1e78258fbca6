package live_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"scopegate/authz"
)

func TestUnknownTokensCostNoEngineReadWhileAllFit(t *testing.T) {
	engine, c := furnished(t, 100)
	g := &gates{Store: engine}
	h := open(t, g, 0)
	h.untilWarm()
	for i := range 1000 {
		want := authz.ReasonAllowed
		if i >= 100 {
			want = authz.ReasonUnknownToken
		}
		h.expect(newToken(c, i), want)
	}
	if n := g.tokens.Load(); n != 0 {
		t.Errorf("%d engine reads, want none", n)
	}
	if st := h.store.Stats(); !st.Complete || st.Hits != 100 || st.Misses != 900 || st.EngineReads != 0 {
		t.Errorf("stats: %+v", st)
	}
}

// cold opens a view whose warm-up waits until the test ends.
func cold(t *testing.T, g *gates) *house {
	scan := make(chan struct{})
	g.each = func(authz.AccessToken) { <-scan }
	h := open(t, g, 0)
	t.Cleanup(func() { close(scan) })
	return h
}

func TestWhileColdAMissReadsTheEngine(t *testing.T) {
	engine, c := furnished(t, 2)
	g := &gates{Store: engine}
	h := cold(t, g)
	for range 3 {
		h.expect(newToken(c, 0), authz.ReasonAllowed)
	}
	if n := g.tokens.Load(); n != 1 {
		t.Errorf("%d engine reads for one token, want 1", n)
	}
	h.expect(newToken(c, 99), authz.ReasonUnknownToken)
	expired := tokenUntil(c, 98, noon.Add(-2*time.Hour))
	reads := g.tokens.Load()
	h.expect(expired, authz.ReasonUnknownToken)
	if g.tokens.Load() != reads {
		t.Error("a token whose hour is over was looked for in the engine")
	}
}

// A lookup that began before the end of the warm-up and ended after it must
// not take what was loaded in between for unknown.
func TestNoTokenIsUnknownWhenTheWarmUpEnds(t *testing.T) {
	engine, c := furnished(t, 1)
	token := newToken(c, 0)
	for range 200 {
		h := open(t, engine, 64<<10)
		for warm := false; !warm; {
			warm = h.store.Stats().Warm
			h.expect(token, authz.ReasonAllowed)
		}
	}
}

func TestATokenPutWhileColdIsKept(t *testing.T) {
	engine, _ := furnished(t, 1)
	scan, begun := make(chan struct{}), make(chan struct{})
	h := open(t, &gates{Store: engine, each: func(authz.AccessToken) { close(begun); <-scan }}, 0)
	receive(t, "the warm-up", begun)
	token := newToken(h.client, 50) // the warm-up's snapshot lacks it
	h.put(token)
	close(scan)
	h.untilWarm()
	h.expect(token, authz.ReasonAllowed)
	if st := h.store.Stats(); !st.Complete || st.Live != 2 {
		t.Errorf("stats: %+v", st)
	}
}

func TestACrowdOfMissesForOneTokenReadsTheEngineOnce(t *testing.T) {
	engine, c := furnished(t, 1)
	hold, begun := make(chan struct{}), make(chan struct{}, 100)
	g := &gates{Store: engine, token: func(read func() (authz.AccessToken, error)) (authz.AccessToken, error) {
		begun <- struct{}{}
		<-hold
		return read()
	}}
	h := cold(t, g)
	var crowd sync.WaitGroup
	for range 50 {
		crowd.Go(func() {
			if got := h.reason(newToken(c, 0)); got != authz.ReasonAllowed {
				t.Errorf("token is %s", got)
			}
		})
	}
	receive(t, "an engine read", begun)
	eventually(t, "all look", func() bool { return h.store.Stats().Misses == 50 })
	close(hold)
	crowd.Wait()
	if n := g.tokens.Load(); n != 1 {
		t.Errorf("%d engine reads, want 1", n)
	}
}

// The request that reads for all is given up: the others read for themselves.
func TestAReaderThatLeavesDoesNotFailTheOthers(t *testing.T) {
	engine, c := furnished(t, 1)
	token := newToken(c, 0)
	begun := make(chan struct{}, 2)
	leave, left := context.WithCancel(t.Context())
	first := true
	g := &gates{Store: engine}
	g.token = func(read func() (authz.AccessToken, error)) (authz.AccessToken, error) {
		if !first {
			return read()
		}
		first = false
		begun <- struct{}{}
		<-leave.Done()
		return authz.AccessToken{}, leave.Err()
	}
	h := cold(t, g)
	failed := make(chan error, 1)
	go func() {
		_, err := h.store.LookupToken(leave, token.Key)
		failed <- err
	}()
	receive(t, "the engine read", begun)
	answer := make(chan authz.Reason, 1)
	go func() { answer <- h.reason(token) }()
	eventually(t, "both look", func() bool { return h.store.Stats().Misses == 2 })
	left()
	if err := receive(t, "the reader that left", failed); !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("the reader that left got %v, want ErrUnavailable", err)
	}
	if got := receive(t, "the other", answer); got != authz.ReasonAllowed {
		t.Errorf("the other got %s, want allowed", got)
	}
}

// A token is put while an older read of it, which found nothing, still runs.
func TestATokenPutDuringAReadIsFound(t *testing.T) {
	engine, c := furnished(t, 1)
	token := newToken(c, 5)
	hold, begun := make(chan struct{}), make(chan struct{})
	first := true
	g := &gates{Store: engine}
	g.token = func(read func() (authz.AccessToken, error)) (authz.AccessToken, error) {
		got, err := read()
		if first {
			first = false
			close(begun)
			<-hold
		}
		return got, err
	}
	h := cold(t, g)
	early := make(chan authz.Reason, 1)
	go func() { early <- h.reason(token) }()
	receive(t, "the engine read", begun)
	h.put(token)
	h.expect(token, authz.ReasonAllowed)
	close(hold)
	receive(t, "the early lookup", early)
	h.expect(token, authz.ReasonAllowed)
}

// While a read shared by several runs, the client is revoked: who asks after
// that must not get the client as it was.
func TestAClientRevokedDuringASharedReadIsSeen(t *testing.T) {
	engine, c := furnished(t, 1)
	token := newToken(c, 0)
	hold, begun := make(chan struct{}), make(chan struct{})
	g := &gates{Store: engine, token: func(read func() (authz.AccessToken, error)) (authz.AccessToken, error) {
		got, err := read()
		close(begun)
		<-hold
		return got, err
	}}
	h := cold(t, g)
	answers := make(chan authz.Reason, 2)
	look := func() { answers <- h.reason(token) }
	go look()
	receive(t, "the engine read", begun)
	c.Status, c.Generation = authz.StatusRevoked, c.Generation+1
	h.putClient(c, authz.EventClientRevoked)
	go look()
	eventually(t, "both look", func() bool { return h.store.Stats().Misses == 2 })
	close(hold)
	for range 2 {
		if got := receive(t, "an answer", answers); got != authz.ReasonClientRevoked {
			t.Errorf("token is %s, want client_revoked", got)
		}
	}
}

func TestAnEngineThatCannotAnswerIsUnavailableAndNeverUnknown(t *testing.T) {
	engine, c := furnished(t, 1)
	broken := errors.New("disk on fire")
	h := cold(t, &gates{Store: engine, token: func(func() (authz.AccessToken, error)) (authz.AccessToken, error) {
		return authz.AccessToken{}, broken
	}})
	_, err := h.store.LookupToken(t.Context(), newToken(c, 0).Key)
	if !errors.Is(err, authz.ErrUnavailable) || !errors.Is(err, broken) || errors.Is(err, authz.ErrNotFound) {
		t.Errorf("lookup: %v, want ErrUnavailable with its cause", err)
	}
	h.expect(newToken(c, 0), authz.ReasonStoreUnavailable)
}
