package yield_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"scopegate/gateway/yield"
)

// room is how many pass after a yield that took so long.
func room(took time.Duration) int {
	return max(yield.PerYield, int(took/(100*time.Microsecond))) * min(runtime.GOMAXPROCS(0), runtime.NumCPU())
}

// crossing is a turnstile whose yields end when the test says so, with those
// who came to it and those who passed, by number in the order in which they
// came. It lives in a synctest bubble, where everybody has gone as far as they
// can when a step returns.
type crossing struct {
	t      *testing.T
	turn   yield.Turnstile
	end    chan struct{}  // one yield ends
	yields chan time.Time // holds when the yield under way began
	came   int
	passed chan int
	gone   int // how many of them passed
}

func newCrossing(t *testing.T) *crossing {
	c := &crossing{t: t, end: make(chan struct{}), yields: make(chan time.Time, 1), passed: make(chan int, 1000)}
	c.turn.Now = time.Now
	c.turn.Yield = func() {
		select {
		case c.yields <- time.Now():
		default:
			t.Error("two yield at once")
		}
		<-c.end
	}
	return c
}

// come lets so many come, one after the other.
func (c *crossing) come(n int) {
	for range n {
		number := c.came
		c.came++
		go func() {
			c.turn.Pass()
			c.passed <- number
		}()
		c.settle()
	}
}

// endYield ends the yield of whoever yields, some time later. It returns how
// many pass then, of how many who may.
func (c *crossing) endYield(later time.Duration) (passed, may int) {
	time.Sleep(later) // of the bubble
	before := c.gone
	may = room(time.Since(<-c.yields))
	c.end <- struct{}{}
	c.settle()
	return c.gone - before, may
}

// settle waits until nobody can go on, and holds the turnstile to what it
// promises at any such moment.
func (c *crossing) settle() {
	c.t.Helper()
	synctest.Wait()
	var passed []int
	for len(c.passed) > 0 {
		passed = append(passed, <-c.passed)
	}
	slices.Sort(passed) // those who are called together run in any order
	for _, number := range passed {
		if number != c.gone {
			c.t.Fatalf("%d passed and %d, who came before, waits", number, c.gone)
		}
		c.gone++
	}
	if c.waiting() > 0 && len(c.yields) == 0 {
		c.t.Fatalf("%d wait and nobody will call them", c.waiting())
	}
}

func (c *crossing) waiting() int { return c.came - c.gone }

// TestNobodyIsLostAndFewPassBetweenTwoYields plays at random what can happen,
// with crowds smaller and larger than what passes at once.
func TestNobodyIsLostAndFewPassBetweenTwoYields(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(2)) // large crowds say no more
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			c, dice := newCrossing(t), rand.New(rand.NewPCG(seed, 0))
			since, may := 0, 0 // who passed since a yield ended, and may
			for range 300 {
				before := c.gone
				if len(c.yields) > 0 && dice.IntN(3) == 0 {
					waited := c.waiting()
					since, may = c.endYield(time.Duration(dice.IntN(1000)) * time.Microsecond)
					if since != min(waited, may) {
						t.Errorf("%d passed of %d who waited, want %d", since, waited, min(waited, may))
					}
					continue
				}
				c.come(1 + dice.IntN(10))
				if since += c.gone - before; since > may {
					t.Errorf("%d passed since a yield, want %d at most", since, may)
				}
			}
			for len(c.yields) > 0 {
				c.endYield(0)
			}
			if c.waiting() > 0 {
				t.Errorf("%d of %d still wait", c.waiting(), c.came)
			}
		})
	}
}

// TestASleepOfTheMachineCountsForAMomentOnly: behind a yield that took an hour
// not everybody passes.
func TestASleepOfTheMachineCountsForAMomentOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		yields := 0
		turn := yield.Turnstile{Now: time.Now, Yield: func() { yields++; time.Sleep(time.Hour) }}
		for range room(100*time.Millisecond) + 1 {
			turn.Pass()
		}
		if yields != 2 {
			t.Errorf("somebody yielded %d times, want 2", yields)
		}
	})
}
