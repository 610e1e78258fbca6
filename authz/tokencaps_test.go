package authz_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
)

// passes is a store that counts the passes over its tokens; a hook may step
// into them.
type passes struct {
	authz.Store
	n    atomic.Int64
	step func(authz.AccessToken) error // after a token was read and before it is shown; nil: nothing
	put  func()                        // after a token was put; nil: nothing
}

func (p *passes) EachToken(ctx context.Context, now time.Time, f func(authz.AccessToken) bool) error {
	p.n.Add(1)
	var failed error
	err := p.Store.EachToken(ctx, now, func(t authz.AccessToken) bool {
		if p.step != nil {
			failed = p.step(t)
		}
		return failed == nil && f(t)
	})
	return errors.Join(err, failed)
}

func (p *passes) PutToken(ctx context.Context, t authz.AccessToken) error {
	err := p.Store.PutToken(ctx, t)
	if p.put != nil {
		p.put()
	}
	return err
}

// watched is a law whose store is watched.
func watched(t *testing.T) (*law, *passes) {
	l := newLaw(t)
	p := &passes{Store: l.store}
	l.issuer.Store = p
	l.issuer.Caps = authz.NewTokenCaps(p, func() time.Time { return l.now })
	return l, p
}

func (l *law) restartOver(p *passes) {
	l.issuer.Caps = authz.NewTokenCaps(p, func() time.Time { return l.now })
}

func TestOnePassCountsForAllClients(t *testing.T) {
	l, p := watched(t)
	var ids []authz.ClientID
	for range 20 {
		c := l.capped(t, 3)
		ids = append(ids, c.ID)
		if _, err := l.ask(t, c.ID); err != nil {
			t.Fatal(err)
		}
	}
	free := l.capped(t, 0)
	l.restartOver(p)
	p.n.Store(0)
	if _, err := l.ask(t, free.ID); err != nil || p.n.Load() != 0 {
		t.Errorf("a client without a cap: %v after %d passes", err, p.n.Load())
	}
	for _, id := range ids {
		l.gets(t, id, 2)
	}
	if n := p.n.Load(); n != 1 {
		t.Errorf("%d passes over the store for 20 clients, want 1", n)
	}
}

func TestAClientRegisteredWithItsCapNeedsNoPass(t *testing.T) {
	l, p := watched(t)
	l.now = l.now.Add(time.Second)
	for range 5 {
		l.gets(t, l.capped(t, 2).ID, 2)
	}
	if n := p.n.Load(); n != 0 {
		t.Errorf("%d passes over the store", n)
	}
}

func TestCountsMadeAtTheStartSpareTheRequestsAPass(t *testing.T) {
	l, p := watched(t)
	if err := l.issuer.Caps.Warm(t.Context()); err != nil || p.n.Load() != 0 {
		t.Errorf("without a capped client: %v after %d passes", err, p.n.Load())
	}
	c, other := l.capped(t, 2), l.capped(t, 3)
	l.gets(t, c.ID, 2)
	l.gets(t, other.ID, 3)
	l.restartOver(p)
	p.n.Store(0)
	left, leave := context.WithCancel(t.Context())
	leave()
	if err := l.issuer.Caps.Warm(left); !errors.Is(err, context.Canceled) {
		t.Errorf("a server that stops: %v", err)
	}
	if err := l.issuer.Caps.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	n := p.n.Load()
	l.isFull(t, c.ID)
	l.isFull(t, other.ID)
	if p.n.Load() != n || n == 0 {
		t.Errorf("%d passes, then %d", n, p.n.Load())
	}
}

func TestWhatIsRevokedDuringAPassIsNotCounted(t *testing.T) {
	l, p := watched(t)
	c := l.capped(t, 2)
	tokens := l.gets(t, c.ID, 2)
	l.restartOver(p)
	revoked := false
	p.step = func(authz.AccessToken) error {
		if !revoked {
			revoked = true
			for _, token := range tokens { // both, also the one that was just read alive
				if _, err := l.issuer.Revoke(t.Context(), nil, token.Text.Text(), authz.By{Actor: "a"}); err != nil {
					return err
				}
			}
		}
		return nil
	}
	l.gets(t, c.ID, 2)
	if !revoked {
		t.Error("nothing was counted")
	}
}

// A request that was authenticated before its client got a cap is given its
// token, and the token counts, whenever the count begins.
func TestATokenOnItsWayWhenTheCapComesIsCounted(t *testing.T) {
	for name, when := range map[string]func(p *passes, late func()){
		"before the pass": func(_ *passes, late func()) { late() },
		"during the pass": func(p *passes, late func()) {
			p.step = func(authz.AccessToken) error { p.step = nil; late(); return nil }
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, p := watched(t)
			before := l.capped(t, 0)
			if _, err := l.ask(t, before.ID); err != nil {
				t.Fatal(err)
			}
			n := 3
			if _, err := l.registry.Update(t.Context(), before.ID, authz.Update{MaxLiveTokens: &n}, authz.By{}); err != nil {
				t.Fatal(err)
			}
			when(p, func() {
				if _, err := l.issuer.Issue(t.Context(), &before, authz.TokenRequest{Grant: authz.GrantClientCredentials}); err != nil {
					t.Error(err)
				}
			})
			l.gets(t, before.ID, 1)
		})
	}
}

func TestATokenBetweenItsWriteAndItsAnswerIsCountedOnce(t *testing.T) {
	l, p := watched(t)
	before, n := l.capped(t, 0), 3
	if _, err := l.registry.Update(t.Context(), before.ID, authz.Update{MaxLiveTokens: &n}, authz.By{}); err != nil {
		t.Fatal(err)
	}
	var others []authz.Issued
	p.put = func() {
		p.put = nil
		others = l.gets(t, before.ID, 2) // the pass sees the token that is not answered yet
	}
	if _, err := l.issuer.Issue(t.Context(), &before, authz.TokenRequest{Grant: authz.GrantClientCredentials}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.issuer.Revoke(t.Context(), nil, others[0].Text.Text(), authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	l.gets(t, before.ID, 1)
}

func TestAPassThatFailsRefusesAndIsTriedAgain(t *testing.T) {
	l, p := watched(t)
	c := l.capped(t, 2)
	if _, err := l.ask(t, c.ID); err != nil {
		t.Fatal(err)
	}
	l.restartOver(p)
	p.step = func(authz.AccessToken) error { return authz.ErrUnavailable }
	if _, err := l.ask(t, c.ID); codeOf(err) != authz.CodeTemporarilyUnavailable || !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("while the store fails: %v", err)
	}
	p.step = nil
	l.gets(t, c.ID, 1)
}

// Who waits for another's count leaves when its caller does.
func TestWhoWaitsForACountMayLeave(t *testing.T) {
	l, p := watched(t)
	c := l.capped(t, 2)
	if _, err := l.ask(t, c.ID); err != nil {
		t.Fatal(err)
	}
	l.restartOver(p)
	begun, goOn := make(chan struct{}), make(chan struct{})
	p.step = func(authz.AccessToken) error { close(begun); <-goOn; return nil }
	c, err := l.store.Client(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	first := make(chan error, 1)
	go func() {
		_, err := l.issuer.Issue(context.Background(), &c, authz.TokenRequest{Grant: authz.GrantClientCredentials})
		first <- err
	}()
	<-begun
	left, leave := context.WithCancel(t.Context())
	leave()
	if _, err := l.issuer.Issue(left, &c, authz.TokenRequest{Grant: authz.GrantClientCredentials}); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that left: %v", err)
	}
	close(goOn)
	if err := <-first; err != nil {
		t.Errorf("who counted: %v", err)
	}
	l.isFull(t, c.ID)
}

func TestAnUncappedClientPaysNoAllocation(t *testing.T) {
	l, _ := watched(t)
	c := l.capped(t, 0)
	token := authz.AccessToken{ClientID: c.ID}
	if n := testing.AllocsPerRun(100, func() { l.issuer.Caps.Note(&c, &token) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
