package live

import (
	"sync"
	"sync/atomic"
)

// shard is one part of the token table. Readers take no lock: they look,
// and look again if the sequence moved meanwhile. Writers hold mu, and keep
// the sequence odd for the few stores of one change; a table is grown and
// shrunk beside the readers and then swapped.
type shard struct {
	seq   atomic.Uint64 // odd while a change is under way
	table atomic.Pointer[table]

	mu      sync.Mutex
	used    int // slots not free
	revoked int // of them
	_       [24]byte

	// Counters have a cache line of their own: readers write them.
	hits   atomic.Int64
	misses atomic.Int64
	_      [48]byte
}

// patience is how often a reader looks again before it waits for the writer.
const patience = 16

// read finds a token without a lock and resolves its family. The family is
// looked up before the sequence is checked: a family is given away only after
// its last record left, which moves the sequence.
//
// The family is nil where the token is not there.
func (sh *shard) read(k slotKey, families *families) (facts, *family) {
	for range patience {
		seq := sh.seq.Load()
		if seq&1 != 0 {
			continue
		}
		f, family := sh.look(k, families)
		if sh.seq.Load() == seq {
			return f, family
		}
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.look(k, families)
}

func (sh *shard) look(k slotKey, families *families) (facts, *family) {
	t := sh.table.Load()
	i, ok := t.find(k)
	if !ok {
		return facts{}, nil
	}
	f := t.slots[i].load()
	return f, families.at(f.family())
}

// change runs the stores of one change while readers know to look again. The
// caller holds mu.
func (sh *shard) change(stores func(*table)) {
	sh.seq.Add(1)
	stores(sh.table.Load())
	sh.seq.Add(1)
}

// fits reports whether one more token fits; it grows the table up to limit
// slots for that.
func (sh *shard) fits(limit int) bool {
	n := len(sh.table.Load().slots)
	if (sh.used+1)*4 <= n*3 {
		return true
	}
	grown := min(n+n/2, limit)
	if (sh.used+1)*4 > grown*3 {
		return false
	}
	sh.resize(grown)
	return true
}

func (sh *shard) resize(n int) {
	next := sh.table.Load().resized(n)
	sh.change(func(*table) { sh.table.Store(next) })
}

// add puts a record that is not there yet; the caller made room.
func (sh *shard) add(k slotKey, f facts) {
	sh.change(func(t *table) {
		i, _ := t.find(k)
		t.slots[i].store(k, f)
	})
	sh.used++
	if f.revoked() {
		sh.revoked++
	}
}

// revoke marks the record in slot i, and lets it stay until expires if that
// is later than what it says.
func (sh *shard) revoke(i int, expires uint32) {
	sh.change(func(t *table) {
		s := &t.slots[i]
		f := s.load()
		if !f.revoked() {
			sh.revoked++
		}
		s.store(s.key(), f.asRevoked(expires))
	})
}

// remove takes out the record in slot i and returns its family.
func (sh *shard) remove(i int) (family uint32) {
	f := sh.table.Load().slots[i].load()
	sh.change(func(t *table) { t.remove(i) })
	sh.used--
	if f.revoked() {
		sh.revoked--
	}
	return f.family()
}

// victim picks a token to forget: of the first few living ones after a random
// place the one that ends soonest. Revoked tokens are never picked.
func (sh *shard) victim(random uint64) (i int, ok bool) {
	const candidates = 8
	t := sh.table.Load()
	at := t.home(slotKey{first: random})
	var soonest uint32
	for seen, steps := 0, 0; seen < candidates && steps < len(t.slots); steps++ {
		if f := t.slots[at].load(); f.family() != 0 && !f.revoked() {
			if seen == 0 || f.expires() < soonest {
				soonest, i, ok = f.expires(), at, true
			}
			seen++
		}
		at = t.next(at)
	}
	return i, ok
}

// sweepStep is how many slots are swept before others get their turn.
const sweepStep = 512

// sweep takes out what is expired at now, tells release the families, and
// gives memory back once three quarters of the slots are free. What moves in
// a table that changes meanwhile is found the next time.
func (sh *shard) sweep(now uint32, release func(family uint32)) {
	for from := 0; sh.sweepFrom(from, now, release); from += sweepStep {
	}
	sh.mu.Lock()
	defer sh.mu.Unlock()
	if n := len(sh.table.Load().slots); n > 2*minSlots && sh.used*4 < n {
		sh.resize(sh.used * 2)
	}
}

// sweepFrom sweeps one step and reports whether there are more.
func (sh *shard) sweepFrom(from int, now uint32, release func(family uint32)) (more bool) {
	sh.mu.Lock()
	defer sh.mu.Unlock()
	t := sh.table.Load()
	to := min(from+sweepStep, len(t.slots))
	for i := from; i < to; {
		if s := &t.slots[i]; !s.free() && s.load().expires() <= now {
			release(sh.remove(i)) // another record may be in the slot now
			continue
		}
		i++
	}
	return to < len(t.slots)
}
