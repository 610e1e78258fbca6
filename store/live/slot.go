package live

import (
	"encoding/binary"
	"math/bits"
	"sync/atomic"

	"scopegate/authz"
)

// slot is one token in 32 bytes without a pointer, so that the garbage
// collector never looks at it. Readers load its words while a writer may be
// at work; the shard's sequence tells them whether what they saw holds
// together.
type slot struct {
	first, second atomic.Uint64 // the key
	end           atomic.Uint64 // as in facts; 0: the slot is free
	born          atomic.Uint64
}

const slotBytes = 32

// slotKey is the first 16 bytes of a token's hash. 128 bits of SHA-256 leave
// no second token to be found for one that was issued.
type slotKey struct{ first, second uint64 }

func slotKeyOf(h *authz.TokenHash) slotKey {
	return slotKey{binary.LittleEndian.Uint64(h[0:8]), binary.LittleEndian.Uint64(h[8:16])}
}

// facts are what is known of a token, in two words. The zero value is none.
type facts struct {
	end  uint64 // expiry in Unix seconds << 32 | family, which is never 0
	born uint64 // issue in Unix seconds << 32 | flagRevoked
}

const flagRevoked = 1

func newFacts(family, issued, expires uint32) facts {
	return facts{end: uint64(expires)<<32 | uint64(family), born: uint64(issued) << 32}
}

func (f facts) family() uint32  { return uint32(f.end) }
func (f facts) expires() uint32 { return uint32(f.end >> 32) }
func (f facts) issued() uint32  { return uint32(f.born >> 32) }
func (f facts) revoked() bool   { return f.born&flagRevoked != 0 }

// asRevoked returns the facts of the token once revoked, kept until expires
// at least.
func (f facts) asRevoked(expires uint32) facts {
	f = newFacts(f.family(), f.issued(), max(f.expires(), expires))
	f.born |= flagRevoked
	return f
}

func (s *slot) free() bool { return s.end.Load() == 0 }

func (s *slot) holds(k slotKey) bool { return s.first.Load() == k.first && s.second.Load() == k.second }

func (s *slot) key() slotKey { return slotKey{s.first.Load(), s.second.Load()} }

func (s *slot) load() facts { return facts{end: s.end.Load(), born: s.born.Load()} }

func (s *slot) store(k slotKey, f facts) {
	s.first.Store(k.first)
	s.second.Store(k.second)
	s.born.Store(f.born)
	s.end.Store(f.end)
}

// seconds fits Unix seconds into 32 bits: what lies after 2106 ends then.
func seconds(unix int64) uint32 { return uint32(authz.SecondsOf(unix)) }

// table is open addressing with linear probing. At least a quarter of its
// slots is free, so that a search ends soon.
type table struct{ slots []slot }

const minSlots = 8

func newTable(n int) *table { return &table{slots: make([]slot, max(n, minSlots))} }

// home returns where the search for a key begins: the key's share of the
// table, so that a table may have any length.
func (t *table) home(k slotKey) int {
	hi, _ := bits.Mul64(k.first, uint64(len(t.slots)))
	return int(hi)
}

func (t *table) next(i int) int {
	if i++; i < len(t.slots) {
		return i
	}
	return 0
}

// find returns the slot of a key, or the free slot where the search ended.
// The number of steps is bounded, also for a reader whose table is being
// changed under it.
func (t *table) find(k slotKey) (i int, ok bool) {
	i = t.home(k)
	for range t.slots {
		s := &t.slots[i]
		if s.free() {
			return i, false
		}
		if s.holds(k) {
			return i, true
		}
		i = t.next(i)
	}
	return i, false
}

// remove frees a slot and closes the gap, so that no search stops too early.
func (t *table) remove(i int) {
	n := len(t.slots)
	for j := t.next(i); !t.slots[j].free(); j = t.next(j) {
		s := &t.slots[j]
		// s may move back to i unless its home lies between i and j.
		if (j-t.home(s.key())+n)%n >= (j-i+n)%n {
			t.slots[i].store(s.key(), s.load())
			i = j
		}
	}
	t.slots[i].end.Store(0)
}

// resized returns a copy with n slots.
func (t *table) resized(n int) *table {
	next := newTable(n)
	for i := range t.slots {
		if s := &t.slots[i]; !s.free() {
			at, _ := next.find(s.key())
			next.slots[at].store(s.key(), s.load())
		}
	}
	return next
}
