package webhook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"scopegate/authz"
)

// backlog is what a sender knows of its deliveries: what waits in memory, by
// client, and what of it the namespace remembers. It does nothing by itself.
type backlog struct {
	read     authz.Seq // the log was looked at up to here
	place    authz.Seq // what the namespace says; see save
	queues   map[authz.ClientID]*queue
	held     int                 // deliveries in memory
	removals map[string]struct{} // entries to take out
	// alreadyDead are dead letters behind the place: a crash came before it was
	// written.
	alreadyDead map[authz.Seq]struct{}
	dirty       bool // something was settled or has to be remembered
}

func newBacklog() *backlog {
	return &backlog{queues: map[authz.ClientID]*queue{}, removals: map[string]struct{}{}, alreadyDead: map[authz.Seq]struct{}{}}
}

// key names an entry of the namespace.
func key(prefix string, seq authz.Seq) string { return fmt.Sprintf("%s%016x", prefix, uint64(seq)) }

// The entries of a webhook's namespace.
const (
	placeKey   = "place" // position: all up to it is delivered, dead, or remembered
	heldPrefix = "held/" // a delivery that failed, or waits behind one that did
	restPrefix = "rest/" // rest of a queue
	deadPrefix = "dead/" // a dead letter
)

// position is the value of a place.
type position struct {
	After authz.Seq `json:"after"`
}

// restOf is the value of a rest.
type restOf struct {
	ClientID authz.ClientID `json:"client_id"`
	From     authz.Seq      `json:"from"`
}

func (b *backlog) queue(client authz.ClientID) *queue {
	q := b.queues[client]
	if q == nil {
		q = &queue{client: client}
		b.queues[client] = q
	}
	return q
}

// add takes in a delivery that the log tells of.
func (b *backlog) add(d *delivery) {
	if _, dead := b.alreadyDead[d.Seq]; dead {
		delete(b.alreadyDead, d.Seq)
		return
	}
	q := b.queue(d.ClientID)
	before := len(q.waiting)
	if !q.add(d) {
		b.dirty = true
	}
	b.held += len(q.waiting) - before
}

// hasRoom reports whether more of the log may be read.
func (b *backlog) hasRoom() bool { return b.held < maxHeld }

// next returns queues whose first may be tried now, the longest waiting event
// first, and when another one may.
func (b *backlog) next(now time.Time, limit int) (due []*queue, later time.Time) {
	for _, q := range b.queues {
		at, ok := q.due()
		switch {
		case !ok:
		case !at.After(now):
			due = append(due, q)
		case later.IsZero() || at.Before(later):
			later = at
		}
	}
	slices.SortFunc(due, func(x, y *queue) int {
		return cmp.Or(x.waiting[0].Next.Compare(y.waiting[0].Next), cmp.Compare(x.waiting[0].Seq, y.waiting[0].Seq))
	})
	return due[:min(len(due), limit)], later
}

// settle takes the queue's first out: it is delivered, or a dead letter.
func (b *backlog) settle(q *queue) {
	d := q.waiting[0]
	q.waiting = slices.Delete(q.waiting, 0, 1)
	b.held--
	if d.noted {
		b.removals[key(heldPrefix, d.Seq)] = struct{}{}
	}
	b.dirty = true
	b.drop(q)
}

// finish says that a queue's rest was read to its end.
func (b *backlog) finish(q *queue) {
	if q.restNoted {
		b.removals[key(restPrefix, q.restKey)] = struct{}{}
	}
	q.rest, q.restKey, q.restNoted, q.skipped = 0, 0, false, 0
	b.dirty = true
	b.drop(q)
}

func (b *backlog) drop(q *queue) {
	if q.empty() {
		delete(b.queues, q.client)
	}
}

// settled is the position up to which everything is delivered, dead, or
// remembered once the changes of this moment are written.
func (b *backlog) settled() authz.Seq {
	place := b.read
	for _, q := range b.queues {
		if q.apart() {
			continue
		}
		for _, d := range q.waiting {
			if !d.noted {
				place = min(place, d.Seq-1)
			}
		}
	}
	return max(place, b.place)
}

// pending counts what waits, and returns when the oldest of it happened.
func (b *backlog) pending() (n int, oldest time.Time) {
	for _, q := range b.queues {
		n += len(q.waiting) + q.skipped
		if len(q.waiting) > 0 && (oldest.IsZero() || q.waiting[0].At.Before(oldest)) {
			oldest = q.waiting[0].At
		}
	}
	return n, oldest
}

// change is an entry to write, and what is true once it is written.
type change struct {
	entry authz.Entry
	done  func()
}

// changes are the entries that bring the namespace up to the backlog, in an order in
// which a crash between any two loses nothing.
func (b *backlog) changes() ([]change, error) {
	var all []change
	for _, q := range b.queues {
		if !q.apart() {
			continue
		}
		for _, d := range q.waiting {
			if d.noted && !d.changed {
				continue
			}
			e, err := d.entry(heldPrefix)
			if err != nil {
				return nil, err
			}
			all = append(all, change{e, func() { d.noted, d.changed = true, false }})
		}
		if q.rest == 0 {
			continue
		}
		value, err := json.Marshal(restOf{q.client, q.rest})
		if err != nil {
			return nil, err
		}
		all = append(all, change{authz.Entry{Key: key(restPrefix, q.restKey), Value: value}, func() { q.restNoted = true }})
	}
	place := b.settled()
	value, err := json.Marshal(position{place})
	if err != nil {
		return nil, err
	}
	all = append(all, change{authz.Entry{Key: placeKey, Value: value}, func() { b.place = place }})
	for key := range b.removals {
		all = append(all, change{authz.Entry{Key: key}, func() { delete(b.removals, key) }})
	}
	return all, nil
}
