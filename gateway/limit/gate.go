package limit

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// Gate bounds how many requests run at once.
type Gate struct {
	max     int64
	running atomic.Int64
}

// NewGate returns a gate for up to n requests; below 1 none may enter.
func NewGate(n int) *Gate { return &Gate{max: int64(n)} }

// Enter reports whether the request may run. If so, Leave must follow once.
func (g *Gate) Enter() bool {
	if g == nil {
		return true
	}
	for {
		n := g.running.Load()
		if n >= g.max {
			return false
		}
		if g.running.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

// Leave ends a request that entered. One that did not panics: a gate that
// lost count would let too many in.
func (g *Gate) Leave() {
	if g != nil && g.running.Add(-1) < 0 {
		panic("limit: Leave without Enter")
	}
}

// KeyedGate bounds how many requests of each key run at once. It holds only
// keys that have some running, so a Gate before it bounds its memory.
type KeyedGate[K comparable] struct {
	max    int
	seed   maphash.Seed
	shards [maxShards]gateShard[K]
}

type gateShard[K comparable] struct {
	mu      sync.Mutex
	running map[K]int
	_       [48]byte // one shard, one cache line
}

// NewKeyedGate returns a gate for up to n requests of each key; below 1 none
// may enter.
func NewKeyedGate[K comparable](n int) *KeyedGate[K] {
	g := &KeyedGate[K]{max: n, seed: maphash.MakeSeed()}
	for i := range g.shards {
		g.shards[i].running = make(map[K]int)
	}
	return g
}

// Enter reports whether a request of the key may run. If so, Leave must follow
// once. It may keep the key until then.
func (g *KeyedGate[K]) Enter(key K) bool {
	if g == nil {
		return true
	}
	s := g.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.running[key]
	if n >= g.max {
		return false
	}
	s.running[key] = n + 1
	return true
}

// Leave ends a request of the key that entered. One that did not panics.
func (g *KeyedGate[K]) Leave(key K) {
	if g == nil {
		return
	}
	s := g.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch n := s.running[key]; n {
	case 0:
		panic("limit: Leave without Enter")
	case 1:
		delete(s.running, key)
	default:
		s.running[key] = n - 1
	}
}

func (g *KeyedGate[K]) shard(key K) *gateShard[K] {
	return &g.shards[maphash.Comparable(g.seed, key)%maxShards]
}
