package badgerstore

import (
	"encoding/binary"
	"fmt"
	"sync"

	"scopegate/authz"
)

// Bounds of the table of grant sets. A set beyond them travels inside its
// token, so that a client that asks for ever new combinations costs disk that
// its tokens give back, and never memory.
const (
	maxSets      = 8192
	maxSetLength = 1024 // bytes
)

// grantSet is what many tokens have in common: stored once.
//
//	version(1) grant(text) scopes(text) count(uvarint) resources(text each)
//
// where a text is length(uvarint) bytes.
type grantSet struct {
	grant     authz.GrantType
	scopes    *authz.ScopeSet
	resources []string
}

func (g *grantSet) encode() []byte {
	b := make([]byte, 0, 64)
	b = appendText(append(b, versionSet), string(g.grant))
	b = appendText(b, g.scopes.String())
	b = binary.AppendUvarint(b, uint64(len(g.resources)))
	for _, r := range g.resources {
		b = appendText(b, r)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func cutText(b []byte) (s string, rest []byte, ok bool) {
	length, n := binary.Uvarint(b)
	if n <= 0 || length > uint64(len(b)-n) {
		return "", nil, false
	}
	return string(b[n : n+int(length)]), b[n+int(length):], true
}

func decodeSet(b []byte) (*grantSet, error) {
	bad := fmt.Errorf("%w: grant set of %d bytes", errDamaged, len(b))
	if len(b) == 0 || b[0] != versionSet {
		return nil, bad
	}
	grant, b, ok := cutText(b[1:])
	if !ok {
		return nil, bad
	}
	text, b, ok := cutText(b)
	if !ok {
		return nil, bad
	}
	scopes, err := authz.ParseScopeSet(text)
	if err != nil {
		return nil, fmt.Errorf("%w: grant set: %w", errDamaged, err)
	}
	count, n := binary.Uvarint(b)
	if n <= 0 || count > uint64(len(b)) {
		return nil, bad
	}
	g := &grantSet{grant: authz.GrantType(grant), scopes: scopes}
	for b = b[n:]; count > 0; count-- {
		var r string
		if r, b, ok = cutText(b); !ok {
			return nil, bad
		}
		g.resources = append(g.resources, r)
	}
	if len(b) != 0 {
		return nil, bad
	}
	return g, nil
}

// sets is the table of grant sets in memory. Only the committer adds to it,
// and only what is on disk; a number is never used twice, not even after a
// write of unknown outcome.
type sets struct {
	mu   sync.RWMutex
	byID map[setKey]*grantSet
	ids  map[string]setKey // by encoded set
	next setKey            // committer only
}

func newSets() *sets {
	return &sets{byID: map[setKey]*grantSet{}, ids: map[string]setKey{}, next: 1}
}

// find returns the set with the number.
func (s *sets) find(id setKey) (*grantSet, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	g, ok := s.byID[id]
	return g, ok
}

// number returns the number of an encoded set; 0: none yet.
func (s *sets) number(encoded string) setKey {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.ids[encoded]
}

// add enters a set that is on disk.
func (s *sets) add(id setKey, encoded string, g *grantSet) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id], s.ids[encoded] = g, id
	s.next = max(s.next, id+1)
}
