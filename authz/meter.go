package authz

import (
	"sync"
	"sync/atomic"
	"time"
)

const secondsPerDay = 24 * 60 * 60

// Meter counts the uses of one client and of each scope that it may have, so
// that no request pays a write: counting takes no lock and allocates nothing.
// The zero Meter is ready and knows no scope; a nil one counts nothing.
type Meter struct {
	// What a request touches comes first, so that it is on one cache line.
	requests atomic.Uint64
	last     atomic.Int64 // Unix seconds; 0: never
	scopes   atomic.Pointer[scopeMeters]
	changed  atomic.Bool // something was counted since TakeChanges

	tokens     atomic.Uint64
	early      atomic.Uint64
	earlyUntil atomic.Int64 // Unix seconds until which one more token is early

	mu    sync.Mutex
	since int64 // Unix seconds; 0: nothing was granted yet
	marks [2]Mark
}

// scopeMeters are the meters of a client's scopes, in the order of the set.
type scopeMeters struct {
	set    *ScopeSet
	meters []*scopeMeter
	few    [4]*scopeMeter // the meters, where they are that few: beside the set and not elsewhere
}

// newScopeMeters returns the meters of the set: those that there were before,
// and new ones, which lie side by side.
func newScopeMeters(set *ScopeSet, before *scopeMeters, now int64) *scopeMeters {
	next := &scopeMeters{set: set}
	if n := set.Len(); n <= len(next.few) {
		next.meters = next.few[:n]
	} else {
		next.meters = make([]*scopeMeter, n)
	}
	missing := 0
	for i := range next.meters {
		if next.meters[i] = before.of(set.At(i)); next.meters[i] == nil {
			missing++
		}
	}
	fresh := make([]scopeMeter, missing)
	for i := range next.meters {
		if next.meters[i] == nil {
			fresh[0].since = now
			next.meters[i], fresh = &fresh[0], fresh[1:]
		}
	}
	return next
}

type scopeMeter struct {
	since int64 // Unix seconds
	last  atomic.Int64
	uses  atomic.Uint64
}

// Grant says which scopes the client may have from now on. What was counted of
// those that it had already goes on; of the others it is forgotten.
func (m *Meter) Grant(scopes *ScopeSet, now time.Time) {
	if scopes == nil {
		scopes = NewScopeSet()
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.since == 0 {
		m.since = now.Unix()
	}
	m.roll(now)
	before := m.scopes.Load()
	if before != nil && before.set.Equal(scopes) {
		return
	}
	m.scopes.Store(newScopeMeters(scopes, before, now.Unix()))
	m.changed.Store(true)
}

// Restore goes on from what was kept, for the scopes that were granted. It
// must come before the first count.
func (m *Meter) Restore(u *Usage) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.since, m.marks = unixOf(u.Since), u.Marks
	m.last.Store(unixOf(u.LastUsedAt))
	m.requests.Store(u.Total.Requests)
	m.tokens.Store(u.Total.Tokens)
	m.early.Store(u.Total.EarlyTokens)
	known, granted := 0, m.scopes.Load()
	for i := range u.Scopes {
		kept := &u.Scopes[i]
		if s := granted.of(kept.Scope); s != nil {
			s.since = unixOf(kept.Since)
			s.last.Store(unixOf(kept.LastUsedAt))
			s.uses.Store(kept.Uses)
			known++
		}
	}
	m.changed.Store(granted == nil || known != len(granted.meters) || known != len(u.Scopes))
}

// Request counts a request with a good token of the client, at a Unix second.
func (m *Meter) Request(at int64) {
	if m == nil {
		return
	}
	m.requests.Add(1)
	raise(&m.last, at)
	m.note()
}

// Use counts that a Requirement which asked for the scope let a request of the
// client pass, at a Unix second. A scope that the client may not have any more
// is not counted.
func (m *Meter) Use(scope Scope, at int64) {
	if m == nil {
		return
	}
	if s := m.scopes.Load().of(scope); s != nil {
		s.uses.Add(1)
		raise(&s.last, at)
		m.note()
	}
}

// Issued counts a token that was issued to the client.
func (m *Meter) Issued(t *AccessToken) {
	if m == nil {
		return
	}
	at, end := t.IssuedAt.Unix(), t.ExpiresAt.Unix()
	m.tokens.Add(1)
	if at < m.earlyUntil.Load() {
		m.early.Add(1)
	}
	raise(&m.earlyUntil, at+(end-at)/2)
	m.note()
}

// LastUsedAt returns when a good token of the client was last presented; zero: never.
func (m *Meter) LastUsedAt() time.Time {
	if m == nil {
		return time.Time{}
	}
	return timeOf(m.last.Load())
}

// Usage returns what was counted up to now, of no client by name.
func (m *Meter) Usage(now time.Time) Usage {
	if m == nil {
		return Usage{}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.roll(now)
	u := Usage{Since: timeOf(m.since), Total: m.tally(), Marks: m.marks, LastUsedAt: m.LastUsedAt()}
	if granted := m.scopes.Load(); granted != nil {
		for i, s := range granted.meters {
			u.Scopes = append(u.Scopes, ScopeUsage{
				Scope: granted.set.At(i), Since: timeOf(s.since), LastUsedAt: timeOf(s.last.Load()), Uses: s.uses.Load(),
			})
		}
	}
	return u
}

// TakeChanges returns what was counted up to now if anything was since it was
// last asked.
func (m *Meter) TakeChanges(now time.Time) (u Usage, ok bool) {
	if !m.changed.Swap(false) {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.roll(now) // a day begins for who is idle, too
		return Usage{}, false
	}
	return m.Usage(now), true
}

// Untake says that the changes last taken were not written after all.
func (m *Meter) Untake() { m.changed.Store(true) }

// roll begins a new day. The marks lie where somebody first looked on it, which
// Uses does every half minute.
func (m *Meter) roll(now time.Time) {
	day, today := now.Unix()/secondsPerDay, m.marks[1]
	switch {
	case day <= today.Day:
		return
	case day == today.Day+1:
		m.marks[0] = today
	default: // nothing was counted on the days between
		m.marks[0] = Mark{day - 1, m.tally()}
	}
	m.marks[1] = Mark{day, m.tally()}
}

func (m *Meter) tally() Tally { return Tally{m.requests.Load(), m.tokens.Load(), m.early.Load()} }

// note says that something was counted. It comes after the count, so that
// TakeChanges misses none, and mostly only reads.
func (m *Meter) note() {
	if !m.changed.Load() {
		m.changed.Store(true)
	}
}

// of returns the meter of a scope; nil if it is not there.
func (s *scopeMeters) of(scope Scope) *scopeMeter {
	if s == nil {
		return nil
	}
	if i := s.set.index(scope); i >= 0 {
		return s.meters[i]
	}
	return nil
}

// raise lets v be at least to.
func raise(v *atomic.Int64, to int64) {
	for old := v.Load(); old < to && !v.CompareAndSwap(old, to); old = v.Load() {
	}
}

func unixOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

func timeOf(unix int64) time.Time {
	if unix == 0 {
		return time.Time{}
	}
	return time.Unix(unix, 0).UTC()
}
