package limit_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"scopegate/gateway/limit"
)

func TestGateLetsInUpToItsBoundAndAgainAfterLeave(t *testing.T) {
	g := limit.NewGate(2)
	if !g.Enter() || !g.Enter() || g.Enter() {
		t.Fatal("a gate for 2 did not let in exactly 2")
	}
	g.Leave()
	if !g.Enter() || g.Enter() {
		t.Error("after one left, not exactly one more got in")
	}
	if n := g.Running(); n != 2 {
		t.Errorf("%d are running, want 2", n)
	}
	if limit.NewGate(0).Enter() || limit.NewKeyedGate[int](0).Enter(1) {
		t.Error("a gate for none let one in")
	}
}

func TestKeyedGateCountsEachKeyForItself(t *testing.T) {
	g := limit.NewKeyedGate[string](2)
	if !g.Enter("a") || !g.Enter("a") || g.Enter("a") {
		t.Fatal("a gate for 2 of a key did not let in exactly 2")
	}
	if !g.Enter("b") {
		t.Error("b pays for a")
	}
	g.Leave("a")
	if !g.Enter("a") {
		t.Error("after one of a left, none more got in")
	}
}

func TestLeaveWithoutEnterPanics(t *testing.T) {
	for name, leave := range map[string]func(){
		"Gate":      limit.NewGate(1).Leave,
		"KeyedGate": func() { limit.NewKeyedGate[int](1).Leave(1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s lost count in silence", name)
				}
			}()
			leave()
		}()
	}
}

func TestGatesHoldTheirBoundAmongGoroutines(t *testing.T) {
	gate, keyed := limit.NewGate(3), limit.NewKeyedGate[int](2)
	var within atomic.Int64
	var withinKey [2]atomic.Int64
	var wg sync.WaitGroup
	for i := range 8 {
		key := i % 2
		wg.Go(func() {
			for range 5000 {
				if gate.Enter() {
					if n := within.Add(1); n > 3 {
						t.Errorf("%d are within a gate for 3", n)
					}
					within.Add(-1)
					gate.Leave()
				}
				if keyed.Enter(key) {
					if n := withinKey[key].Add(1); n > 2 {
						t.Errorf("%d of one key are within a gate for 2", n)
					}
					withinKey[key].Add(-1)
					keyed.Leave(key)
				}
			}
		})
	}
	wg.Wait()
	if n := gate.Running(); n != 0 {
		t.Errorf("%d are running after all left", n)
	}
}
