package webhook

import (
	"context"

	"scopegate/authz"
)

// logPage is how many events are read at a time.
const logPage = 256

// follow reads one page of the log, and of the rest of each lane that has
// nothing else to do. It reports whether there may be more.
func (s *sender) follow(ctx context.Context) (again bool) {
	hook := s.hook.Load()
	if s.book.hasRoom() {
		events, ok := s.events(ctx, s.book.read)
		if !ok {
			return false
		}
		for i := range events {
			e := &events[i]
			s.book.read = e.Seq
			if hook.wants(e) {
				s.book.add(deliveryOf(e))
			}
		}
		again = len(events) == logPage
	}
	for _, l := range s.book.lanes {
		if l.rest != 0 && len(l.waiting) == 0 && !l.trying {
			again = s.fetch(ctx, hook, l) || again
		}
	}
	return again
}

// fetch reads a page of what a lane left in the log. It reports whether there
// may be more of it to look at.
func (s *sender) fetch(ctx context.Context, hook *Hook, l *lane) (again bool) {
	events, ok := s.events(ctx, l.rest-1)
	if !ok {
		return false
	}
	for i := range events {
		e := &events[i]
		if e.Seq > s.book.read {
			break
		}
		if e.ClientID == l.client && hook.wants(e) {
			if len(l.waiting) == maxLane {
				l.rest = e.Seq
				return false // until these are gone
			}
			l.waiting = append(l.waiting, deliveryOf(e))
			l.skipped = max(0, l.skipped-1)
			s.book.held++
		}
		l.rest, s.book.dirty = e.Seq+1, true
	}
	if len(events) == 0 || l.rest > s.book.read {
		s.book.finish(l)
		return false
	}
	return len(l.waiting) == 0
}

// events reads the log; false: it cannot be read now.
func (s *sender) events(ctx context.Context, after authz.Seq) ([]authz.Event, bool) {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	events, err := s.store.Events(ctx, after, logPage)
	s.well(ctx, &s.reads, "read the control log", err)
	return events, err == nil
}

// health says whether the store takes reads, or writes; the log tells when that
// changes, and not each time.
type health struct{ failing bool }

// well notes how a call of the store ended.
func (s *sender) well(ctx context.Context, h *health, doing string, err error) {
	switch {
	case err != nil && !h.failing:
		h.failing = true
		s.log.WarnContext(ctx, "webhook waits for the store", "webhook", s.name, "doing", doing, "error", err)
	case err == nil && h.failing:
		h.failing = false
		s.log.InfoContext(ctx, "webhook goes on", "webhook", s.name, "doing", doing)
	}
}
