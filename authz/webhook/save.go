package webhook

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"scopegate/authz"
)

const (
	// chunkBytes bounds the values of one write of entries: below what the store
	// takes, so that any delivery fits on top.
	chunkBytes = authz.MaxEntryBytes / 2
	// strayEvents is how many events that the webhook does not want are passed
	// before its place is written for their sake.
	strayEvents = 1000
	entryPage   = 100
)

// load reads the namespace, again and again until the store answers; false: ctx
// ended first. A webhook without a place begins where it was first seen.
func (s *sender) load(ctx context.Context) bool {
	for {
		err := s.open(ctx)
		if ctx.Err() != nil {
			return false
		}
		s.noteStore(ctx, &s.reads, "read where it stands", err)
		if err == nil {
			return true
		}
		timer := time.NewTimer(retryStore)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return false
		}
	}
}

func (s *sender) open(ctx context.Context) error {
	b := newBacklog()
	dead, placed := map[authz.Seq]struct{}{}, false
	err := eachEntry(ctx, s.store, s.name, "", func(e *authz.Entry) error {
		switch {
		case e.Key == placeKey:
			var at position
			placed = true
			err := json.Unmarshal(e.Value, &at)
			b.read, b.place = at.After, at.After
			return err
		case strings.HasPrefix(e.Key, deadPrefix):
			seq, err := seqOf(e.Key, deadPrefix)
			dead[seq] = struct{}{}
			return err
		case strings.HasPrefix(e.Key, heldPrefix):
			return b.remember(e, s.now())
		case strings.HasPrefix(e.Key, restPrefix):
			return b.rememberRest(e)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !placed {
		if err := s.beginAnew(ctx, b); err != nil {
			return err
		}
	}
	if err := s.countRests(ctx, b); err != nil {
		return err
	}
	s.backlog, s.dead = b, len(dead)
	b.noteDead(dead)
	return nil
}

// beginAnew gives the webhook its first place, durably: what happens from now
// on is delivered whatever comes.
func (s *sender) beginAnew(ctx context.Context, b *backlog) error {
	value, err := json.Marshal(position{s.begin})
	if err != nil {
		return err
	}
	b.read, b.place = s.begin, s.begin
	return s.put(ctx, []authz.Entry{{Key: placeKey, Value: value}})
}

// remember takes in a delivery of the namespace. Its next attempt is not farther
// away than the longest wait, whatever the clock did meanwhile.
func (b *backlog) remember(e *authz.Entry, now time.Time) error {
	d, err := readDelivery(e)
	if err != nil {
		return err
	}
	d.noted = true
	if d.Next.Sub(now) > wait(d.Attempts, 1) {
		d.Next = now
	}
	q := b.queue(d.ClientID)
	q.waiting = append(q.waiting, d) // entries come in the order of the log
	b.held++
	return nil
}

func (b *backlog) rememberRest(e *authz.Entry) error {
	var r restOf
	if err := json.Unmarshal(e.Value, &r); err != nil {
		return fmt.Errorf("entry %s: %w", e.Key, err)
	}
	first, err := seqOf(e.Key, restPrefix)
	q := b.queue(r.ClientID)
	q.rest, q.restKey, q.restNoted = r.From, first, true
	return err
}

// seqOf reads the position in an entry's key.
func seqOf(key, prefix string) (authz.Seq, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(key, prefix), 16, 64)
	if err != nil {
		return 0, fmt.Errorf("entry %s: %w", key, err)
	}
	return authz.Seq(n), nil
}

// noteDead keeps in mind which events behind the place are dead letters already.
func (b *backlog) noteDead(dead map[authz.Seq]struct{}) {
	for seq := range dead {
		if seq > b.place {
			b.alreadyDead[seq] = struct{}{}
		}
	}
}

// put writes entries of the webhook's namespace.
func (s *sender) put(ctx context.Context, entries []authz.Entry) error {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	return s.store.PutEntries(ctx, namespaceOf(s.name), entries)
}

// countRests counts what queues left in the log, of what was read of it.
func (s *sender) countRests(ctx context.Context, b *backlog) error {
	hook, from := s.hook.Load(), b.read
	for _, q := range b.queues {
		if q.rest != 0 {
			from = min(from, q.rest-1)
		}
	}
	for from < b.read {
		events, err := s.store.Events(ctx, from, logPage)
		if err != nil || len(events) == 0 {
			return err
		}
		for i := range events {
			e := &events[i]
			from = e.Seq
			if q := b.queues[e.ClientID]; q != nil && q.rest != 0 && e.Seq >= q.rest && e.Seq <= b.read && hook.wants(e) {
				q.skipped++
			}
		}
	}
	return nil
}

// saveIfDue brings the namespace up to date, at most once a second, and returns
// when it is due.
func (s *sender) saveIfDue(ctx context.Context) time.Time {
	if !s.backlog.dirty && s.backlog.read-s.backlog.place < strayEvents {
		return time.Time{}
	}
	if at := s.saved.Add(saveEvery); s.now().Before(at) {
		return at
	}
	s.save(ctx)
	return time.Time{}
}

// save writes what changed. What cannot be written is tried again.
func (s *sender) save(ctx context.Context) {
	if !s.backlog.dirty && s.backlog.read == s.backlog.place {
		return
	}
	s.saved = s.now()
	changes, err := s.backlog.changes()
	for err == nil && len(changes) > 0 {
		n := chunk(changes)
		entries := make([]authz.Entry, 0, n)
		for _, c := range changes[:n] {
			entries = append(entries, c.entry)
		}
		if err = s.put(ctx, entries); err != nil {
			break
		}
		for _, c := range changes[:n] {
			c.done()
		}
		changes = changes[n:]
	}
	s.noteStore(ctx, &s.writes, "write where it stands", err)
	s.backlog.dirty = err != nil
}

// chunk returns how many changes fit into one write; at least one.
func chunk(changes []change) int {
	bytes := 0
	for i := range changes[:min(len(changes), authz.MaxEntries)] {
		if bytes += len(changes[i].entry.Value); i > 0 && bytes > chunkBytes {
			return i
		}
	}
	return min(len(changes), authz.MaxEntries)
}

// namespaceOf names the namespace of a webhook.
func namespaceOf(name string) string { return "hook:" + name }

// eachEntry calls f with each entry of a webhook's namespace, in the order of keys.
func eachEntry(ctx context.Context, store authz.Store, name, prefix string, f func(*authz.Entry) error) error {
	for after := ""; ; {
		entries, err := store.Entries(ctx, namespaceOf(name), prefix, after, entryPage)
		if err != nil {
			return err
		}
		for i := range entries {
			if err := f(&entries[i]); err != nil {
				return err
			}
			after = entries[i].Key
		}
		if len(entries) < entryPage {
			return nil
		}
	}
}
