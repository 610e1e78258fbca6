package webhook_test

import (
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"scopegate/authz"
)

func TestAttemptsAreCountedAcrossRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receiver.answers(func(*received) int { return 503 })
		hook := w.hook("crm")
		hook.Attempts = 4
		w.run(w.store, hook)
		synctest.Wait()
		w.event(1, authz.EventClientCreated)
		after(2 * time.Second)
		w.stop() // remembered after one attempt
		w.run(w.store, hook)
		after(10 * time.Second)
		w.stop() // and after two
		w.run(w.store, hook)
		defer func() { w.stop() }()
		after(time.Hour)
		if n := len(w.receiver.seen()); n != 4 {
			t.Errorf("%d attempts, want 4", n)
		}
		if s := w.status("crm"); s.DeadLetters != 1 || s.Pending != 0 {
			t.Errorf("status %+v", s)
		}
	})
}

func TestWhatIsRememberedIsNotReadFromTheLogAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receiver.takes = func(r *received) time.Duration {
			if r.client == string(clientID(1)) {
				return 9 * time.Second // keeps the place before its event
			}
			return 0
		}
		w.receiver.answers(func(r *received) int {
			if r.client == string(clientID(2)) {
				return 503
			}
			return 200
		})
		store := &mortal{w.store, -1}
		w.run(store, w.hook("crm"))
		synctest.Wait()
		w.event(1, authz.EventClientCreated)
		w.event(2, authz.EventClientCreated)
		after(3 * time.Second)              // the second is remembered
		atomic.StoreInt64(&store.writes, 0) // the process dies
		w.stop()
		held, err := w.store.Entries(t.Context(), "hook:crm", "held/", "", 10)
		if err != nil || len(held) != 1 {
			t.Fatalf("held %v, %v", held, err)
		}
		w.receiver.takes = nil
		w.receiver.answers(nil)
		w.run(w.store, w.hook("crm"))
		defer func() { w.stop() }()
		after(time.Hour)
		got := w.receiver.delivered()
		slices.Sort(got)
		if !slices.Equal(got, []int{1, 2}) {
			t.Errorf("delivered %v", got)
		}
	})
}

func TestADeadLetterIsRetriedBehindWhatIsOnItsWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receiver.answers(func(*received) int { return 500 })
		hook := w.hook("crm")
		hook.Attempts = 1
		w.run(w.store, hook)
		defer func() { w.stop() }()
		synctest.Wait()
		w.event(1, authz.EventClientCreated)
		after(time.Second)
		w.receiver.answers(nil)
		w.receiver.takes = func(r *received) time.Duration { return 5 * time.Second }
		w.event(1, authz.EventClientUpdated)
		w.event(1, authz.EventClientRevoked)
		after(time.Second) // the second is on its way
		if n, err := w.d.Retry(t.Context(), "crm", nil); n != 1 || err != nil {
			t.Fatalf("Retry = %d, %v", n, err)
		}
		after(time.Hour)
		if got := w.receiver.delivered(); !slices.Equal(got, []int{2, 1, 3}) {
			t.Errorf("delivered %v", got)
		}
		if s := w.status("crm"); s.DeadLetters != 0 || s.Pending != 0 {
			t.Errorf("status %+v", s)
		}
	})
}
