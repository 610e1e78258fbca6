package limit

import (
	"hash/maphash"
	"maps"
	"sync"
	"time"
)

const quotaShards = 16

// Quota bounds how many requests each client may make in a day or a month of
// UTC. It counts allowed requests only, and holds the clients that made some
// in the window: registered ones, so their number is bounded.
//
// A clock that is set back into the window before goes on with the later
// window: nobody gets a quota twice.
type Quota struct {
	requests int
	period   Period
	seed     maphash.Seed
	shards   [quotaShards]quotaShard
}

type quotaShard struct {
	mu         sync.Mutex
	start, end time.Time
	used       map[string]int
}

// Snapshot is what was used of a quota, for the caller to keep over a restart.
type Snapshot struct {
	Period Period         `json:"period"`
	Window time.Time      `json:"window"` // its start
	Used   map[string]int `json:"used"`   // by client id
}

// NewQuota returns a quota of so many requests in each period; below 1 none
// may pass.
func NewQuota(requests int, period Period) *Quota {
	q := &Quota{requests: requests, period: period, seed: maphash.MakeSeed()}
	for i := range q.shards {
		q.shards[i].used = make(map[string]int)
	}
	return q
}

// Take counts one request of the client, if its quota has one left.
func (q *Quota) Take(client string, now time.Time) Verdict {
	if q == nil {
		return Verdict{OK: true}
	}
	s := q.shard(client)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roll(q.period, now)
	v := Verdict{Limit: max(q.requests, 0), Reset: s.end.Sub(now), Window: s.end.Sub(s.start)}
	used := s.used[client]
	if used >= q.requests {
		v.RetryAfter = v.Reset
		return v
	}
	s.used[client] = used + 1
	v.OK = true
	v.Remaining = q.requests - used - 1
	return v
}

// Snapshot returns what is used of the window that now lies in.
func (q *Quota) Snapshot(now time.Time) Snapshot {
	snap := Snapshot{Used: make(map[string]int)}
	if q == nil {
		return snap
	}
	snap.Period = q.period
	for i := range q.shards {
		s := &q.shards[i]
		s.mu.Lock()
		s.roll(q.period, now)
		if s.start.After(snap.Window) {
			// Midnight passed between two shards: what went before is over.
			snap.Window = s.start
			clear(snap.Used)
		}
		if s.start.Equal(snap.Window) {
			maps.Copy(snap.Used, s.used)
		}
		s.mu.Unlock()
	}
	return snap
}

// Restore adds what a snapshot says was used, once, after a start. A snapshot
// of another period or window is void.
func (q *Quota) Restore(snap Snapshot, now time.Time) {
	if q == nil || snap.Period != q.period {
		return
	}
	for client, used := range snap.Used {
		s := q.shard(client)
		s.mu.Lock()
		s.roll(q.period, now)
		if s.start.Equal(snap.Window) && used > 0 {
			s.used[client] = min(s.used[client]+min(used, q.requests), q.requests)
		}
		s.mu.Unlock()
	}
}

func (q *Quota) shard(client string) *quotaShard {
	return &q.shards[maphash.String(q.seed, client)%quotaShards]
}

// roll begins a new window when the old one is over.
func (s *quotaShard) roll(p Period, now time.Time) {
	if now.Before(s.end) {
		return
	}
	s.start, s.end = p.Window(now)
	clear(s.used)
}
