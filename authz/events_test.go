package authz_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/store/memstore"
)

// reads counts how many events were read.
type reads struct {
	authz.Store
	events int
}

func (r *reads) Events(ctx context.Context, after authz.Seq, limit int) ([]authz.Event, error) {
	events, err := r.Store.Events(ctx, after, limit)
	r.events += len(events)
	return events, err
}

var logBegins = time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)

// longLog is n events, one a minute, whose times are up to a minute out of order.
func longLog(t testing.TB, n int) *reads {
	t.Helper()
	s := memstore.New()
	random := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		ch := authz.Change{
			Kind: authz.EventKeysRotated, Actor: [3]string{"admin:socket", "admin:token", "system"}[i%3],
			At: logBegins.Add(time.Duration(i)*time.Minute + time.Duration(random.IntN(60))*time.Second),
		}
		if err := s.Note(t.Context(), ch); err != nil {
			t.Fatal(err)
		}
	}
	return &reads{Store: s}
}

func TestEventsAreFoundByActorAndTimeWhereverTheyStand(t *testing.T) {
	const n = 3000
	s := longLog(t, n)
	all, err := s.Store.Events(t.Context(), 0, n)
	if err != nil {
		t.Fatal(err)
	}
	at := func(minute int) time.Time { return logBegins.Add(time.Duration(minute) * time.Minute) }
	for _, q := range []authz.EventQuery{
		{},
		{Limit: 1},
		{Limit: 1000},
		{Actor: "admin:"},
		{Actor: "admin:token", Limit: 7},
		{Actor: "nobody"},
		{Since: at(0)},
		{Since: at(2999)},
		{Since: at(5000)},
		{Since: at(1500), Until: at(1510)},
		{Until: at(3)},
		{Until: at(-1)},
		{Since: at(700), Actor: "system", Limit: 50},
		{Since: at(10), After: 2000},
		{After: n},
		{After: n + 10},
		{Client: "00000000-0000-4000-8000-000000000000"},
	} {
		var want, got []authz.Seq
		for i := range all {
			e := &all[i]
			if e.Seq > q.After && len(e.Change.Actor) >= len(q.Actor) && e.Change.Actor[:len(q.Actor)] == q.Actor && q.Client == "" &&
				!e.Change.At.Before(q.Since) && (q.Until.IsZero() || e.Change.At.Before(q.Until)) {
				want = append(want, e.Seq)
			}
		}
		for name, next := fmt.Sprintf("%+v", q), q; ; {
			page, err := authz.FindEvents(t.Context(), s, next)
			if err != nil {
				t.Fatal(err)
			}
			if limit := max(q.Limit, 100); q.Limit != 0 && len(page.Events) > q.Limit || len(page.Events) > limit && q.Limit == 0 {
				t.Errorf("%s: a page of %d", name, len(page.Events))
			}
			for _, e := range page.Events {
				got = append(got, e.Seq)
			}
			if page.More && page.Next <= next.After {
				t.Fatalf("%s: no progress behind %d", name, page.Next)
			}
			if next.After = page.Next; !page.More {
				break
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", q, diff)
		}
	}
}

func TestAnHourOfALongLogIsFoundWithoutReadingTheRest(t *testing.T) {
	s := longLog(t, 100_000)
	since := logBegins.Add(90_000 * time.Minute)
	page, err := authz.FindEvents(t.Context(), s, authz.EventQuery{Since: since, Until: since.Add(time.Hour), Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	if len(page.Events) != 60 || page.More || s.events > 1000 {
		t.Errorf("%d events, more %t, %d read", len(page.Events), page.More, s.events)
	}
}

func TestOneCallLooksAtABoundedPartOfTheLog(t *testing.T) {
	s := longLog(t, 50_000)
	page, err := authz.FindEvents(t.Context(), s, authz.EventQuery{Actor: "nobody"})
	if err != nil || len(page.Events) != 0 || !page.More || page.Next != 20_000 || s.events != 20_000 {
		t.Errorf("%d events, next %d, more %t, %d read, %v", len(page.Events), page.Next, page.More, s.events, err)
	}
}
