package oauth

import (
	"fmt"
	"sync"
	"time"

	"scopegate/authz"
)

// IssueLimits keep how far each client is with its issue limit, in memory: a
// restart forgets it. Every authenticated request to the token endpoint
// counts, also one that is refused then.
//
// A client's state is one number, the instant at which its whole burst is
// there again (the generic cell rate algorithm), and it leaves once that is
// past, so that memory is bounded by the clients that have a limit.
type IssueLimits struct {
	mu   sync.Mutex
	full map[authz.ClientID]time.Time
	next int // the size at which the map is looked through
}

// firstSweep is how many clients are kept before the first look for idle ones.
const firstSweep = 1024

// NewIssueLimits returns limits that nobody has used.
func NewIssueLimits() *IssueLimits {
	return &IssueLimits{full: map[authz.ClientID]time.Time{}, next: firstSweep}
}

// limitError refuses what is beyond a limit until wait is over.
type limitError struct {
	limit authz.IssueLimit
	wait  time.Duration
}

func (e *limitError) Error() string { return fmt.Sprintf("limit of %s", e.limit) }

// Take counts one request of the client and returns how long it has to wait
// where that is too many; 0: it may go on.
func (l *IssueLimits) Take(c *authz.Client, now time.Time) (wait time.Duration) {
	if c.IssueLimit == (authz.IssueLimit{}) {
		return 0
	}
	return l.take(c.ID, c.IssueLimit, now)
}

func (l *IssueLimits) take(id authz.ClientID, limit authz.IssueLimit, now time.Time) (wait time.Duration) {
	interval := limit.Per / time.Duration(limit.N)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.full) >= l.next {
		l.sweep(now)
	}
	full := l.full[id]
	if full.Before(now) {
		full = now
	}
	full = full.Add(interval)
	if over := full.Sub(now) - limit.Per; over > 0 {
		return over
	}
	l.full[id] = full
	return 0
}

// sweep forgets who has its whole burst again.
func (l *IssueLimits) sweep(now time.Time) {
	for id, full := range l.full {
		if !full.After(now) {
			delete(l.full, id)
		}
	}
	l.next = max(firstSweep, 2*len(l.full))
}
