package webhook

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"scopegate/authz"
)

// book is what a sender knows of its deliveries: what waits in memory, by
// client, and what of it the namespace remembers. It does nothing by itself.
type book struct {
	read  authz.Seq // the log was looked at up to here
	place authz.Seq // what the namespace says; see save
	lanes map[authz.ClientID]*lane
	held  int                 // deliveries in memory
	gone  map[string]struct{} // entries to take out
	// buried are dead letters behind the place: a crash came before it was
	// written.
	buried map[authz.Seq]struct{}
	dirty  bool // something was settled or has to be remembered
}

func newBook() *book {
	return &book{lanes: map[authz.ClientID]*lane{}, gone: map[string]struct{}{}, buried: map[authz.Seq]struct{}{}}
}

// key names an entry of the namespace.
func key(prefix string, seq authz.Seq) string { return fmt.Sprintf("%s%016x", prefix, uint64(seq)) }

// The entries of a webhook's namespace.
const (
	placeKey   = "place" // position: all up to it is delivered, dead, or remembered
	heldPrefix = "held/" // a delivery that failed, or waits behind one that did
	restPrefix = "rest/" // rest of a lane
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

func (b *book) lane(client authz.ClientID) *lane {
	l := b.lanes[client]
	if l == nil {
		l = &lane{client: client}
		b.lanes[client] = l
	}
	return l
}

// add takes in a delivery that the log tells of.
func (b *book) add(d *delivery) {
	if _, dead := b.buried[d.Seq]; dead {
		delete(b.buried, d.Seq)
		return
	}
	l := b.lane(d.ClientID)
	before := len(l.waiting)
	if !l.add(d) {
		b.dirty = true
	}
	b.held += len(l.waiting) - before
}

// hasRoom reports whether more of the log may be read.
func (b *book) hasRoom() bool { return b.held < maxHeld }

// next returns lanes whose first may be tried now, the longest waiting event
// first, and when another one may.
func (b *book) next(now time.Time, limit int) (due []*lane, later time.Time) {
	for _, l := range b.lanes {
		at, ok := l.due()
		switch {
		case !ok:
		case !at.After(now):
			due = append(due, l)
		case later.IsZero() || at.Before(later):
			later = at
		}
	}
	slices.SortFunc(due, func(x, y *lane) int {
		return cmp.Or(x.waiting[0].Next.Compare(y.waiting[0].Next), cmp.Compare(x.waiting[0].Seq, y.waiting[0].Seq))
	})
	return due[:min(len(due), limit)], later
}

// settle takes the lane's first out: it is delivered, or a dead letter.
func (b *book) settle(l *lane) {
	d := l.waiting[0]
	l.waiting = slices.Delete(l.waiting, 0, 1)
	b.held--
	if d.noted {
		b.gone[key(heldPrefix, d.Seq)] = struct{}{}
	}
	b.dirty = true
	b.drop(l)
}

// finish says that a lane's rest was read to its end.
func (b *book) finish(l *lane) {
	if l.restNoted {
		b.gone[key(restPrefix, l.restKey)] = struct{}{}
	}
	l.rest, l.restKey, l.restNoted, l.skipped = 0, 0, false, 0
	b.dirty = true
	b.drop(l)
}

func (b *book) drop(l *lane) {
	if l.empty() {
		delete(b.lanes, l.client)
	}
}

// settled is the position up to which everything is delivered, dead, or
// remembered once the changes of this moment are written.
func (b *book) settled() authz.Seq {
	place := b.read
	for _, l := range b.lanes {
		if l.troubled() {
			continue
		}
		for _, d := range l.waiting {
			if !d.noted {
				place = min(place, d.Seq-1)
			}
		}
	}
	return max(place, b.place)
}

// pending counts what waits, and returns when the oldest of it happened.
func (b *book) pending() (n int, oldest time.Time) {
	for _, l := range b.lanes {
		n += len(l.waiting) + l.skipped
		if len(l.waiting) > 0 && (oldest.IsZero() || l.waiting[0].At.Before(oldest)) {
			oldest = l.waiting[0].At
		}
	}
	return n, oldest
}

// change is an entry to write, and what is true once it is written.
type change struct {
	entry authz.Entry
	done  func()
}

// changes are the entries that bring the namespace up to the book, in an order in
// which a crash between any two loses nothing.
func (b *book) changes() ([]change, error) {
	var all []change
	for _, l := range b.lanes {
		if !l.troubled() {
			continue
		}
		for _, d := range l.waiting {
			if d.noted && !d.changed {
				continue
			}
			e, err := d.entry(heldPrefix)
			if err != nil {
				return nil, err
			}
			all = append(all, change{e, func() { d.noted, d.changed = true, false }})
		}
		if l.rest == 0 {
			continue
		}
		value, err := json.Marshal(restOf{l.client, l.rest})
		if err != nil {
			return nil, err
		}
		all = append(all, change{authz.Entry{Key: key(restPrefix, l.restKey), Value: value}, func() { l.restNoted = true }})
	}
	place := b.settled()
	value, err := json.Marshal(position{place})
	if err != nil {
		return nil, err
	}
	all = append(all, change{authz.Entry{Key: placeKey, Value: value}, func() { b.place = place }})
	for key := range b.gone {
		all = append(all, change{authz.Entry{Key: key}, func() { delete(b.gone, key) }})
	}
	return all, nil
}
