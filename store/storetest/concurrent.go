package storetest

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"scopegate/authz"
)

const writers = 16

// RunConcurrent checks what must hold under many writers; it is worth most
// under the race detector.
func RunConcurrent(t *testing.T, open Open) {
	cases := []struct {
		name string
		run  func(*testing.T, authz.Store)
	}{
		{"no update is lost", noLostUpdate},
		{"one of many creations wins", oneCreationWins},
		{"one of many revocations is the event", oneRevocationIsEvent},
		{"a read after a revocation sees it", readSeesRevocation},
		{"positions are contiguous under many writers", contiguousUnderWriters},
		{"closing waits for running writes", closeWaits},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, opened(t, open)) })
	}
}

// together runs f for each writer at once and waits for all.
func together(f func(writer int)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for w := range writers {
		wg.Go(func() { <-start; f(w) })
	}
	close(start)
	wg.Wait()
}

func noLostUpdate(t *testing.T, s authz.Store) {
	const each = 10
	id := put(t, s, client(1)).ID
	together(func(int) {
		for done := 0; done < each; {
			c, err := s.Client(t.Context(), id)
			if err != nil {
				t.Errorf("Client: %v", err)
				return
			}
			c.Generation++
			_, err = s.PutClient(t.Context(), c, change(authz.EventTokensRevoked))
			switch {
			case err == nil:
				done++
			case !errors.Is(err, authz.ErrConflict):
				t.Errorf("PutClient: %v", err)
				return
			}
		}
	})
	c := get(t, s, id)
	if want := uint64(writers*each + 1); c.Generation != want || c.Version != want {
		t.Errorf("generation %d, version %d after %d updates", c.Generation, c.Version, want-1)
	}
	for i, e := range allEvents(t, s) {
		if e.Generation != uint64(i+1) {
			t.Fatalf("event %d has generation %d", e.Seq, e.Generation)
		}
	}
}

func oneCreationWins(t *testing.T, s authz.Store) {
	var won atomic.Int32
	together(func(w int) {
		c := client(1)
		c.Name = fmt.Sprint("writer ", w)
		_, err := s.PutClient(t.Context(), c, change(authz.EventClientCreated))
		switch {
		case err == nil:
			won.Add(1)
		case !errors.Is(err, authz.ErrConflict):
			t.Errorf("PutClient: %v", err)
		}
	})
	if won.Load() != 1 || len(allEvents(t, s)) != 1 {
		t.Errorf("%d creations won", won.Load())
	}
}

func oneRevocationIsEvent(t *testing.T, s authz.Store) {
	tok := token(clientID(1), 1)
	together(func(int) {
		if err := s.RevokeToken(t.Context(), tok, change(authz.EventTokenRevoked)); err != nil {
			t.Errorf("RevokeToken: %v", err)
		}
	})
	if n := len(allEvents(t, s)); n != 1 {
		t.Errorf("%d events, want 1", n)
	}
}

func readSeesRevocation(t *testing.T, s authz.Store) {
	together(func(w int) {
		for n := range 10 {
			tok := token(clientID(w), n)
			if err := s.PutToken(t.Context(), tok); err != nil {
				t.Errorf("PutToken: %v", err)
				return
			}
			if got, err := s.Token(t.Context(), tok.Key); err != nil || got.Revoked {
				t.Errorf("Token after PutToken = %v, %v", got, err)
				return
			}
			if err := s.RevokeToken(t.Context(), tok, change(authz.EventTokenRevoked)); err != nil {
				t.Errorf("RevokeToken: %v", err)
				return
			}
			if got, err := s.Token(t.Context(), tok.Key); err != nil || !got.Revoked {
				t.Errorf("Token after RevokeToken = %v, %v", got, err)
				return
			}
		}
	})
}

func contiguousUnderWriters(t *testing.T, s authz.Store) {
	const each = 20
	var wg sync.WaitGroup
	stop := make(chan struct{})
	wg.Go(func() { follow(t, s, stop) })
	together(func(w int) {
		for n := range each {
			var err error
			switch n % 4 {
			case 0:
				_, err = s.PutClient(t.Context(), client(w*each+n), change(authz.EventClientCreated))
			case 1:
				err = s.RevokeToken(t.Context(), token(clientID(w), n), change(authz.EventTokenRevoked))
			default:
				err = s.PutToken(t.Context(), token(clientID(w), n))
			}
			if err != nil {
				t.Errorf("write: %v", err)
			}
		}
	})
	close(stop)
	wg.Wait()
	if n := len(allEvents(t, s)); n != writers*each/2 {
		t.Errorf("%d events, want %d", n, writers*each/2)
	}
}

// follow reads the control log while it grows, as a replica does: whatever is
// seen is contiguous, and its change is already there.
func follow(t *testing.T, s authz.Store, stop <-chan struct{}) {
	for after := authz.Seq(0); ; {
		events, err := s.Events(t.Context(), after, 50)
		if err != nil {
			t.Errorf("Events: %v", err)
			return
		}
		for _, e := range events {
			if after++; e.Seq != after {
				t.Errorf("event %d stands at position %d", e.Seq, after)
				return
			}
			if e.Change.Kind == authz.EventClientCreated {
				if _, err := s.Client(t.Context(), e.ClientID); err != nil {
					t.Errorf("the client of event %d: %v", e.Seq, err)
				}
			}
		}
		if len(events) > 0 {
			continue
		}
		select {
		case <-stop:
			return
		default:
		}
	}
}

func closeWaits(t *testing.T, s authz.Store) {
	var stored atomic.Int32
	first := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := 0; ; n++ {
				err := s.PutToken(t.Context(), token(clientID(w), n))
				if err != nil {
					wantErr(t, "PutToken", err, authz.ErrClosed)
					return
				}
				if stored.Add(1) == writers {
					once.Do(func() { close(first) })
				}
			}
		})
	}
	<-first
	if err := s.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	wg.Wait()
}
