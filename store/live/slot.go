package live

import (
	"encoding/binary"
	"math"
	"math/bits"
	"sync/atomic"

	"scopegate/authz"
)

// slot is one token in 32 bytes without a pointer, so that the garbage
// collector never looks at it. Readers load its words while a writer may be
// at work; the shard's sequence tells them whether what they saw holds
// together.
type slot struct {
	key  [2]atomic.Uint64 // the first 16 bytes of the token's hash
	end  atomic.Uint64    // expiry in Unix seconds << 32 | family; 0: the slot is free
	born atomic.Uint64    // issue in Unix seconds << 32 | flags
}

const (
	slotBytes   = 32
	flagRevoked = 1
)

// slotKey is the part of a token's hash that finds its slot. 128 bits of
// SHA-256 leave no second token to be found for one that was issued.
type slotKey [2]uint64

func slotKeyOf(key authz.TokenKey) slotKey {
	return slotKey{binary.LittleEndian.Uint64(key.Hash[0:8]), binary.LittleEndian.Uint64(key.Hash[8:16])}
}

// record is what a slot says, taken out of it.
type record struct {
	key     slotKey
	family  uint32
	expires uint32 // Unix seconds
	issued  uint32 // Unix seconds
	revoked bool
}

func (s *slot) load() record {
	end, born := s.end.Load(), s.born.Load()
	return record{
		key:    slotKey{s.key[0].Load(), s.key[1].Load()},
		family: uint32(end), expires: uint32(end >> 32),
		issued: uint32(born >> 32), revoked: born&flagRevoked != 0,
	}
}

func (s *slot) store(r record) {
	s.key[0].Store(r.key[0])
	s.key[1].Store(r.key[1])
	born := uint64(r.issued) << 32
	if r.revoked {
		born |= flagRevoked
	}
	s.born.Store(born)
	s.end.Store(uint64(r.expires)<<32 | uint64(r.family))
}

func (s *slot) free() bool { return s.end.Load() == 0 }

// seconds fits Unix seconds into 32 bits: what lies after 2106 ends then.
func seconds(unix int64) uint32 {
	return uint32(min(max(unix, 0), math.MaxUint32))
}

// table is open addressing with linear probing. At least a quarter of its
// slots is free, so that a search ends soon.
type table struct{ slots []slot }

const minSlots = 8

func newTable(n int) *table { return &table{slots: make([]slot, max(n, minSlots))} }

// home returns where the search for a key begins: the key's share of the
// table, so that a table may have any length.
func (t *table) home(k slotKey) int {
	hi, _ := bits.Mul64(k[0], uint64(len(t.slots)))
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
		if s.key[0].Load() == k[0] && s.key[1].Load() == k[1] {
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
		r := t.slots[j].load()
		// r may move back to i unless its home lies between i and j.
		if (j-t.home(r.key)+n)%n >= (j-i+n)%n {
			t.slots[i].store(r)
			i = j
		}
	}
	t.slots[i].end.Store(0)
}

// resized returns a copy with n slots.
func (t *table) resized(n int) *table {
	next := newTable(n)
	for i := range t.slots {
		if t.slots[i].free() {
			continue
		}
		r := t.slots[i].load()
		at, _ := next.find(r.key)
		next.slots[at].store(r)
	}
	return next
}
