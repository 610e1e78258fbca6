package webhook

import (
	"slices"
	"time"

	"scopegate/authz"
)

// queue is what waits for one client, in the order of the log. Only the first
// is tried.
type queue struct {
	client  authz.ClientID
	waiting []*delivery
	trying  bool // the first is on its way

	// rest is a position: what the client has in the log from there on is not
	// in waiting, for lack of room. 0: there is none.
	rest      authz.Seq
	restKey   authz.Seq // names the entry that remembers rest
	restNoted bool      // there is such an entry
	skipped   int       // how many events are behind rest
}

// add puts a delivery in its place; one that is there already is not put twice.
// It reports false where there is no room, so that it stays in the log.
func (q *queue) add(d *delivery) bool {
	at, found := slices.BinarySearchFunc(q.waiting, d.Seq, func(w *delivery, seq authz.Seq) int {
		return int(int64(w.Seq) - int64(seq)) // positions are far below the bound of int64
	})
	switch {
	case found:
		return true
	case q.rest != 0 && d.Seq >= q.rest:
		q.skipped++
		return false
	case len(q.waiting) >= maxQueue:
		q.leaveInLog(d.Seq)
		q.skipped++
		return false
	}
	q.insert(at, d)
	return true
}

// insert puts a delivery before the at-th, but never before one that is on its
// way.
func (q *queue) insert(at int, d *delivery) {
	if q.trying {
		at = max(at, 1)
	}
	q.waiting = slices.Insert(q.waiting, at, d)
}

// leaveInLog says that events from a position on wait in the log.
func (q *queue) leaveInLog(from authz.Seq) {
	if q.rest == 0 {
		q.restKey, q.skipped = from, 0
	}
	q.rest = from
}

// due returns when the first may be tried; false: not now, whatever the time.
func (q *queue) due() (time.Time, bool) {
	if q.trying || len(q.waiting) == 0 {
		return time.Time{}, false
	}
	return q.waiting[0].Next, true
}

// apart reports whether the queue has to be remembered apart, so that the
// webhook's place can move on without it.
func (q *queue) apart() bool {
	return q.rest != 0 || len(q.waiting) > 0 && (q.waiting[0].Attempts > 0 || q.waiting[0].noted)
}

// empty reports whether nothing of the client waits.
func (q *queue) empty() bool { return len(q.waiting) == 0 && !q.trying && q.rest == 0 }
