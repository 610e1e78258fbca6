package authz_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
)

// noon is when the tests of the clock begin.
var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTheClockNeverStepsBack(t *testing.T) {
	wall := noon
	clock := authz.NewClock(func() time.Time { return wall }, time.Time{})
	steps := []struct {
		by     time.Duration
		now    time.Duration // since noon
		behind time.Duration
	}{
		{0, 0, 0},
		{3 * time.Hour, 3 * time.Hour, 0},
		{-2 * time.Hour, 3 * time.Hour, 2 * time.Hour},
		{30 * time.Minute, 3 * time.Hour, 90 * time.Minute},
		{-48 * time.Hour, 3 * time.Hour, 49*time.Hour + 30*time.Minute},
		{49*time.Hour + 30*time.Minute, 3 * time.Hour, 0},
		{time.Millisecond, 3*time.Hour + time.Millisecond, 0},
		{999 * time.Microsecond, 3*time.Hour + time.Millisecond, 0},
		{time.Microsecond, 3*time.Hour + 2*time.Millisecond, 0},
	}
	for i, s := range steps {
		wall = wall.Add(s.by)
		if got := clock.Now().Sub(noon); got != s.now {
			t.Errorf("step %d by %s: the clock is at noon + %s, want + %s", i, s.by, got, s.now)
		}
		if got := clock.Behind(); got != s.behind {
			t.Errorf("step %d by %s: the wall clock is %s behind, want %s", i, s.by, got, s.behind)
		}
	}
}

func TestTheClockGoesOnFromWhatWasSeen(t *testing.T) {
	clock := authz.NewClock(func() time.Time { return noon }, noon.Add(time.Hour))
	if got := clock.Now(); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("the clock says %s, though one hour later was seen", got)
	}
	clock.See(noon.Add(2 * time.Hour))
	clock.See(noon)
	clock.See(time.Time{})
	if got := clock.Now(); !got.Equal(noon.Add(2 * time.Hour)) {
		t.Errorf("the clock says %s, though two hours later were seen", got)
	}
	if got := clock.Behind(); got != 2*time.Hour {
		t.Errorf("the wall clock is %s behind, want 2h", got)
	}
}

// Many ask at once while the wall clock jumps: each sees time go forward only,
// and never sees less than another has seen before it asked.
func TestTheClockIsOneForAll(t *testing.T) {
	var wall, latest atomic.Int64
	clock := authz.NewClock(func() time.Time {
		n := wall.Add(1)
		return noon.Add(time.Duration(n%7-3) * time.Hour).Add(time.Duration(n) * time.Millisecond)
	}, time.Time{})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 5000 {
				before := latest.Load()
				now := clock.Now().UnixMilli()
				if now < before {
					t.Errorf("the clock went back by %d ms", before-now)
					return
				}
				for old := latest.Load(); now > old && !latest.CompareAndSwap(old, now); old = latest.Load() {
				}
			}
		})
	}
	all.Wait()
}

func TestAskingTheClockAllocatesNothing(t *testing.T) {
	clock := authz.NewClock(time.Now, time.Time{})
	if n := testing.AllocsPerRun(100, func() { clock.Now() }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

func BenchmarkClock(b *testing.B) {
	clock := authz.NewClock(time.Now, time.Time{})
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			clock.Now()
		}
	})
}

func TestATimeThatWasReadBeforeStandsWhereTheClockStands(t *testing.T) {
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := authz.NewClock(func() time.Time { return noon }, time.Time{})
	for _, tc := range []struct {
		name       string
		read, want time.Time
	}{
		{"later", noon.Add(time.Minute), noon.Add(time.Minute)},
		{"earlier", noon.Add(30 * time.Second), noon.Add(time.Minute)},
		{"within the millisecond", noon.Add(time.Hour + 999*time.Microsecond), noon.Add(time.Hour)},
	} {
		if got := c.At(tc.read); !got.Equal(tc.want) {
			t.Errorf("%s: %s, want %s", tc.name, got, tc.want)
		}
	}
	if got := c.Now(); !got.Equal(noon.Add(time.Hour)) {
		t.Errorf("now it is %s: the clock stepped back", got)
	}
}
