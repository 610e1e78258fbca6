package limit_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway/exchange"
	"scopegate/gateway/limit"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestBucketGivesItsBurstThenItsRate(t *testing.T) {
	b := limit.NewBucket(limit.Rate{N: 10, Per: time.Second, Burst: 3})
	const window = 300 * time.Millisecond
	steps := []struct {
		after time.Duration
		want  limit.Verdict
	}{
		{0, limit.Verdict{OK: true, Limit: 3, Remaining: 2, Reset: 100 * time.Millisecond, Window: window}},
		{0, limit.Verdict{OK: true, Limit: 3, Remaining: 1, Reset: 200 * time.Millisecond, Window: window}},
		{0, limit.Verdict{OK: true, Limit: 3, Remaining: 0, Reset: 300 * time.Millisecond, Window: window}},
		{0, limit.Verdict{Limit: 3, RetryAfter: 100 * time.Millisecond, Reset: 300 * time.Millisecond, Window: window}},
		{40 * time.Millisecond, limit.Verdict{Limit: 3, RetryAfter: 60 * time.Millisecond, Reset: 260 * time.Millisecond, Window: window}},
		{100 * time.Millisecond, limit.Verdict{OK: true, Limit: 3, Remaining: 0, Reset: 300 * time.Millisecond, Window: window}},
		{time.Hour, limit.Verdict{OK: true, Limit: 3, Remaining: 2, Reset: 100 * time.Millisecond, Window: window}},
	}
	for i, s := range steps {
		if diff := cmp.Diff(s.want, b.Allow(noon.Add(s.after))); diff != "" {
			t.Errorf("request %d, after %s (-want +got):\n%s", i, s.after, diff)
		}
	}
}

func TestRetryAfterIsExactlyWhenTheNextRequestPasses(t *testing.T) {
	for _, r := range []limit.Rate{
		{N: 1, Per: time.Second}, {N: 7, Per: time.Hour, Burst: 2}, {N: 3, Per: time.Minute, Burst: 50}, {N: 1e9, Per: time.Second, Burst: 4},
	} {
		b, now := limit.NewBucket(r), noon
		for b.Allow(now).OK {
		}
		now = now.Add(b.Allow(now).RetryAfter)
		if b.Allow(now.Add(-1)).OK {
			t.Errorf("%+v: a request before Retry-After passes", r)
		}
		if !b.Allow(now).OK {
			t.Errorf("%+v: a request after Retry-After is refused", r)
		}
	}
}

func TestRatesThatMakeNoSenseAreNamedAndLetNothingPass(t *testing.T) {
	for _, r := range []limit.Rate{
		{}, {N: -1, Per: time.Second}, {N: 1}, {N: 1, Per: -1}, {N: 11, Per: 10}, {N: 1, Per: time.Second, Burst: limit.MaxBurst + 1},
	} {
		if r.Check() == nil {
			t.Errorf("Check(%+v) finds nothing wrong", r)
		}
		if v := limit.NewBucket(r).Allow(noon); v.OK || v.RetryAfter <= 0 {
			t.Errorf("%+v: %+v, want a refusal", r, v)
		}
		if v := limit.NewKeyed[string](r, 10).Allow("k", noon); v.OK || v.RetryAfter <= 0 {
			t.Errorf("%+v, keyed: %+v, want a refusal", r, v)
		}
	}
}

func TestLargestRateStaysWithinIntegers(t *testing.T) {
	b := limit.NewBucket(limit.Rate{N: 1, Per: 24 * time.Hour, Burst: limit.MaxBurst})
	for range 10 {
		if v := b.Allow(noon); !v.OK || v.Remaining < 0 || v.Reset < 0 || v.Window < 0 {
			t.Fatalf("%+v", v)
		}
	}
}

func TestBucketGivesNoMoreThanItsBurstToManyGoroutines(t *testing.T) {
	b := limit.NewBucket(limit.Rate{N: 1, Per: time.Hour, Burst: 100})
	var allowed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if b.Allow(noon).OK {
					allowed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if n := allowed.Load(); n != 100 {
		t.Errorf("%d requests passed a burst of 100", n)
	}
}

func TestFieldsOfAVerdict(t *testing.T) {
	for name, tt := range map[string]struct {
		verdict limit.Verdict
		policy  string
		want    []exchange.Field
	}{
		"passed": {
			limit.Verdict{OK: true, Limit: 200, Remaining: 199, Reset: 10 * time.Millisecond, Window: 2 * time.Second},
			"client",
			[]exchange.Field{{Name: "RateLimit-Policy", Value: `"client";q=200;w=2`}, {Name: "RateLimit", Value: `"client";r=199;t=1`}},
		},
		"refused, RFC 6585 4, rounded up": {
			limit.Verdict{Limit: 3, RetryAfter: 1001 * time.Millisecond, Reset: 1500 * time.Millisecond, Window: 100 * time.Millisecond},
			"route",
			[]exchange.Field{
				{Name: "RateLimit-Policy", Value: `"route";q=3;w=1`},
				{Name: "RateLimit", Value: `"route";r=0;t=2`},
				{Name: "Retry-After", Value: "2"},
			},
		},
		"refused at the very moment": {
			limit.Verdict{}, "route", []exchange.Field{{Name: "Retry-After", Value: "1"}},
		},
		"not configured": {limit.Verdict{OK: true}, "route", nil},
		"a name that a String of RFC 9651 3.3.3 cannot hold as it is": {
			limit.Verdict{OK: true, Limit: 1, Window: time.Second},
			"a\"b\\c\r\né",
			[]exchange.Field{
				{Name: "RateLimit-Policy", Value: `"a\"b\\c____";q=1;w=1`}, {Name: "RateLimit", Value: `"a\"b\\c____";r=0;t=0`},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, tt.verdict.Fields(tt.policy)); diff != "" {
				t.Errorf("Fields (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLimitsThatAreNotConfiguredLetEverythingPass(t *testing.T) {
	var (
		bucket *limit.Bucket
		keyed  *limit.Keyed[string]
		gate   *limit.Gate
		gates  *limit.KeyedGate[string]
		quota  *limit.Quota
	)
	for name, v := range map[string]limit.Verdict{
		"Bucket": bucket.Allow(noon), "Keyed": keyed.Allow("k", noon), "Quota": quota.Take("c", noon),
	} {
		if !v.OK || v.Fields(name) != nil {
			t.Errorf("nil %s: %+v", name, v)
		}
	}
	if !gate.Enter() || !gates.Enter("k") {
		t.Error("a nil gate is closed")
	}
	gate.Leave()
	gates.Leave("k")
	quota.Restore(quota.Snapshot(noon), noon)
}
