package yield

import (
	"runtime"
	"sync"
	"time"
)

// PerYield is how many pass a Turnstile, for each processor, before somebody
// yields. Each works for some 10 us then. After a yield that took long more
// pass, so that those who pass have a tenth of the time even where requests
// would fill all of it.
const PerYield = 4

const (
	// perPass is how long a yield lasts for each one who passes after it, on
	// each processor: ten times as long as one works.
	perPass = 100 * time.Microsecond
	// longest bounds what a yield counts for, as one in which the machine slept.
	longest = 100 * time.Millisecond
)

// Turnstile is passed by goroutines that are about to work for a moment. It
// keeps two rules: while somebody yields nobody passes, and while nobody does
// nobody waits. So there is always one who will call the others.
type Turnstile struct {
	// Yield returns after those have run that can run: Poller.Yield. Nobody
	// calls it while another does.
	Yield func()
	// Now tells how long that took; if nil, no yield counts as long.
	Now func() time.Time

	mu       sync.Mutex
	free     int       // how many may pass before somebody yields
	yielding bool      // somebody does, or is told to
	waiting  []waiter  // in the order in which they came, from first on
	first    int       // in waiting
	unused   sync.Pool // of waiter
}

// waiter takes what somebody is to do whose turn it is: pass, or yield first.
type waiter chan bool

// Pass returns when it is the caller's turn: behind those who came before, and
// behind the requests that came since somebody yielded.
func (t *Turnstile) Pass() {
	t.mu.Lock()
	switch {
	case t.yielding:
		w := t.newWaiter()
		t.waiting = append(t.waiting, w)
		t.mu.Unlock()
		yield := <-w
		t.unused.Put(w)
		if !yield {
			return
		}
	case t.free > 0:
		t.free--
		t.mu.Unlock()
		return
	default:
		t.yielding = true
		t.mu.Unlock()
	}
	t.admit(room(t.yield(), min(runtime.GOMAXPROCS(0), runtime.NumCPU())))
}

// yield returns how long it took.
func (t *Turnstile) yield() time.Duration {
	if t.Now == nil {
		t.Yield()
		return 0
	}
	began := t.Now()
	t.Yield()
	return t.Now().Sub(began)
}

// room returns how many may pass after a yield.
func room(took time.Duration, processors int) int {
	return max(PerYield, int(min(took, longest)/perPass)) * processors
}

// admit lets so many pass, the caller among them, who has yielded, and tells
// the one behind them to yield.
func (t *Turnstile) admit(room int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.free = room - 1
	for ; t.free > 0 && t.first < len(t.waiting); t.free-- {
		t.call(false)
	}
	if t.yielding = t.first < len(t.waiting); t.yielding {
		t.call(true)
	}
	if t.first >= len(t.waiting)/2 {
		t.waiting = t.waiting[:copy(t.waiting, t.waiting[t.first:])]
		t.first = 0
	}
}

func (t *Turnstile) newWaiter() waiter {
	if w, ok := t.unused.Get().(waiter); ok {
		return w
	}
	return make(waiter, 1)
}

// call tells the first who waits what to do.
func (t *Turnstile) call(yield bool) {
	t.waiting[t.first] <- yield // has room
	t.first++
}
