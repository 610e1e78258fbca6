package yield_test

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"scopegate/gateway/yield"
)

func open(t testing.TB) *yield.Turnstile {
	t.Helper()
	p, err := yield.NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return &yield.Turnstile{Poller: p}
}

// TestACrowdGivesWay: on one processor, which a crowd keeps busy, whoever
// waits for the poller runs after a few of the crowd, not after a round of it.
func TestACrowdGivesWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	turn := open(t)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var passed atomic.Int64
	var crowd sync.WaitGroup
	var stop atomic.Bool
	defer func() { stop.Store(true); crowd.Wait() }()
	for range 64 {
		crowd.Go(func() {
			for !stop.Load() {
				turn.Pass()
				passed.Add(1)
			}
		})
	}
	arrived := make(chan int64)
	go func() {
		defer close(arrived)
		for b := make([]byte, 1); ; {
			if _, err := r.Read(b); err != nil {
				return
			}
			arrived <- passed.Load()
		}
	}()
	for range 200 {
		before := passed.Load()
		if _, err := w.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		if n := <-arrived - before; n > 4*yield.PerYield {
			t.Errorf("%d passed before it", n)
		}
	}
	_ = w.Close()
	<-arrived
}

// TestEverybodyPasses holds a crowd to its number, with more processors than one.
func TestEverybodyPasses(t *testing.T) {
	turn := open(t)
	var crowd sync.WaitGroup
	for range 50 {
		crowd.Go(func() {
			for range 200 {
				turn.Pass()
			}
		})
	}
	crowd.Wait()
}

func TestAClosedTurnstileIsPassed(t *testing.T) {
	turn := open(t)
	if err := turn.Poller.Close(); err != nil {
		t.Fatal(err)
	}
	for range 10 * yield.PerYield * runtime.GOMAXPROCS(0) {
		turn.Pass()
	}
}

func BenchmarkPass(b *testing.B) {
	turn := open(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			turn.Pass()
		}
	})
}
