package webhook

import (
	"slices"
	"time"

	"scopegate/authz"
)

// lane is what waits for one client, in the order of the log. Only the first
// is tried.
type lane struct {
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
func (l *lane) add(d *delivery) bool {
	at, found := slices.BinarySearchFunc(l.waiting, d.Seq, func(w *delivery, seq authz.Seq) int {
		return int(int64(w.Seq) - int64(seq)) // positions are far below the bound of int64
	})
	switch {
	case found:
		return true
	case l.rest != 0 && d.Seq >= l.rest:
		l.skipped++
		return false
	case len(l.waiting) >= maxLane:
		l.leave(d.Seq)
		l.skipped++
		return false
	}
	l.insert(at, d)
	return true
}

// insert puts a delivery before the at-th, but never before one that is on its
// way.
func (l *lane) insert(at int, d *delivery) {
	if l.trying {
		at = max(at, 1)
	}
	l.waiting = slices.Insert(l.waiting, at, d)
}

// leave says that events from a position on wait in the log.
func (l *lane) leave(from authz.Seq) {
	if l.rest == 0 {
		l.restKey, l.skipped = from, 0
	}
	l.rest = from
}

// due returns when the first may be tried; false: not now, whatever the time.
func (l *lane) due() (time.Time, bool) {
	if l.trying || len(l.waiting) == 0 {
		return time.Time{}, false
	}
	return l.waiting[0].Next, true
}

// troubled reports whether the lane has to be remembered apart, so that the
// webhook's place can move on without it.
func (l *lane) troubled() bool {
	return l.rest != 0 || len(l.waiting) > 0 && (l.waiting[0].Attempts > 0 || l.waiting[0].noted)
}

// empty reports whether nothing of the client waits.
func (l *lane) empty() bool { return len(l.waiting) == 0 && !l.trying && l.rest == 0 }
