package webhook

import (
	"context"
	"fmt"
	"time"

	"scopegate/authz"
)

// deadLetterRetry is how long a delivery that could not become a dead letter waits
// for one more attempt.
const deadLetterRetry = time.Minute

// DeadLetter is a delivery that was given up.
type DeadLetter struct {
	Seq       authz.Seq
	ID        string // the webhook-id that the receiver would have read
	Kind      authz.EventKind
	At        time.Time // of the event
	ClientID  authz.ClientID
	Attempts  int
	LastError string
	DiedAt    time.Time
}

// DeadLetterPage is one page of them; Next is 0 on the last one.
type DeadLetterPage struct {
	DeadLetters []DeadLetter
	Next        authz.Seq
}

func deadLetterOf(d *delivery) DeadLetter {
	return DeadLetter{d.Seq, d.id(), d.Kind, d.At, d.ClientID, d.Attempts, d.LastError, d.DiedAt}
}

// giveUp makes the queue's first a dead letter. If that cannot be written, it is
// tried once more instead, so that nothing is lost.
func (s *sender) giveUp(ctx context.Context, q *queue) {
	d := q.waiting[0]
	letter := *d
	letter.DiedAt, letter.Next = s.now().UTC(), time.Time{}
	e, err := letter.entry(deadPrefix)
	if err == nil {
		err = s.put(ctx, []authz.Entry{e, {Key: key(heldPrefix, d.Seq)}})
	}
	s.noteStore(ctx, &s.writes, "write a dead letter", err)
	if err != nil {
		d.Attempts--
		d.Next = s.now().Add(deadLetterRetry)
		return
	}
	s.dead++
	s.counts.Dead()
	s.log.ErrorContext(ctx, "webhook delivery given up; it is a dead letter", "webhook", s.name, "seq", uint64(d.Seq), "kind", string(d.Kind),
		"client_id", string(d.ClientID), "attempts", d.Attempts, "error", d.LastError)
	s.backlog.settle(q)
	s.dropOldest(ctx)
}

// dropOldest keeps the dead letters within their bound.
func (s *sender) dropOldest(ctx context.Context) {
	if s.dead <= MaxDeadLetters {
		return
	}
	entries, err := s.store.Entries(ctx, namespaceOf(s.name), deadPrefix, "", 1)
	if err == nil && len(entries) == 1 {
		entries[0].Value = nil
		err = s.put(ctx, entries)
	}
	if err != nil {
		s.noteStore(ctx, &s.writes, "drop the oldest dead letter", err)
		return
	}
	s.dead--
	s.counts.Dropped()
	s.log.ErrorContext(ctx, "webhook has too many dead letters; the oldest was dropped", "webhook", s.name, "kept", s.dead)
}

// requeue puts dead letters back among what waits, each in its place in the
// order of its client; none: all of them. It is durable when it returns.
func (s *sender) requeue(ctx context.Context, seqs []authz.Seq) (requeued int, err error) {
	letters, err := deadLetters(ctx, s.store, s.name, seqs)
	if err != nil {
		return 0, err
	}
	for len(letters) > 0 {
		entries, n, err := requeueEntries(letters)
		if err == nil {
			err = s.put(ctx, entries)
		}
		if err != nil {
			return requeued, err
		}
		for _, d := range letters[:n] {
			delete(s.backlog.removals, key(heldPrefix, d.Seq))
			s.backlog.requeue(d)
		}
		s.dead, requeued = max(0, s.dead-n), requeued+n
		letters = letters[n:]
	}
	return requeued, nil
}

// requeueEntries are one write that requeues the first n of the letters, as many as fit.
func requeueEntries(letters []*delivery) (entries []authz.Entry, n int, err error) {
	bytes := 0
	for _, d := range letters[:min(len(letters), authz.MaxEntries/2)] {
		d.Attempts, d.Next, d.DiedAt, d.noted = 0, time.Time{}, time.Time{}, true
		held, err := d.entry(heldPrefix)
		if err != nil {
			return nil, 0, err
		}
		if bytes += len(held.Value); n > 0 && bytes > authz.MaxEntryBytes {
			break
		}
		entries = append(entries, held, authz.Entry{Key: key(deadPrefix, d.Seq)})
		n++
	}
	return entries, n, nil
}

// requeue takes a dead letter in again, before what its client has waiting.
func (b *backlog) requeue(d *delivery) {
	q := b.queue(d.ClientID)
	at := 0
	for at < len(q.waiting) && q.waiting[at].Seq < d.Seq {
		at++
	}
	if at < len(q.waiting) && q.waiting[at].Seq == d.Seq {
		return
	}
	q.insert(at, d)
	b.held++
}

// deadLetters reads the given dead letters, all if none is given; ErrNotFound
// where there is none of that number.
func deadLetters(ctx context.Context, store authz.Store, name string, seqs []authz.Seq) ([]*delivery, error) {
	var letters []*delivery
	if len(seqs) == 0 {
		err := eachEntry(ctx, store, name, deadPrefix, func(e *authz.Entry) error {
			d, err := readDelivery(e)
			letters = append(letters, d)
			return err
		})
		return letters, err
	}
	for _, seq := range seqs {
		entries, err := store.Entries(ctx, namespaceOf(name), key(deadPrefix, seq), "", 1)
		if err != nil {
			return nil, err
		}
		if len(entries) == 0 {
			return nil, fmt.Errorf("dead letter %d of webhook %s: %w", seq, name, authz.ErrNotFound)
		}
		d, err := readDelivery(&entries[0])
		if err != nil {
			return nil, err
		}
		letters = append(letters, d)
	}
	return letters, nil
}
