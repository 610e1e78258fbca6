package authz

import (
	"context"
	"fmt"
	"strings"
	"time"
)

const (
	// maxEventScan bounds how many events one call of FindEvents looks at.
	maxEventScan = 20_000
	eventPage    = 500
	// eventDisorder is how far the times of events may be out of the order of
	// their positions: a change gets its time before it waits for the disk.
	eventDisorder = 5 * time.Minute
)

// EventQuery selects events of the control log; the zero value selects all.
type EventQuery struct {
	After  Seq       // the position to begin behind
	Limit  int       // 1 to 1000; 0: 100
	Client ClientID  // of this client only
	Actor  string    // by actors whose name begins so
	Since  time.Time // not before this instant
	Until  time.Time // before this instant
}

// EventPage is what a call found. Next is how far it looked: the After of the
// next call. More says that the log may hold more of what was asked for.
type EventPage struct {
	Events []Event
	Next   Seq
	More   bool
}

// FindEvents returns the next events that a query selects, in the order of the
// log. It looks at 20,000 events at most, so that a page may hold fewer than
// Limit, or none, while there are more.
func FindEvents(ctx context.Context, s Store, q EventQuery) (EventPage, error) {
	last, err := s.LastSeq(ctx)
	if err != nil {
		return EventPage{}, fmt.Errorf("find events: %w", err)
	}
	page := EventPage{Next: q.After}
	if !q.Since.IsZero() {
		if page.Next, err = positionAt(ctx, s, q.After, last, q.Since.Add(-eventDisorder)); err != nil {
			return EventPage{}, fmt.Errorf("find events: %w", err)
		}
	}
	for seen := 0; page.Next < last && seen < maxEventScan; {
		events, err := s.Events(ctx, page.Next, eventPage)
		if err != nil {
			return EventPage{}, fmt.Errorf("find events: %w", err)
		}
		if len(events) == 0 {
			break
		}
		seen += len(events)
		for i := range events {
			if q.isPast(&events[i]) {
				return page, nil
			}
			page.Next = events[i].Seq
			if !q.selects(&events[i]) {
				continue
			}
			if page.Events = append(page.Events, events[i]); len(page.Events) == pageSize(q.Limit) {
				page.More = page.Next < last
				return page, nil
			}
		}
	}
	page.More = page.Next < last
	return page, nil
}

func (q *EventQuery) selects(e *Event) bool {
	return (q.Client == "" || e.ClientID == q.Client) && strings.HasPrefix(e.Change.Actor, q.Actor) &&
		!e.Change.At.Before(q.Since) && (q.Until.IsZero() || e.Change.At.Before(q.Until))
}

// isPast reports whether neither this event nor a later one can be selected.
func (q *EventQuery) isPast(e *Event) bool {
	return !q.Until.IsZero() && e.Change.At.After(q.Until.Add(eventDisorder))
}

// positionAt finds a position behind after such that all events up to it are
// earlier than the instant, by halving: a long log costs a few reads.
func positionAt(ctx context.Context, s Store, after, last Seq, at time.Time) (Seq, error) {
	low, high := after, last
	for low < high {
		middle := low + (high-low)/2
		events, err := s.Events(ctx, middle, 1)
		if err != nil {
			return 0, err
		}
		if len(events) == 0 || !events[0].Change.At.Before(at) {
			high = middle
			continue
		}
		low = events[0].Seq
	}
	return low, nil
}
