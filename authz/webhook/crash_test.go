package webhook_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"scopegate/authz"
	"scopegate/authz/webhook"
)

var crashes = flag.Int("crashes", 4, "how many histories with crashes are tried")

// mortal is a store whose process dies: from then on nothing that the sender
// writes gets there.
type mortal struct {
	authz.Store
	writes int64 // until death; below zero: for ever
}

func (m *mortal) PutEntries(ctx context.Context, namespace string, entries []authz.Entry) error {
	if atomic.LoadInt64(&m.writes) == 0 {
		return authz.ErrUnavailable
	}
	atomic.AddInt64(&m.writes, -1)
	return m.Store.PutEntries(ctx, namespace, entries)
}

// Whatever fails and whenever the process dies: each event is delivered or a
// dead letter, a repetition has the same id, and no client's event is delivered
// before one that came earlier, unless that is a dead letter.
func TestNothingIsLostAndOrderIsKeptAcrossCrashes(t *testing.T) {
	for seed := range *crashes {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { history(t, uint64(seed)) })
		})
	}
}

func history(t *testing.T, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 7))
	w := newWorld(t)
	clients := 1 + random.IntN(60)
	attempts := 2 + random.IntN(6)
	bad := random.IntN(100) // of a hundred attempts
	// The dispatcher's goroutines come at the same instant in any order, so
	// luck is drawn from what is tried, not from a sequence.
	w.receiver.answer = func(r *received) int {
		luck := rand.New(rand.NewPCG(seed+uint64(r.seq)<<20, uint64(r.at.UnixNano())))
		if luck.IntN(100) < bad {
			return [3]int{0, 503, 302}[luck.IntN(3)]
		}
		return 202
	}
	w.receiver.takes = func(r *received) time.Duration { return time.Duration(r.seq%7) * 100 * time.Millisecond }
	w.run(w.store, w.hook("crm")) // what is promised begins with its first place
	synctest.Wait()
	w.stop()
	total := 0
	for range 2 + random.IntN(4) {
		hook := w.hook("crm")
		hook.Attempts = attempts
		w.run(&mortal{w.store, int64(random.IntN(40))}, hook)
		for range random.IntN(8) {
			for range random.IntN(60) {
				if total == webhook.MaxDeadLetters {
					break // beyond it dead letters are dropped
				}
				w.event(random.IntN(clients), authz.EventClientUpdated)
				total++
			}
			after(time.Duration(random.IntN(40)) * time.Second)
		}
		w.stop()
		w.d = nil
	}
	hook := w.hook("crm")
	hook.Attempts = attempts
	w.run(w.store, hook)
	after(60 * time.Hour)
	page, err := w.d.DeadLetters(t.Context(), "crm", 0, 2000)
	if err != nil {
		t.Fatal(err)
	}
	if s := w.status("crm"); s.Pending != 0 {
		t.Errorf("status at the end %+v", s)
	}
	w.stop()
	judge(t, w, total, page.DeadLetters)
}

func judge[L any](t *testing.T, w *world, total int, letters []L) {
	t.Helper()
	ids := map[int]string{}
	for _, r := range w.receiver.seen() {
		if id, again := ids[r.seq]; again && id != r.id {
			t.Errorf("event %d has the ids %s and %s", r.seq, id, r.id)
		}
		ids[r.seq] = r.id
	}
	delivered := w.receiver.delivered()
	slices.Sort(delivered)
	delivered = slices.Compact(delivered)
	if lost := total - len(delivered) - len(letters); lost > 0 {
		t.Errorf("%d of %d events were neither delivered (%d) nor are they dead letters (%d)", lost, total, len(delivered), len(letters))
	}
	inOrder(t, w.receiver.seen(), func(r *received) bool { return r.status == 202 })
}
