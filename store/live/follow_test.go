package live_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/store/live"
	"scopegate/store/memstore"
)

func TestClientsAreServedFromMemoryAsCopies(t *testing.T) {
	engine, c := furnished(t, 0)
	h := open(t, engine, 0)
	engine.Fail(authz.ErrUnavailable, nil)
	defer engine.Fail(nil, nil)
	got, err := h.store.Client(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	got.Secrets[0].ID, got.AllowedGrants[0] = "spoiled", "spoiled"
	again, err := h.store.Client(t.Context(), c.ID)
	if err != nil || again.Secrets[0].ID != "s1" || again.AllowedGrants[0] != authz.GrantClientCredentials {
		t.Errorf("the caller reached into the view: %+v (%v)", again, err)
	}
	if _, err := h.store.Client(t.Context(), clientID(99)); !errors.Is(err, authz.ErrNotFound) {
		t.Errorf("unknown client: %v, want ErrNotFound", err)
	}
}

func TestMoreClientsThanAPageAreLoaded(t *testing.T) {
	engine := memstore.New()
	const n = 2500
	for i := range n {
		c := newClient(i)
		if i%5 == 0 {
			c.Status = authz.StatusDisabled
		}
		if _, err := engine.PutClient(t.Context(), c, change(authz.EventClientCreated)); err != nil {
			t.Fatal(err)
		}
	}
	h := open(t, engine, 0)
	want := map[authz.Status]int{authz.StatusActive: n - n/5, authz.StatusDisabled: n / 5, authz.StatusRevoked: 0}
	if diff := cmp.Diff(want, h.store.Stats().ClientsByStatus); diff != "" {
		t.Errorf("clients by status (-want +got):\n%s", diff)
	}
	for i := range n {
		if _, err := h.store.Client(t.Context(), clientID(i)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestLastUsesAreInTheViewAndNeverGoBack(t *testing.T) {
	engine, c := furnished(t, 0)
	h := open(t, engine, 0)
	touch := func(at time.Time) {
		t.Helper()
		if err := h.store.TouchClients(t.Context(), []authz.Use{{Client: c.ID, Secret: "s1", At: at}, {Client: clientID(99), At: at}}); err != nil {
			t.Fatal(err)
		}
	}
	touch(noon.Add(time.Minute))
	touch(noon)
	c.Name = "renamed from a copy made before"
	h.putClient(c, authz.EventClientUpdated)
	got, err := h.store.Client(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	stored, err := engine.Client(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	if want := noon.Add(time.Minute); !got.LastUsedAt.Equal(want) || !got.Secrets[0].LastUsedAt.Equal(want) {
		t.Errorf("last used at %s, secret at %s, want %s", got.LastUsedAt, got.Secrets[0].LastUsedAt, want)
	}
	if diff := cmp.Diff(stored, got, cmp.Comparer((*authz.ScopeSet).Equal)); diff != "" {
		t.Errorf("view and engine differ (-engine +view):\n%s", diff)
	}
}

func TestAClientMadeLaterGetsItsTokens(t *testing.T) {
	h := warm(t, 0)
	early := newToken(newClient(2), 1)
	h.put(early)
	h.expect(early, authz.ReasonUnknownToken)
	h.create(2)
	h.expect(early, authz.ReasonAllowed)
}

// The engine took the write, its log cannot be read: the write is in force,
// and what else the log holds follows as soon as it can be read.
func TestALogThatCannotBeReadIsReadLater(t *testing.T) {
	engine, c := furnished(t, 2)
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		broken.Store(true)
		g := &gates{Store: engine, events: func(read func() ([]authz.Event, error)) ([]authz.Event, error) {
			if broken.Load() {
				return nil, errors.New("log is unreadable")
			}
			return read()
		}}
		store, err := live.Open(t.Context(), g, live.Options{Now: func() time.Time { return noon }})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		synctest.Wait() // warm
		a := &authz.Authorizer{Tokens: store, Now: func() time.Time { return noon }}
		reason := func(i int) authz.Reason {
			_, r, _ := a.Identify(t.Context(), newToken(c, i).Key, "")
			return r
		}
		if err := engine.RevokeToken(t.Context(), newToken(c, 1), change(authz.EventTokenRevoked)); err != nil {
			t.Fatal(err) // behind the view, as a write whose outcome got lost
		}
		if err := store.RevokeToken(t.Context(), newToken(c, 0), change(authz.EventTokenRevoked)); err != nil {
			t.Fatal(err)
		}
		if got := reason(0); got != authz.ReasonRevokedToken {
			t.Errorf("the acknowledged revocation is not in force: %s", got)
		}
		broken.Store(false)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if got := reason(1); got != authz.ReasonRevokedToken {
			t.Errorf("the log was not read again: %s", got)
		}
	})
}

// The caller of a revocation went away, and the engine did it after that.
func TestAWriteThatIsDoneAfterItsCallerHasGoneIsFollowed(t *testing.T) {
	engine, c := furnished(t, 1)
	synctest.Test(t, func(t *testing.T) {
		store, err := live.Open(t.Context(), engine, live.Options{Now: func() time.Time { return noon }})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		synctest.Wait() // warm
		if err := engine.RevokeToken(t.Context(), newToken(c, 0), change(authz.EventTokenRevoked)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		a := &authz.Authorizer{Tokens: store, Now: func() time.Time { return noon }}
		if _, got, err := a.Identify(t.Context(), newToken(c, 0).Key, ""); got != authz.ReasonRevokedToken {
			t.Errorf("the token is %s (%v), want revoked", got, err)
		}
	})
}

// A log with a hole says that the view may be wrong: it must not be asked.
func TestAHoleInTheLogEndsAllAnswers(t *testing.T) {
	engine, c := furnished(t, 1)
	g := &gates{Store: engine, events: func(read func() ([]authz.Event, error)) ([]authz.Event, error) {
		events, err := read()
		for i := range events {
			events[i].Seq++
		}
		return events, err
	}}
	h := open(t, g, 0)
	h.untilWarm()
	h.expect(newToken(c, 0), authz.ReasonAllowed)
	c.Name = "renamed"
	h.putClient(c, authz.EventClientUpdated)
	h.expect(newToken(c, 0), authz.ReasonStoreUnavailable)
	if _, err := h.store.Client(t.Context(), c.ID); !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("client: %v, want ErrUnavailable", err)
	}
	if err := h.store.Check(t.Context()); !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("check: %v, want ErrUnavailable", err)
	}
}

func TestAFailedWarmUpIsTriedAgain(t *testing.T) {
	engine, c := furnished(t, 3)
	synctest.Test(t, func(t *testing.T) {
		g := &failingScan{Store: engine, fails: 2}
		store, err := live.Open(t.Context(), g, live.Options{Now: func() time.Time { return noon }})
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		synctest.Wait()
		if st := store.Stats(); st.Warm || st.Complete {
			t.Errorf("warm after a failed scan: %+v", st)
		}
		if _, err := store.LookupToken(t.Context(), newToken(c, 0).Key); err != nil {
			t.Errorf("a cold view does not find a token: %v", err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if st := store.Stats(); !st.Warm || st.Live != 3 || st.Warmed != 3 {
			t.Errorf("not warm after the scan works again: %+v", st)
		}
	})
}

// failingScan fails its first scans in the middle.
type failingScan struct {
	authz.Store
	fails int
}

func (f *failingScan) EachToken(ctx context.Context, now time.Time, each func(authz.AccessToken) bool) error {
	if f.fails == 0 {
		return f.Store.EachToken(ctx, now, each)
	}
	f.fails--
	n := 0
	err := f.Store.EachToken(ctx, now, func(t authz.AccessToken) bool { n++; return each(t) && n < 2 })
	return errors.Join(err, errors.New("read error"))
}

func TestOpenRefusesWhatItCannotRead(t *testing.T) {
	engine := memstore.New()
	engine.Fail(authz.ErrUnavailable, nil)
	now := func() time.Time { return noon }
	if _, err := live.Open(t.Context(), engine, live.Options{Now: now}); !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("open: %v, want ErrUnavailable", err)
	}
	if _, err := live.Open(t.Context(), memstore.New(), live.Options{}); err == nil {
		t.Error("opened without a clock")
	}
	if _, err := live.Open(t.Context(), memstore.New(), live.Options{Now: now, TokenMemory: -1}); err == nil {
		t.Error("opened with a negative budget")
	}
}

func TestAfterCloseNothingIsAnswered(t *testing.T) {
	engine, c := furnished(t, 20_000)
	store, err := live.Open(t.Context(), engine, live.Options{Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // maybe in the middle of the warm-up
		if err := store.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := store.LookupToken(t.Context(), newToken(c, 0).Key); !errors.Is(err, authz.ErrClosed) {
		t.Errorf("lookup: %v, want ErrClosed", err)
	}
	if _, err := store.Client(t.Context(), c.ID); !errors.Is(err, authz.ErrClosed) {
		t.Errorf("client: %v, want ErrClosed", err)
	}
	if err := store.PutToken(t.Context(), newToken(c, 1)); !errors.Is(err, authz.ErrClosed) {
		t.Errorf("put token: %v, want ErrClosed", err)
	}
	if err := store.Check(t.Context()); !errors.Is(err, authz.ErrClosed) {
		t.Errorf("check: %v, want ErrClosed", err)
	}
}
