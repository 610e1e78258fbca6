package badgerstore_test

import (
	"testing"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// options are those of a small store that plays at the suite's time.
func options(dir string) badgerstore.Options {
	return badgerstore.Options{Dir: dir, Memory: badgerstore.MinMemory, DiskReserve: -1, Now: storetest.Now}.Untended()
}

func openWith(t testing.TB, opt badgerstore.Options) *badgerstore.Store {
	t.Helper()
	s, err := badgerstore.Open(t.Context(), opt)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if n := s.LostWrites(); n != 0 {
		t.Errorf("%d groups of writes are said to be lost", n)
	}
	return s
}

func open(t testing.TB) authz.Store { return openWith(t, options(t.TempDir())) }

func TestConformance(t *testing.T) { storetest.Run(t, open) }

func TestConformanceUnderConcurrency(t *testing.T) { storetest.RunConcurrent(t, open) }

func TestConformanceOfDurability(t *testing.T) {
	storetest.RunDurable(t, func(t testing.TB, dir string) authz.Store { return openWith(t, options(dir)) })
}

func BenchmarkStore(b *testing.B) {
	storetest.RunBenchmarks(b, func(b testing.TB) authz.Store {
		opt := options(b.TempDir())
		opt.Memory = 0
		return openWith(b, opt)
	})
}
