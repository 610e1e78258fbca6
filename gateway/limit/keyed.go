package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

const (
	maxShards     = 64 // power of two
	minShardKeys  = 32 // fewer keys than this are not worth a shard
	sweepEach     = 2  // buckets that each request looks at, to forget the full ones
	sweepForSpace = 64 // buckets that a new key looks at when there is no space
)

// Keyed limits the rate of each key by a bucket of its own.
//
// It holds at most the given number of keys. A bucket that is full again says
// nothing that a new one does not, so it is forgotten as requests come by;
// one in debt is never forgotten. When a new key finds only buckets in debt,
// it shares one bucket with all such keys: they are neither let through
// uncounted nor shut out, and those that have a bucket do not notice.
//
// A key of pointers other than strings costs an allocation each time.
type Keyed[K comparable] struct {
	pace   pace
	clock  clock
	seed   maphash.Seed
	shards []shard[K]
}

// NewKeyed returns a limiter that holds up to maxKeys keys. A rate that Check
// refuses lets nothing pass.
func NewKeyed[K comparable](r Rate, maxKeys int) *Keyed[K] {
	n := 1
	for n < maxShards && maxKeys/(2*n) >= minShardKeys {
		n *= 2
	}
	k := &Keyed[K]{pace: newPace(r), seed: maphash.MakeSeed(), shards: make([]shard[K], n)}
	for i := range k.shards {
		k.shards[i] = shard[K]{index: make(map[K]int32), space: max(maxKeys/n, 0), crowd: longAgo}
	}
	return k
}

// Allow takes one request out of the key's bucket, if there is one. It may
// keep the key.
func (k *Keyed[K]) Allow(key K, now time.Time) Verdict {
	if k == nil {
		return Verdict{OK: true}
	}
	at := k.clock.at(now)
	s := &k.shards[maphash.Comparable(k.seed, key)&uint64(len(k.shards)-1)]
	s.mu.Lock()
	defer s.mu.Unlock()
	full := s.bucket(key, at)
	next, v := k.pace.take(*full, at)
	*full = next
	return v
}

// shard is a part of the keys: their buckets in a row, which a hand goes
// round, and where in the row each key is.
type shard[K comparable] struct {
	mu    sync.Mutex
	index map[K]int32
	slots []slot[K]
	hand  int
	space int
	crowd int64    // when the bucket of the keys without one is full
	_     [64]byte // the next shard's lock is not on this cache line
}

type slot[K comparable] struct {
	key  K
	full int64
}

// bucket returns where the key's bucket is, which is good until the next call.
func (s *shard[K]) bucket(key K, now int64) *int64 {
	s.sweep(sweepEach, now)
	if i, ok := s.index[key]; ok {
		return &s.slots[i].full
	}
	if len(s.slots) >= s.space {
		s.sweep(sweepForSpace, now)
	}
	if len(s.slots) >= s.space {
		return &s.crowd
	}
	s.index[key] = int32(len(s.slots))
	s.slots = append(s.slots, slot[K]{key: key, full: now})
	return &s.slots[len(s.slots)-1].full
}

// sweep moves the hand over n buckets and forgets those that are full.
func (s *shard[K]) sweep(n int, now int64) {
	for range min(n, len(s.slots)) {
		if s.hand >= len(s.slots) {
			s.hand = 0
		}
		if s.slots[s.hand].full > now {
			s.hand++
			continue
		}
		s.forget(s.hand)
	}
}

// forget puts the last bucket in the place of the one that goes.
func (s *shard[K]) forget(i int) {
	delete(s.index, s.slots[i].key)
	last := len(s.slots) - 1
	if i != last {
		s.slots[i] = s.slots[last]
		s.index[s.slots[i].key] = int32(i)
	}
	s.slots[last] = slot[K]{}
	s.slots = s.slots[:last]
}
