package webhook_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/authz/webhook"
)

func TestEachAskedEventIsDeliveredOnceAsItHappened(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.event(1, authz.EventClientCreated) // before the webhook is there
		hook := w.hook("crm")
		hook.Events = map[authz.EventKind]bool{authz.EventSecretRotated: true, authz.EventClientRevoked: true}
		w.run(w.store, hook)
		defer func() { w.stop() }()
		after(time.Second)
		w.event(1, authz.EventClientUpdated)
		w.event(1, authz.EventSecretRotated)
		w.event(1, authz.EventSecretRehashed)
		w.event(1, authz.EventClientRevoked)
		synctest.Wait()
		got := w.receiver.seen()
		if len(got) != 2 || got[0].kind != "secret.rotated" || got[0].seq != 3 || got[1].kind != "client.revoked" || got[1].seq != 5 {
			t.Fatalf("received %+v", got)
		}
		want := `{"type":"secret.rotated","timestamp":"2000-01-01T00:00:01Z","data":{"seq":3,"client_id":"00000001-0000-4000-8000-000000000000",` +
			`"client_name":"worker 1","owner_type":"tenant","owner_id":"42","actor":"admin:socket","reason":"a test","detail":"something"}}`
		if diff := cmp.Diff(want, got[0].body); diff != "" {
			t.Errorf("body (-want +got):\n%s", diff)
		}
		if got[0].id == got[1].id || !strings.HasPrefix(got[0].id, "evt_") || len(got[0].id) != 36 {
			t.Errorf("ids %q and %q", got[0].id, got[1].id)
		}
		after(time.Hour)
		if again := w.receiver.seen(); len(again) != 2 {
			t.Errorf("received again: %+v", again[2:])
		}
		if s := w.status("crm"); s.Pending != 0 || s.DeadLetters != 0 || s.DeliveredAt.IsZero() || s.Origin != "https://hooks.example.com" {
			t.Errorf("status %+v", s)
		}
	})
}

func TestAFailingEventHoldsBackOnlyItsOwnClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		failures := 3
		w.receiver.answers(func(r *received) int {
			if r.seq == 1 && failures > 0 {
				failures--
				return 503
			}
			return 200
		})
		w.run(w.store, w.hook("crm"))
		defer func() { w.stop() }()
		synctest.Wait()
		began := time.Now()
		for range 2 {
			w.event(1, authz.EventClientUpdated) // 1, 3
			w.event(2, authz.EventClientUpdated) // 2, 4
		}
		synctest.Wait()
		if got := w.receiver.delivered(); !slices.Equal(got, []int{2, 4}) {
			t.Fatalf("delivered %v while the other client waits", got)
		}
		if s := w.status("crm"); s.Pending != 2 || s.LastError != "answered 503" || !s.Oldest.Equal(began) {
			t.Errorf("status %+v", s)
		}
		after(time.Minute)
		if got := w.receiver.delivered(); !slices.Equal(got, []int{2, 4, 1, 3}) {
			t.Errorf("delivered %v", got)
		}
		var waits []time.Duration
		ids := map[string]bool{}
		for _, r := range w.receiver.seen() {
			if r.seq == 1 {
				waits, ids[r.id] = append(waits, r.at.Sub(began)), true
			}
		}
		if want := []time.Duration{0, 5 * time.Second, 17500 * time.Millisecond, 48750 * time.Millisecond}; !slices.Equal(waits, want) {
			t.Errorf("tried after %v, want %v", waits, want)
		}
		if log := w.logged(); !strings.Contains(log, "level=WARN msg=\"webhook delivery failed\"") || !strings.Contains(log, "webhook delivers again") {
			t.Errorf("log %s", log)
		}
		if len(ids) != 1 {
			t.Errorf("the event had the ids %v", ids)
		}
	})
}

func TestAnEventThatCannotBeDeliveredIsADeadLetterAfterADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receiver.answers(func(r *received) int {
			if r.seq == 1 {
				return 0
			}
			return 200
		})
		w.run(w.store, w.hook("crm"))
		defer func() { w.stop() }()
		began := time.Now()
		w.event(1, authz.EventClientCreated)
		w.event(1, authz.EventClientRevoked)
		after(20 * time.Hour)
		if s := w.status("crm"); s.Pending != 2 || s.DeadLetters != 0 {
			t.Fatalf("after 20 hours: %+v", s)
		}
		after(5 * time.Hour)
		if got := w.receiver.seen(); len(got) != 13 || got[12].seq != 2 {
			t.Fatalf("%d attempts, the last %+v", len(got), got[len(got)-1])
		}
		page, err := w.d.DeadLetters(t.Context(), "crm", 0, 10)
		if err != nil || len(page.DeadLetters) != 1 || page.Next != 0 {
			t.Fatalf("%+v, %v", page, err)
		}
		l := page.DeadLetters[0]
		if l.Seq != 1 || l.Kind != authz.EventClientCreated || l.ClientID != clientID(1) || l.Attempts != 12 || l.LastError != "connection reset" ||
			l.ID != w.receiver.seen()[0].id || l.DiedAt.Sub(began) < 20*time.Hour {
			t.Errorf("dead letter %+v", l)
		}
		if s := w.status("crm"); s.Pending != 0 || s.DeadLetters != 1 {
			t.Errorf("status %+v", s)
		}
		w.receiver.answers(nil)
		if n, err := w.d.Retry(t.Context(), "crm", []authz.Seq{1}); n != 1 || err != nil {
			t.Fatalf("Retry = %d, %v", n, err)
		}
		synctest.Wait()
		got := w.receiver.seen()
		if last := got[len(got)-1]; len(got) != 14 || last.seq != 1 || last.id != l.ID || last.status != 204 {
			t.Errorf("after a retry: %+v", last)
		}
		if s := w.status("crm"); s.Pending != 0 || s.DeadLetters != 0 {
			t.Errorf("status %+v", s)
		}
		if strings.Contains(w.logged(), "hunter2") || !strings.Contains(w.logged(), "webhook delivery given up") {
			t.Errorf("log %s", w.logged())
		}
	})
}

func TestDeadLettersAreListedInPagesRetriedAndDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.runFailing()
		defer func() { w.stop() }()
		for i := range 250 {
			w.event(i%7, authz.EventClientUpdated)
		}
		after(time.Minute)
		var seqs []authz.Seq
		for cursor := authz.Seq(0); ; {
			page, err := w.d.DeadLetters(t.Context(), "crm", cursor, 100)
			if err != nil {
				t.Fatal(err)
			}
			for _, l := range page.DeadLetters {
				seqs = append(seqs, l.Seq)
			}
			if cursor = page.Next; cursor == 0 {
				break
			}
		}
		if len(seqs) != 250 || !slices.IsSorted(seqs) || len(slices.Compact(slices.Clone(seqs))) != 250 {
			t.Fatalf("%d dead letters %v", len(seqs), seqs)
		}
		if n, err := w.d.Drop(t.Context(), "crm", seqs[:10]); n != 10 || err != nil {
			t.Fatalf("Drop = %d, %v", n, err)
		}
		if _, err := w.d.Drop(t.Context(), "crm", seqs[:1]); err == nil || !strings.Contains(err.Error(), "not found") {
			t.Errorf("dropping what is gone: %v", err)
		}
		w.receiver.answers(nil)
		if n, err := w.d.Retry(t.Context(), "crm", nil); n != 240 || err != nil {
			t.Fatalf("Retry = %d, %v", n, err)
		}
		after(time.Minute)
		inOrder(t, w.receiver.seen(), func(r *received) bool { return r.status == 204 })
		if got := w.receiver.delivered(); len(got) != 240 {
			t.Errorf("%d delivered after a retry of all", len(got))
		}
		if s := w.status("crm"); s.DeadLetters != 0 || s.Pending != 0 {
			t.Errorf("status %+v", s)
		}
		if n, err := w.d.Retry(t.Context(), "crm", nil); n != 0 || err != nil {
			t.Errorf("Retry of none = %d, %v", n, err)
		}
		for name, err := range map[string]error{
			"nobody": func() error { _, err := w.d.DeadLetters(t.Context(), "nobody", 0, 1); return err }(),
			"retry":  func() error { _, err := w.d.Retry(t.Context(), "nobody", nil); return err }(),
			"name":   func() error { _, err := w.d.Drop(t.Context(), "../nobody", nil); return err }(),
		} {
			if err == nil || !strings.Contains(err.Error(), "not found") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// inOrder checks that what was delivered of each client came in the order of
// the log, repetitions aside.
func inOrder(t testing.TB, all []received, which func(*received) bool) {
	t.Helper()
	last := map[string]int{}
	seen := map[int]bool{}
	for i := range all {
		r := &all[i]
		if !which(r) || seen[r.seq] {
			continue
		}
		seen[r.seq] = true
		if r.seq < last[r.client] {
			t.Errorf("client %s: %d came after %d", r.client, r.seq, last[r.client])
		}
		last[r.client] = r.seq
	}
}

func TestTheOldestDeadLetterGoesWhenThereAreTooMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.runFailing()
		defer func() { w.stop() }()
		for i := range webhook.MaxDeadLetters + 20 {
			w.event(i%50, authz.EventClientUpdated)
		}
		after(time.Minute)
		page, err := w.d.DeadLetters(t.Context(), "crm", 0, 2000)
		if err != nil || len(page.DeadLetters) != webhook.MaxDeadLetters || w.status("crm").DeadLetters != webhook.MaxDeadLetters {
			t.Fatalf("%d dead letters, %v", len(page.DeadLetters), err)
		}
		if !strings.Contains(w.logged(), "the oldest was dropped") {
			t.Error("the log does not tell of it")
		}
	})
}

func TestALongBacklogTakesBoundedMemoryAndKeepsItsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		down := map[string]bool{string(clientID(0)): true}
		w.receiver.answers(func(r *received) int {
			if down[r.client] {
				return 503
			}
			return 200
		})
		w.run(w.store, w.hook("crm"))
		defer func() { w.stop() }()
		synctest.Wait()
		const n = 900
		for i := range n {
			w.event(i%2*(1+i%3), authz.EventClientUpdated) // every second event is client 0's
		}
		after(10 * time.Second)
		// All but client 0's are through, though its events are more than a queue holds.
		if got := len(w.receiver.delivered()); got != n/2 {
			t.Fatalf("%d delivered of %d while one client fails", got, n/2)
		}
		if s := w.status("crm"); s.Pending != n/2 {
			t.Errorf("%d pending, want %d", s.Pending, n/2)
		}
		// A restart remembers them, and counts them again.
		w.stop()
		w.run(w.store, w.hook("crm"))
		synctest.Wait()
		if s := w.status("crm"); s.Pending != n/2 {
			t.Errorf("%d pending after a restart, want %d", s.Pending, n/2)
		}
		w.receiver.answers(nil)
		after(time.Hour)
		inOrder(t, w.receiver.seen(), func(r *received) bool { return r.status/100 == 2 })
		if got := w.receiver.delivered(); len(got) != n {
			t.Errorf("%d delivered, want each of %d once", len(got), n)
		}
		if s := w.status("crm"); s.Pending != 0 {
			t.Errorf("status %+v", s)
		}
		w.stop()
		left, err := w.store.Entries(t.Context(), "hook:crm", "", "", 100)
		if err != nil || len(left) != 1 || string(left[0].Value) != `{"after":900}` {
			t.Errorf("the namespace holds %v, %v", left, err)
		}
	})
}

func TestAReceiverThatIsDownForLongLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receiver.answers(func(*received) int { return 0 })
		w.run(w.store, w.hook("crm"))
		defer func() { w.stop() }()
		synctest.Wait()
		const n, clients = 2000, 31
		for i := range n {
			w.event(i%clients, authz.EventClientUpdated)
		}
		after(3 * time.Hour)
		entries := 0
		for after := ""; ; {
			page, err := w.store.Entries(t.Context(), "hook:crm", "", after, 1000)
			if err != nil {
				t.Fatal(err)
			}
			if len(page) == 0 {
				break
			}
			entries, after = entries+len(page), page[len(page)-1].Key
		}
		if entries > 1500 {
			t.Errorf("%d entries for a backlog of %d", entries, n)
		}
		w.receiver.answers(nil)
		after(24 * time.Hour)
		inOrder(t, w.receiver.seen(), func(r *received) bool { return r.status/100 == 2 })
		if got := w.receiver.delivered(); len(got) != n {
			t.Errorf("%d delivered, want each of %d once", len(got), n)
		}
	})
}

func TestSetAddsChangesAndRemovesWebhooks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.run(w.store, w.hook("one"))
		defer func() { w.stop() }()
		w.event(1, authz.EventClientCreated) // 1: one
		synctest.Wait()
		w.d.Set(t.Context(), []*webhook.Hook{w.hook("one"), w.hook("two")})
		w.event(1, authz.EventClientUpdated) // 2: one and two
		after(2 * time.Second)
		if got := w.receiver.delivered(); !slices.Equal(got, []int{1, 2, 2}) {
			t.Fatalf("delivered %v", got)
		}
		only := w.hook("two")
		only.Events = map[authz.EventKind]bool{authz.EventClientRevoked: true}
		w.d.Set(t.Context(), []*webhook.Hook{only})
		w.event(1, authz.EventClientUpdated) // 3: nobody now
		after(2 * time.Second)
		if got := w.receiver.delivered(); len(got) != 3 {
			t.Fatalf("delivered %v", got)
		}
		if all, err := w.d.List(t.Context()); err != nil || len(all) != 1 || all[0].Name != "two" || !slices.Equal(all[0].Events, []string{"client.revoked"}) {
			t.Errorf("webhooks %+v, %v", all, err)
		}
		// What comes back goes on where it was.
		w.d.Set(t.Context(), []*webhook.Hook{w.hook("one"), only})
		w.event(1, authz.EventClientRevoked) // 4: both
		after(2 * time.Second)
		got := w.receiver.delivered()
		slices.Sort(got)
		if !slices.Equal(got, []int{1, 2, 2, 3, 4, 4}) {
			t.Errorf("delivered %v", got)
		}
	})
}

func TestAStoreThatFailsIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.run(w.store, w.hook("crm"))
		defer func() { w.stop() }()
		synctest.Wait()
		w.store.Fail(authz.ErrUnavailable, authz.ErrUnavailable)
		after(time.Minute)
		w.store.Fail(nil, nil)
		w.event(1, authz.EventClientCreated)
		after(time.Minute)
		if got := w.receiver.delivered(); !slices.Equal(got, []int{1}) {
			t.Errorf("delivered %v", got)
		}
		// A dead letter that cannot be written is no dead letter, and not lost.
		hook := w.hook("crm")
		hook.Attempts = 1
		w.d.Set(t.Context(), []*webhook.Hook{hook})
		w.receiver.answers(func(*received) int {
			w.store.Fail(nil, authz.ErrFull)
			return 500
		})
		w.event(1, authz.EventClientUpdated)
		after(10 * time.Minute)
		w.store.Fail(nil, nil)
		w.receiver.answers(nil)
		after(10 * time.Minute)
		if got := w.receiver.delivered(); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("delivered %v", got)
		}
		if strings.Count(w.logged(), "webhook waits for the store") != 2 || strings.Count(w.logged(), "webhook goes on") != 2 {
			t.Errorf("log %s", w.logged())
		}
	})
}

func TestAStopLetsAttemptsEndForAMomentAndCutsTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receiver.takes = func(r *received) time.Duration {
			if r.seq == 1 {
				return time.Second
			}
			return 8 * time.Second
		}
		w.run(w.store, w.hook("crm"))
		synctest.Wait()
		w.event(1, authz.EventClientCreated)
		w.event(2, authz.EventClientCreated)
		synctest.Wait()
		began := time.Now()
		w.stop()
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("stopping took %s", took)
		}
		if got := w.receiver.delivered(); !slices.Equal(got, []int{1}) {
			t.Errorf("delivered %v", got)
		}
		w.receiver.takes = nil
		w.run(w.store, w.hook("crm"))
		defer func() { w.stop() }()
		after(time.Minute)
		if got := w.receiver.delivered(); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("delivered %v: what was cut is tried again at once, what went well is not repeated", got)
		}
	})
}

func TestASlowReceiverKeepsNobodyWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receiver.takes = func(*received) time.Duration { return time.Hour }
		w.run(w.store, w.hook("slow"))
		defer func() { w.stop() }()
		synctest.Wait()
		began := time.Now()
		for i := range 100 {
			w.event(i, authz.EventClientCreated) // wakes the dispatcher each time
		}
		if took := time.Since(began); took != 0 {
			t.Errorf("changes waited for %s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if all, err := w.d.List(ctx); err != nil || all[0].Pending == 0 {
			t.Errorf("%+v, %v", all, err)
		}
	})
}
