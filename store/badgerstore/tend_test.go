package badgerstore_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

func tend(t testing.TB, s *badgerstore.Store, now time.Time) {
	t.Helper()
	if err := s.Tend(t.Context(), now); err != nil {
		t.Fatalf("Tend: %v", err)
	}
}

func TestExpiredHoursGoAndGiveTheirDiskBack(t *testing.T) {
	dir := t.TempDir()
	opt := options(dir)
	var swept []authz.Hour
	opt.OnSweep = func(s badgerstore.Sweep) { swept = append(swept, s.Hours...) }
	s := openWith(t, opt)
	empty := s.DiskBytes()
	gone, kept := storetest.Now().Add(time.Hour), storetest.Now().Add(3*time.Hour)
	issueMany(t, s, 60_000, gone)
	dead, living := sample(1, gone), sample(1, kept)
	issue(t, s, living)
	revoke(t, s, dead)
	revoke(t, s, living)

	tend(t, s, gone.Add(30*time.Minute)) // the hour has not ended for sweepGrace
	if _, err := s.Token(t.Context(), dead.Key); err != nil {
		t.Errorf("a token of an hour that runs is gone: %v", err)
	}
	tend(t, s, gone.Add(40*time.Minute))
	if _, err := s.Token(t.Context(), dead.Key); !errors.Is(err, authz.ErrNotFound) {
		t.Errorf("a swept token: %v, want ErrNotFound", err)
	}
	if got, err := s.Token(t.Context(), living.Key); err != nil || !got.Revoked {
		t.Errorf("a revoked token of a later hour = %+v, %v", got, err)
	}
	if !slices.Equal(swept, []authz.Hour{dead.Key.Hour}) {
		t.Errorf("swept %v, want %v", swept, dead.Key.Hour)
	}
	r, err := s.CheckAll(t.Context())
	if err != nil || r.Tokens != 1 || r.Revocations != 1 || r.Events != 2 {
		t.Errorf("CheckAll = %+v, %v", r, err)
	}
	if grown := s.DiskBytes() - empty; grown > 4<<20 {
		t.Errorf("%d bytes more than an empty store takes, at most 4 MiB wanted", grown)
	}
	closed(t, s)
	s = openWith(t, opt)
	if _, err := s.Token(t.Context(), dead.Key); !errors.Is(err, authz.ErrNotFound) {
		t.Errorf("a swept token after a reopening: %v, want ErrNotFound", err)
	}
}

// Nobody has to ask: the store is tended once a second.
func TestStoreTendsItself(t *testing.T) {
	swept := make(chan badgerstore.Sweep, 1)
	var asked atomic.Int64
	now := func() time.Time { return storetest.Now().Add(time.Duration(asked.Add(1)) * time.Minute) }
	s := openWith(t, badgerstore.Options{
		Dir: t.TempDir(), Memory: badgerstore.MinMemory, DiskReserve: -1, Now: now,
		OnSweep: func(s badgerstore.Sweep) { swept <- s },
	})
	issue(t, s, sample(1, storetest.Now().Add(-3*time.Hour)))
	select {
	case got := <-swept:
		if got.Err != nil || len(got.Hours) != 1 {
			t.Errorf("sweep = %+v", got)
		}
	case <-time.After(30 * time.Second):
		t.Error("nothing was swept")
	}
}

func TestWritesGoOnWhileHoursAreSwept(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	issueMany(t, s, 5_000, storetest.Now().Add(-2*time.Hour))
	var wg sync.WaitGroup
	wg.Go(func() { issueMany(t, s, 5_000, storetest.Now().Add(time.Hour)) })
	for range 3 {
		tend(t, s, storetest.Now())
	}
	wg.Wait()
	if r, err := s.CheckAll(t.Context()); err != nil || r.Tokens != 5_000 {
		t.Errorf("CheckAll = %+v, %v; want 5000 tokens", r, err)
	}
}

// Deleted keys of Badger came back after compaction and value-log collection
// (badger issues 2143 and 2286), expired ones after a restart (2138).
func TestRevokedStaysRevokedThroughCompactionAndReopening(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, options(dir))
	c := register(t, s)
	tok := sample(1, storetest.Now().Add(time.Hour))
	issue(t, s, tok)
	c.Generation, c.Status, c.Secrets = 2, authz.StatusRevoked, nil
	if _, err := s.PutClient(t.Context(), c, authz.Change{Kind: authz.EventClientRevoked, At: storetest.Now()}); err != nil {
		t.Fatalf("PutClient: %v", err)
	}
	revoke(t, s, tok)
	for range 3 {
		if err := s.Compact(t.Context()); err != nil {
			t.Fatalf("Compact: %v", err)
		}
		closed(t, s)
		s = openWith(t, options(dir))
		if got, err := s.Token(t.Context(), tok.Key); err != nil || !got.Revoked {
			t.Fatalf("Token = %+v, %v; want it revoked", got, err)
		}
		got, err := s.Client(t.Context(), worker)
		if err != nil || got.Generation != 2 || got.Status != authz.StatusRevoked || len(got.Secrets) != 0 {
			t.Fatalf("Client = %+v, %v; want it revoked", got, err)
		}
		issue(t, s, tok) // something to compact with the older one
	}
}

func TestOldEventsAreTrimmed(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, options(dir))
	const old, recent = 1100, 20
	for n := range old + recent {
		at := storetest.Now()
		if n < old {
			at = at.Add(-badgerstore.EventRetention - time.Hour)
		}
		tok := sample(byte(n), storetest.Now().Add(time.Hour))
		tok.Key.Hash[1] = byte(n >> 8)
		if err := s.RevokeToken(t.Context(), tok, authz.Change{Kind: authz.EventTokenRevoked, At: at}); err != nil {
			t.Fatalf("RevokeToken: %v", err)
		}
	}
	tend(t, s, storetest.Now())
	check := func() {
		t.Helper()
		events, err := s.Events(t.Context(), 0, 10_000)
		if err != nil || len(events) != recent || events[0].Seq != old+1 {
			t.Fatalf("%d events, %v; want %d", len(events), err, recent)
		}
		r, err := s.CheckAll(t.Context())
		if err != nil || r.Events != recent || r.Revocations != old+recent {
			t.Errorf("CheckAll = %+v, %v", r, err)
		}
	}
	check()
	closed(t, s)
	s = openWith(t, options(dir))
	check()
	tend(t, s, storetest.Now().Add(10*badgerstore.EventRetention))
	if events, err := s.Events(t.Context(), 0, 10); err != nil || len(events) != 1 || events[0].Seq != old+recent {
		t.Errorf("Events = %v, %v; the newest has to stay", events, err)
	}
}

func TestClockSeenOutlivesTheStore(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, options(dir))
	late := storetest.Now().Add(5 * time.Hour)
	tend(t, s, late)
	tend(t, s, storetest.Now()) // a clock that steps back
	if got := s.ClockSeen(); !got.Equal(late) {
		t.Errorf("ClockSeen = %s, want %s", got, late)
	}
	closed(t, s)
	if got := openWith(t, options(dir)).ClockSeen(); !got.Equal(late) {
		t.Errorf("ClockSeen = %s after a reopening, want %s", got, late)
	}
}

func TestRelaxedTokensSurviveAReopening(t *testing.T) {
	dir := t.TempDir()
	opt := options(dir)
	opt.TokenDurability = badgerstore.Relaxed
	s := openWith(t, opt)
	issueMany(t, s, 1_000, storetest.Now().Add(time.Hour))
	register(t, s)
	tend(t, s, storetest.Now())
	closed(t, s)
	if r, err := openWith(t, opt).CheckAll(t.Context()); err != nil || r.Tokens != 1_000 || r.Clients != 1 {
		t.Errorf("CheckAll = %+v, %v", r, err)
	}
}

// TestAFullLogOfRelaxedTokensIsSynced fills a write-ahead log: its last tokens
// have seen no sync when the next one begins, and Badger's own is of that one.
func TestAFullLogOfRelaxedTokensIsSynced(t *testing.T) {
	for name, durability := range map[string]badgerstore.Durability{"relaxed": badgerstore.Relaxed, "sync": badgerstore.Sync} {
		t.Run(name, func(t *testing.T) {
			synced := make(chan string, 100)
			opt := options(t.TempDir()).SyncingLogs(func(path string) { synced <- filepath.Base(path) })
			opt.TokenDurability = durability
			s := openWith(t, opt)
			logs := func() []string {
				found, _ := filepath.Glob(filepath.Join(s.Dir(), "*.mem"))
				return found
			}
			first := filepath.Base(logs()[0])
			for n := 0; len(logs()) == 1 && filepath.Base(logs()[0]) == first && n < 100; n++ {
				issueMany(t, s, 5_000, storetest.Now().Add(time.Duration(n)*time.Second))
			}
			issueMany(t, s, 1, storetest.Now().Add(time.Hour)) // what follows a new log looks for it
			close(synced)
			var got []string
			for path := range synced {
				got = append(got, path)
			}
			if relaxed := durability == badgerstore.Relaxed; relaxed != slices.Contains(got, first) {
				t.Errorf("synced: %q; the first log is %s", got, first)
			}
		})
	}
}

// A client that asks for ever new combinations of scopes fills a table of
// bounded size; what comes later travels in the tokens.
func TestManyScopeSetsCostNoMemory(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	const n = 9_000
	var wg sync.WaitGroup
	set := func(i int) *authz.ScopeSet { return authz.NewScopeSet(authz.Scope(fmt.Sprint("s", i))) }
	key := func(i int) authz.AccessToken {
		tok := sample(byte(i), storetest.Now().Add(time.Hour))
		tok.Key.Hash[1], tok.Scopes = byte(i>>8), set(i)
		return tok
	}
	for w := range 64 {
		wg.Go(func() {
			for i := w; i < n; i += 64 {
				if err := s.PutToken(t.Context(), key(i)); err != nil {
					t.Errorf("PutToken: %v", err)
				}
			}
		})
	}
	wg.Wait()
	if r, err := s.CheckAll(t.Context()); err != nil || r.Tokens != n || r.Sets != 8192 {
		t.Errorf("CheckAll = %+v, %v; want %d tokens and 8192 sets", r, err, n)
	}
	for i := range n {
		if got, err := s.Token(t.Context(), key(i).Key); err != nil || !got.Scopes.Equal(set(i)) {
			t.Fatalf("Token %d = %v, %v", i, got.Scopes, err)
		}
	}
}

// One record that cannot be read would keep the whole store from opening.
func TestWhatCouldNotBeReadAgainIsNotStored(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, options(dir))
	for _, bad := range []authz.Scope{"\u00b5", "a b ", authz.Scope(strings.Repeat("\u00b5", 900))} {
		tok := sample(1, storetest.Now().Add(time.Hour))
		tok.Scopes = authz.NewScopeSet(bad)
		if err := s.PutToken(t.Context(), tok); err == nil {
			t.Errorf("a token with the scope %.20q was stored", bad)
		}
		c := authz.Client{ID: worker, Name: "x", AllowedScopes: authz.NewScopeSet(bad)}
		if _, err := s.PutClient(t.Context(), c, authz.Change{Kind: authz.EventClientCreated}); err == nil {
			t.Errorf("a client with the scope %.20q was stored", bad)
		}
	}
	register(t, s)
	closed(t, s)
	if r, err := openWith(t, options(dir)).CheckAll(t.Context()); err != nil || r.Tokens != 0 || r.Clients != 1 || r.Sets != 0 {
		t.Errorf("CheckAll = %+v, %v", r, err)
	}
}
