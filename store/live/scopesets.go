package live

import (
	"runtime"
	"sync"
	"weak"

	"scopegate/authz"
)

// scopeSets lets all clients and families that have the same scopes share one
// set, so that the sets which ten thousand clients are judged by stay in the
// processor's caches. It holds no set: one that nobody has any more is
// collected, and its entry goes with it.
type scopeSets struct {
	mu     sync.Mutex
	byText map[string]weak.Pointer[authz.ScopeSet]
}

func newScopeSets() *scopeSets {
	return &scopeSets{byText: map[string]weak.Pointer[authz.ScopeSet]{}}
}

// shared returns the set that stands for all sets equal to this one: itself,
// if it is the first.
func (ss *scopeSets) shared(set *authz.ScopeSet) *authz.ScopeSet {
	if set == nil {
		return nil
	}
	text := set.String()
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if one := ss.byText[text].Value(); one != nil {
		return one
	}
	ss.byText[text] = weak.Make(set)
	runtime.AddCleanup(set, ss.forget, text)
	return set
}

// forget drops the entry of a set that was collected, unless an equal one took
// its place.
func (ss *scopeSets) forget(text string) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.byText[text].Value() == nil {
		delete(ss.byText, text)
	}
}
