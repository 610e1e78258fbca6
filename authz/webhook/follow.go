package webhook

import (
	"context"

	"scopegate/authz"
)

// logPage is how many events are read at a time.
const logPage = 256

// follow reads one page of the log, and of the rest of each queue that has
// nothing else to do. It reports whether there may be more.
func (s *sender) follow(ctx context.Context) (again bool) {
	hook := s.hook.Load()
	if s.backlog.hasRoom() {
		events, ok := s.events(ctx, s.backlog.read)
		if !ok {
			return false
		}
		for i := range events {
			e := &events[i]
			s.backlog.read = e.Seq
			if hook.wants(e) {
				s.backlog.add(deliveryOf(e))
			}
		}
		again = len(events) == logPage
	}
	for _, q := range s.backlog.queues {
		if q.rest != 0 && len(q.waiting) == 0 && !q.trying {
			again = s.fetch(ctx, hook, q) || again
		}
	}
	return again
}

// fetch reads a page of what a queue left in the log. It reports whether there
// may be more of it to look at.
func (s *sender) fetch(ctx context.Context, hook *Hook, q *queue) (again bool) {
	events, ok := s.events(ctx, q.rest-1)
	if !ok {
		return false
	}
	for i := range events {
		e := &events[i]
		if e.Seq > s.backlog.read {
			break
		}
		if e.ClientID == q.client && hook.wants(e) {
			if len(q.waiting) == maxQueue {
				q.rest = e.Seq
				return false // until these are gone
			}
			q.waiting = append(q.waiting, deliveryOf(e))
			q.skipped = max(0, q.skipped-1)
			s.backlog.held++
		}
		q.rest, s.backlog.dirty = e.Seq+1, true
	}
	if len(events) == 0 || q.rest > s.backlog.read {
		s.backlog.finish(q)
		return false
	}
	return len(q.waiting) == 0
}

// events reads the log; false: it cannot be read now.
func (s *sender) events(ctx context.Context, after authz.Seq) ([]authz.Event, bool) {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	events, err := s.store.Events(ctx, after, logPage)
	s.noteStore(ctx, &s.reads, "read the control log", err)
	return events, err == nil
}

// health says whether the store takes reads, or writes; the log tells when that
// changes, and not each time.
type health struct{ failing bool }

// noteStore notes how a call of the store ended.
func (s *sender) noteStore(ctx context.Context, h *health, doing string, err error) {
	switch {
	case err != nil && !h.failing:
		h.failing = true
		s.log.WarnContext(ctx, "webhook waits for the store", "webhook", s.name, "doing", doing, "error", err)
	case err == nil && h.failing:
		h.failing = false
		s.log.InfoContext(ctx, "webhook goes on", "webhook", s.name, "doing", doing)
	}
}
