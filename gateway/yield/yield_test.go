package yield_test

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/gateway/yield"
)

// open returns a turnstile whose yields ask the poller, until the test ends.
func open(t testing.TB) (*yield.Turnstile, *yield.Poller) {
	t.Helper()
	p, err := yield.NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return &yield.Turnstile{Yield: p.Yield}, p
}

// TestACrowdGivesWay: on one processor, which a crowd keeps busy, whoever
// waits for the poller runs after a few of the crowd, not after a round of it.
// Now and then the machine stops the test between its count and its write, and
// the crowd goes on; so one time in ten is let off.
func TestACrowdGivesWay(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	turn, _ := open(t)
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
	const times = 200
	var late []int64
	for range times {
		before := passed.Load()
		if _, err := w.Write([]byte{1}); err != nil {
			t.Fatal(err)
		}
		if n := <-arrived - before; n > 4*yield.PerYield {
			late = append(late, n)
		}
	}
	if len(late) > times/10 {
		t.Errorf("%d times of %d more passed before it than %d: %d", len(late), times, 4*yield.PerYield, late)
	}
	_ = w.Close()
	<-arrived
}

// TestRequestsThatNeverEndStarveNoCrowd: on one processor, which others could
// keep for themselves, more of a crowd pass the longer a yield takes.
func TestRequestsThatNeverEndStarveNoCrowd(t *testing.T) {
	const requests, work, enough = 200, 50 * time.Microsecond, 30
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	turn, _ := open(t)
	turn.Now = time.Now
	var running sync.WaitGroup
	var stop atomic.Bool
	var rounds, passed atomic.Int64
	for i := range requests {
		running.Go(func() {
			for !stop.Load() {
				for began := time.Now(); time.Since(began) < work; {
				}
				if i == 0 && rounds.Add(1) == enough {
					stop.Store(true)
				}
				runtime.Gosched()
			}
		})
	}
	for range 64 {
		running.Go(func() {
			for !stop.Load() {
				turn.Pass()
				passed.Add(1)
			}
		})
	}
	running.Wait()
	if n := passed.Load() / enough; n < 2*yield.PerYield {
		t.Errorf("%d pass in a round of %v", n, requests*work)
	}
}

// TestClosingLetsACrowdPass: whoever waits then is not left waiting.
func TestClosingLetsACrowdPass(t *testing.T) {
	turn, poller := open(t)
	var crowd sync.WaitGroup
	var stop atomic.Bool
	var passed atomic.Int64
	for range 64 {
		crowd.Go(func() {
			for !stop.Load() {
				turn.Pass()
				passed.Add(1)
			}
		})
	}
	more := func() {
		for before := passed.Load(); passed.Load() < before+1000; {
			runtime.Gosched()
		}
	}
	more()
	if err := poller.Close(); err != nil {
		t.Error(err)
	}
	more()
	stop.Store(true)
	crowd.Wait()
}

// TestEverybodyPasses holds a crowd to its number, with more processors than one.
func TestEverybodyPasses(t *testing.T) {
	turn, _ := open(t)
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

// TestATurnstileIsPassedThoughItsYieldsFail, as they do once the poller is
// closed.
func TestATurnstileIsPassedThoughItsYieldsFail(t *testing.T) {
	turn, poller := open(t)
	if err := poller.Close(); err != nil {
		t.Fatal(err)
	}
	for range 10 * yield.PerYield * runtime.GOMAXPROCS(0) {
		turn.Pass()
	}
}

func BenchmarkPass(b *testing.B) {
	turn, _ := open(b)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			turn.Pass()
		}
	})
}
