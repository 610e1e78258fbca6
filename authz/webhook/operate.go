package webhook

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"scopegate/authz"
)

// Status is what people are shown of a webhook.
type Status struct {
	Name        string
	Origin      string
	Events      []string
	Pending     int       // events that wait, and those on their way
	Oldest      time.Time // when the oldest of them happened; zero: none waits
	DeadLetters int
	DeliveredAt time.Time // the last that went well; zero: none since the start
	FailedAt    time.Time // the last attempt that failed; zero: none since the start
	LastError   string    // why it failed
}

// List returns the webhooks, by name.
func (d *Dispatcher) List(ctx context.Context) ([]Status, error) {
	d.mu.Lock()
	senders := make([]*sender, 0, len(d.senders))
	for _, s := range d.senders {
		senders = append(senders, s)
	}
	d.mu.Unlock()
	slices.SortFunc(senders, func(a, b *sender) int { return strings.Compare(a.name, b.name) })
	list := make([]Status, 0, len(senders))
	for _, s := range senders {
		var status Status
		if err := s.call(ctx, func() { status = s.status() }); err != nil {
			return nil, err
		}
		list = append(list, status)
	}
	return list, nil
}

func (s *sender) status() Status {
	h := s.hook.Load()
	out := Status{
		Name: h.Name, Origin: h.Origin, Events: h.Kinds(), DeadLetters: s.dead,
		DeliveredAt: s.last.deliveredAt, FailedAt: s.last.failedAt, LastError: s.last.err,
	}
	out.Pending, out.Oldest = s.backlog.pending()
	return out
}

// call runs f in the goroutine that owns the backlog.
func (s *sender) call(ctx context.Context, f func()) error {
	ctx, cancel := context.WithTimeout(ctx, storeLimit)
	defer cancel()
	done := make(chan struct{})
	select {
	case s.calls <- func() { f(); close(done) }:
		<-done
		return nil
	case <-s.stopped:
		return fmt.Errorf("webhook %s has ended: %w", s.name, authz.ErrUnavailable)
	case <-ctx.Done():
		return fmt.Errorf("webhook %s does not answer: %w: %w", s.name, authz.ErrUnavailable, ctx.Err())
	}
}

// DeadLetters returns a page of a webhook's dead letters behind a position,
// oldest event first; limit is 1 to 1000. A webhook that is not configured any
// more still has them.
func (d *Dispatcher) DeadLetters(ctx context.Context, name string, after authz.Seq, limit int) (DeadLetterPage, error) {
	if err := checkName(name); err != nil {
		return DeadLetterPage{}, err
	}
	entries, err := d.Store.Entries(ctx, namespaceOf(name), deadPrefix, key(deadPrefix, after), limit+1)
	if err != nil {
		return DeadLetterPage{}, err
	}
	if len(entries) == 0 && after == 0 && d.sender(name) == nil {
		return DeadLetterPage{}, fmt.Errorf("webhook %s: %w", name, authz.ErrNotFound)
	}
	var page DeadLetterPage
	for i := range entries {
		if i == limit {
			page.Next = page.DeadLetters[i-1].Seq
			break
		}
		letter, err := readDelivery(&entries[i])
		if err != nil {
			return DeadLetterPage{}, err
		}
		page.DeadLetters = append(page.DeadLetters, deadLetterOf(letter))
	}
	return page, nil
}

// Retry sends dead letters once more, with all attempts, in the order of their
// clients' events as far as those still wait; no positions: all. It says how
// many, also beside an error.
func (d *Dispatcher) Retry(ctx context.Context, name string, seqs []authz.Seq) (n int, err error) {
	s := d.sender(name)
	if s == nil {
		return 0, fmt.Errorf("webhook %.40q: %w", name, authz.ErrNotFound)
	}
	called := s.call(ctx, func() { n, err = s.requeue(ctx, seqs) })
	if called != nil {
		return 0, called
	}
	return n, err
}

// Drop forgets dead letters; no positions: all. It says how many, also beside
// an error.
func (d *Dispatcher) Drop(ctx context.Context, name string, seqs []authz.Seq) (n int, err error) {
	if err := checkName(name); err != nil {
		return 0, err
	}
	s := d.sender(name)
	if s == nil { // not configured any more: nobody else touches its namespace
		return drop(ctx, d.Store, name, seqs)
	}
	called := s.call(ctx, func() {
		n, err = drop(ctx, d.Store, name, seqs)
		s.dead = max(0, s.dead-n)
	})
	if called != nil {
		return 0, called
	}
	return n, err
}

func drop(ctx context.Context, store authz.Store, name string, seqs []authz.Seq) (n int, err error) {
	letters, err := deadLetters(ctx, store, name, seqs)
	if err != nil {
		return 0, err
	}
	for some := range slices.Chunk(letters, authz.MaxEntries) {
		entries := make([]authz.Entry, 0, len(some))
		for _, letter := range some {
			entries = append(entries, authz.Entry{Key: key(deadPrefix, letter.Seq)})
		}
		if err := store.PutEntries(ctx, namespaceOf(name), entries); err != nil {
			return n, err
		}
		n += len(some)
	}
	return n, nil
}

func (d *Dispatcher) sender(name string) *sender {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.senders[name]
}

// checkName keeps what is no webhook's name away from the store.
func checkName(name string) error {
	if !namePattern.MatchString(name) {
		return fmt.Errorf("webhook %.40q: %w", name, authz.ErrNotFound)
	}
	return nil
}
