package badgerstore_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// withRoom opens a store on a disk whose free bytes the test sets. The watch
// looks at the disk every 100 ms, so a change is awaited by check.
func withRoom(t testing.TB, free *atomic.Int64) *badgerstore.Store {
	opt := options(t.TempDir())
	opt.DiskReserve = 128 << 20
	opt.FreeBytes = func(string) (int64, error) { return free.Load(), nil }
	return openWith(t, opt)
}

// until polls until the store's state is the wanted one.
func until(t testing.TB, s *badgerstore.Store, want error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for !errors.Is(s.Check(ctx), want) {
		select {
		case <-poll.C:
		case <-ctx.Done():
			t.Fatalf("Check = %v, want %v", s.Check(t.Context()), want)
		}
	}
}

func TestScarceDiskRefusesWhatIsNewOnly(t *testing.T) {
	var free atomic.Int64
	free.Store(1 << 30)
	s := withRoom(t, &free)
	c := register(t, s)
	tok, other := sample(1, storetest.Now().Add(time.Hour)), sample(2, storetest.Now().Add(time.Hour))
	issue(t, s, tok)

	free.Store(100 << 20) // below the reserve, above the floor
	until(t, s, authz.ErrFull)
	if err := s.PutToken(t.Context(), other); !errors.Is(err, authz.ErrFull) {
		t.Errorf("PutToken = %v, want ErrFull", err)
	}
	second := c.Clone()
	second.ID, second.Version = "ffffffff-ffff-4fff-bfff-ffffffffffff", 0
	if _, err := s.PutClient(t.Context(), second, authz.Change{Kind: authz.EventClientCreated}); !errors.Is(err, authz.ErrFull) {
		t.Errorf("PutClient of a new one = %v, want ErrFull", err)
	}
	c.Status, c.Generation = authz.StatusDisabled, 2
	c, err := s.PutClient(t.Context(), c, authz.Change{Kind: authz.EventClientDisabled})
	if err != nil {
		t.Errorf("PutClient of a known one = %v", err)
	}
	revoke(t, s, tok)

	free.Store(1 << 20) // below the floor
	until(t, s, authz.ErrFull)
	tend(t, s, storetest.Now())
	if err := s.RevokeToken(t.Context(), other, authz.Change{Kind: authz.EventTokenRevoked}); !errors.Is(err, authz.ErrFull) {
		t.Errorf("RevokeToken = %v, want ErrFull", err)
	}
	if got, err := s.Token(t.Context(), tok.Key); err != nil || !got.Revoked {
		t.Errorf("Token = %+v, %v: reads have to go on", got, err)
	}

	free.Store(1 << 30)
	until(t, s, nil)
	issue(t, s, other)
	if seq, err := s.LastSeq(t.Context()); err != nil || seq != 3 {
		t.Errorf("LastSeq = %d, %v; want 3: refused changes are no events", seq, err)
	}
	if got, err := s.Client(t.Context(), worker); err != nil || got.Version != c.Version {
		t.Errorf("Client = %+v, %v", got, err)
	}
}

func TestUnknownFreeSpaceCountsAsNone(t *testing.T) {
	opt := options(t.TempDir())
	opt.FreeBytes = func(string) (int64, error) { return 0, errors.New("no answer") }
	if _, err := badgerstore.Open(t.Context(), opt); !errors.Is(err, authz.ErrFull) {
		t.Errorf("Open = %v, want ErrFull", err)
	}
}

// What fails is never acknowledged, to nobody of the group, and the store
// finds out what is on disk by itself.
func TestFailedWritesAreNotAcknowledgedAndTheStoreComesBack(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	register(t, s)
	before := sample(0, storetest.Now().Add(time.Hour))
	issue(t, s, before)
	if err := s.CloseEngine(t.Context()); err != nil {
		t.Fatalf("CloseEngine: %v", err)
	}
	var wg sync.WaitGroup
	for n := range 32 {
		wg.Go(func() {
			tok := sample(byte(n+1), storetest.Now().Add(time.Hour))
			if err := s.PutToken(t.Context(), tok); !errors.Is(err, authz.ErrUnavailable) {
				t.Errorf("PutToken = %v, want ErrUnavailable", err)
			}
			if err := s.RevokeToken(t.Context(), tok, authz.Change{Kind: authz.EventTokenRevoked}); !errors.Is(err, authz.ErrUnavailable) {
				t.Errorf("RevokeToken = %v, want ErrUnavailable", err)
			}
		})
	}
	wg.Wait()
	if err := s.Check(t.Context()); !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("Check = %v, want ErrUnavailable", err)
	}
	if _, err := s.Token(t.Context(), before.Key); !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("Token = %v, want ErrUnavailable and never ErrNotFound", err)
	}
	tend(t, s, storetest.Now())
	if err := s.Check(t.Context()); err != nil {
		t.Fatalf("Check = %v after the engine was opened again", err)
	}
	if _, err := s.Token(t.Context(), before.Key); err != nil {
		t.Errorf("Token = %v", err)
	}
	revoke(t, s, before)
	if r, err := s.CheckAll(t.Context()); err != nil || r.Events != 2 || r.Tokens != 1 {
		t.Errorf("CheckAll = %+v, %v", r, err)
	}
}

func TestBatchesAreReported(t *testing.T) {
	var tokens, changes atomic.Int64
	opt := options(t.TempDir())
	opt.OnBatch = func(b badgerstore.Batch) {
		tokens.Add(int64(b.Tokens))
		changes.Add(int64(b.Changes))
		if b.Took < 0 || b.Err != nil {
			t.Errorf("batch %+v", b)
		}
	}
	s := openWith(t, opt)
	register(t, s)
	issueMany(t, s, 500, storetest.Now().Add(time.Hour))
	closed(t, s)
	if tokens.Load() != 500 || changes.Load() != 1 {
		t.Errorf("%d tokens and %d changes were reported, want 500 and 1", tokens.Load(), changes.Load())
	}
}

// Below the reserve the engine is opened again, so as not to compact. Closing it
// makes a table, which would end the process if there is no room for it.
func TestTheEngineIsNotClosedOnAFullDisk(t *testing.T) {
	var free atomic.Int64
	free.Store(1 << 30)
	s := withRoom(t, &free)
	register(t, s)
	issueMany(t, s, 2_000, storetest.Now().Add(time.Hour))
	before := s.Lives()
	refused := func() {
		t.Helper()
		if err := s.PutToken(t.Context(), sample(1, storetest.Now().Add(time.Hour))); !errors.Is(err, authz.ErrFull) {
			t.Errorf("PutToken = %v, want ErrFull", err)
		}
	}
	free.Store(0) // at once, and to the last byte
	for range 3 {
		refused()
	}
	if s.Lives() != before {
		t.Error("the engine was closed on a full disk")
	}
	if _, err := s.Client(t.Context(), worker); err != nil {
		t.Errorf("Client: %v", err)
	}
	free.Store(100 << 20) // below the reserve, with room for a table, and it stays so
	for deadline := time.Now().Add(30 * time.Second); s.Lives() == before && time.Now().Before(deadline); {
		refused() // by a group that began before, perhaps
	}
	if s.Lives() != before+1 {
		t.Errorf("the engine was opened %d times, want once", s.Lives()-before)
	}
	free.Store(1 << 30)
	until(t, s, nil)
	issue(t, s, sample(1, storetest.Now().Add(time.Hour)))
}
