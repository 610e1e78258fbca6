package yield_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"testing/synctest"

	"scopegate/gateway/yield"
)

// perYield is how many pass between two yields on this machine.
func perYield() int { return yield.PerYield * min(runtime.GOMAXPROCS(0), runtime.NumCPU()) }

// crossing is a turnstile whose yields end when the test says so, with those
// who came to it and those who passed, by number in the order in which they
// came. It lives in a synctest bubble, where everybody has gone as far as they
// can when a step returns.
type crossing struct {
	t      *testing.T
	turn   yield.Turnstile
	end    chan struct{} // one yield ends
	yields chan struct{} // holds one for each who yields
	came   int
	passed chan int
	order  []int
}

func newCrossing(t *testing.T) *crossing {
	c := &crossing{t: t, end: make(chan struct{}), yields: make(chan struct{}, 1), passed: make(chan int, 1000)}
	c.turn.Yield = func() {
		select {
		case c.yields <- struct{}{}:
		default:
			t.Error("two yield at once")
		}
		<-c.end
		<-c.yields
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

// endYield ends the yield of whoever yields. It returns how many passed then.
func (c *crossing) endYield() int {
	before := len(c.order)
	c.end <- struct{}{}
	c.settle()
	return len(c.order) - before
}

// settle waits until nobody can go on, and holds the turnstile to what it
// promises at any such moment.
func (c *crossing) settle() {
	c.t.Helper()
	synctest.Wait()
	for len(c.passed) > 0 {
		c.order = append(c.order, <-c.passed)
	}
	slices.Sort(c.order) // those of one call run in any order
	if n := len(c.order); n > 0 && c.order[n-1] != n-1 {
		c.t.Errorf("%d passed before others who came first: %v", c.order[n-1], c.order)
	}
	if c.waiting() > 0 && len(c.yields) == 0 {
		c.t.Fatalf("%d wait and nobody will call them", c.waiting())
	}
}

func (c *crossing) waiting() int { return c.came - len(c.order) }

// TestNobodyIsLostAndFewPassBetweenTwoYields plays at random what can happen,
// with crowds smaller and larger than what passes at once.
func TestNobodyIsLostAndFewPassBetweenTwoYields(t *testing.T) {
	for seed := range uint64(20) {
		synctest.Test(t, func(t *testing.T) {
			c, dice, few := newCrossing(t), rand.New(rand.NewPCG(seed, 0)), perYield()
			since := 0 // a yield ended, who passed
			for range 300 {
				before := len(c.order)
				if len(c.yields) > 0 && dice.IntN(3) == 0 {
					waited := c.waiting()
					if since = c.endYield(); since != min(waited, few) {
						t.Errorf("%d passed of %d who waited, want %d", since, waited, min(waited, few))
					}
					continue
				}
				c.come(1 + dice.IntN(few))
				if since += len(c.order) - before; since > few {
					t.Errorf("%d passed since a yield, want %d at most", since, few)
				}
			}
			for len(c.yields) > 0 {
				c.endYield()
			}
			if c.waiting() > 0 {
				t.Errorf("%d of %d still wait", c.waiting(), c.came)
			}
		})
	}
}
