package limit_test

import (
	"encoding/json"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway/limit"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestQuotaEndsAtMidnightUTCWhateverTheZone(t *testing.T) {
	q := limit.NewQuota(2, limit.Day)
	evening := at(t, "2026-02-28T22:30:00-01:00") // 23:30 UTC
	want := []limit.Verdict{
		{OK: true, Limit: 2, Remaining: 1, Reset: 30 * time.Minute, Window: 24 * time.Hour},
		{OK: true, Limit: 2, Remaining: 0, Reset: 30 * time.Minute, Window: 24 * time.Hour},
		{Limit: 2, RetryAfter: 30 * time.Minute, Reset: 30 * time.Minute, Window: 24 * time.Hour},
	}
	for i := range want {
		if diff := cmp.Diff(want[i], q.Take("c1", evening)); diff != "" {
			t.Errorf("request %d (-want +got):\n%s", i, diff)
		}
	}
	if !q.Take("c2", evening).OK {
		t.Error("c2 pays for c1")
	}
	if !q.Take("c1", evening.Add(30*time.Minute)).OK {
		t.Error("the new day gives no new quota")
	}
}

func TestMonthlyQuotaKnowsTheLengthOfTheMonth(t *testing.T) {
	q := limit.NewQuota(1, limit.Month)
	for _, tt := range []struct {
		now           string
		reset, window time.Duration
	}{
		{"2026-02-27T00:00:00Z", 48 * time.Hour, 28 * 24 * time.Hour},
		{"2026-03-01T00:00:00Z", 31 * 24 * time.Hour, 31 * 24 * time.Hour},
		{"2026-12-31T23:59:59Z", time.Second, 31 * 24 * time.Hour},
		{"2028-02-29T12:00:00Z", 12 * time.Hour, 29 * 24 * time.Hour},
	} {
		v := q.Take("c", at(t, tt.now))
		want := limit.Verdict{OK: true, Limit: 1, Reset: tt.reset, Window: tt.window}
		if diff := cmp.Diff(want, v); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.now, diff)
		}
	}
}

func TestClockSetBackOverMidnightGivesNoSecondQuota(t *testing.T) {
	q := limit.NewQuota(1, limit.Day)
	midnight := at(t, "2026-03-02T00:00:00Z")
	q.Take("c", midnight)
	v := q.Take("c", midnight.Add(-time.Minute))
	if v.OK || v.RetryAfter != 24*time.Hour+time.Minute {
		t.Errorf("%+v, want a refusal to the end of the later day", v)
	}
}

func TestQuotaOutlivesARestartWithinItsWindow(t *testing.T) {
	old := limit.NewQuota(3, limit.Day)
	for range 3 {
		old.Take("spent", noon)
	}
	old.Take("half", noon)
	text, err := json.Marshal(old.Snapshot(noon))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"period":"day","window":"2026-03-01T00:00:00Z","used":{"half":1,"spent":3}}`
	if string(text) != want {
		t.Errorf("snapshot is %s\nwant        %s", text, want)
	}
	var snap limit.Snapshot
	if err := json.Unmarshal(text, &snap); err != nil {
		t.Fatal(err)
	}

	restored := limit.NewQuota(3, limit.Day)
	restored.Restore(snap, noon.Add(time.Hour))
	if restored.Take("spent", noon.Add(time.Hour)).OK {
		t.Error("a restart gave a spent quota back")
	}
	if v := restored.Take("half", noon.Add(time.Hour)); !v.OK || v.Remaining != 1 {
		t.Errorf("after one of three before the restart and one after: %+v", v)
	}
}

func TestSnapshotOfAnotherWindowOrPeriodOrWithOddCountsIsVoid(t *testing.T) {
	day, _ := limit.Day.Window(noon)
	for name, snap := range map[string]limit.Snapshot{
		"yesterday":      {Period: limit.Day, Window: day.AddDate(0, 0, -1), Used: map[string]int{"c": 1}},
		"tomorrow":       {Period: limit.Day, Window: day.AddDate(0, 0, 1), Used: map[string]int{"c": 1}},
		"another period": {Period: limit.Month, Window: day, Used: map[string]int{"c": 1}},
		"below zero":     {Period: limit.Day, Window: day, Used: map[string]int{"c": -5}},
		"nothing":        {},
	} {
		q := limit.NewQuota(1, limit.Day)
		q.Restore(snap, noon)
		if !q.Take("c", noon).OK {
			t.Errorf("%s: the quota is spent", name)
		}
		if q.Take("c", noon).OK {
			t.Errorf("%s: the quota grew", name)
		}
	}
	q := limit.NewQuota(10, limit.Day)
	q.Restore(limit.Snapshot{Period: limit.Day, Window: day, Used: map[string]int{"c": int(^uint(0) >> 1)}}, noon)
	if q.Take("c", noon).OK {
		t.Error("a count above the quota left something of it")
	}
}

func TestPeriodsReadAsTheyAreWritten(t *testing.T) {
	for _, p := range []limit.Period{limit.Day, limit.Month} {
		if got, err := limit.ParsePeriod(p.String()); got != p || err != nil {
			t.Errorf("ParsePeriod(%q) = %v, %v", p, got, err)
		}
	}
	if _, err := limit.ParsePeriod("week"); err == nil {
		t.Error("a week is taken for a period")
	}
}

func TestQuotaIsExactAmongGoroutines(t *testing.T) {
	q := limit.NewQuota(100, limit.Day)
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 100 {
				if q.Take("c", noon).OK {
					allowed.Add(1)
				}
				if i%20 == 0 {
					q.Snapshot(noon)
				}
			}
		})
	}
	wg.Wait()
	if n := allowed.Load(); n != 100 {
		t.Errorf("%d requests passed a quota of 100", n)
	}
}
