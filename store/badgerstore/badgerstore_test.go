package badgerstore_test

import (
	"testing"

	"scopegate/authz"
	"scopegate/store/storetest"
)

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
