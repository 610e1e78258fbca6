package live

import (
	"unsafe"

	"scopegate/authz"
)

// What a client and a family take, in bytes.
const (
	ClientBytes = unsafe.Sizeof(client{})
	FamilyBytes = unsafe.Sizeof(family{})
)

// Writes counts the changes of the token table so far.
func (s *Store) Writes() (n uint64) {
	for i := range s.tokens.shards {
		n += s.tokens.shards[i].seq.Load() / 2
	}
	return n
}

// Slots returns the length of all shards' tables.
func (s *Store) Slots() (n int) {
	for i := range s.tokens.shards {
		n += len(s.tokens.shards[i].table.Load().slots)
	}
	return n
}

// Families returns how many families there are.
func (s *Store) Families() int {
	s.tokens.families.mu.Lock()
	defer s.tokens.families.mu.Unlock()
	return len(s.tokens.families.byKey)
}

// ScopeSets returns how many sets of scopes are shared.
func (s *Store) ScopeSets() int {
	sets := s.clients.sets
	sets.mu.Lock()
	defer sets.mu.Unlock()
	return len(sets.byText)
}

// ForgetScopes does what is done when a set of these scopes was collected.
func (s *Store) ForgetScopes(set *authz.ScopeSet) { s.clients.sets.forget(set.String()) }

// Sweep sweeps all shards now.
func (s *Store) Sweep() { s.tokens.sweep(0, len(s.tokens.shards), s.now().Unix()) }

// Hold makes the readers wait: it begins a change of every shard and returns
// the function that ends it.
func (s *Store) Hold() (release func()) {
	each := func(f func(*shard)) {
		for i := range s.tokens.shards {
			f(&s.tokens.shards[i])
		}
	}
	each(func(sh *shard) { sh.mu.Lock(); sh.seq.Add(1) })
	return func() { each(func(sh *shard) { sh.seq.Add(1); sh.mu.Unlock() }) }
}
