package limit

import (
	"fmt"
	"math"
	"sync/atomic"
	"time"
)

// MaxBurst is the largest burst.
const MaxBurst = 1_000_000_000

// maxDepth bounds the time in which a bucket fills, so that sums stay in int64.
const maxDepth = math.MaxInt64 / 4

// Rate allows N requests in each Per, evenly, and up to Burst at once.
type Rate struct {
	N     int
	Per   time.Duration
	Burst int // below 1 counts as 1
}

// Check reports what is wrong with the rate: N and Per are above zero, N is at
// most one per nanosecond, Burst is at most MaxBurst.
func (r Rate) Check() error {
	switch {
	case r.N < 1 || r.Per < 1:
		return fmt.Errorf("rate of %d in %s: both must be above zero", r.N, r.Per)
	case int64(r.N) > int64(r.Per):
		return fmt.Errorf("rate of %d in %s is more than one in a nanosecond", r.N, r.Per)
	case r.Burst > MaxBurst:
		return fmt.Errorf("burst of %d is above %d", r.Burst, MaxBurst)
	}
	return nil
}

// pace is a Rate as the generic cell rate algorithm wants it. A bucket is one
// number, the time at which it is full again; it is in debt until then.
type pace struct {
	interval int64 // nanoseconds that one request takes to refill
	depth    int64 // nanoseconds that an empty bucket takes to fill
	burst    int
}

// newPace of a rate that Check refuses lets nothing pass.
func newPace(r Rate) pace {
	if r.Check() != nil {
		return pace{interval: int64(time.Hour)}
	}
	interval := int64(r.Per) / int64(r.N)
	burst := min(max(int64(r.Burst), 1), maxDepth/interval)
	return pace{interval: interval, depth: interval * burst, burst: int(burst)}
}

// take takes one request out of a bucket that is full at full.
func (p pace) take(full, now int64) (int64, Verdict) {
	start := max(full, now)
	debt := start + p.interval - now
	v := Verdict{Limit: p.burst, Window: time.Duration(p.depth)}
	if debt > p.depth {
		v.RetryAfter = time.Duration(debt - p.depth)
		v.Reset = time.Duration(start - now)
		return full, v
	}
	v.OK = true
	v.Remaining = int((p.depth - debt) / p.interval)
	v.Reset = time.Duration(debt)
	return start + p.interval, v
}

// clock counts nanoseconds from the first time that it is told, by the
// monotonic reading: a wall clock that is set back puts nobody in debt.
type clock struct{ base atomic.Pointer[time.Time] }

func (c *clock) at(now time.Time) int64 {
	base := c.base.Load()
	if base == nil {
		base = c.start(now)
	}
	return int64(now.Sub(*base))
}

func (c *clock) start(now time.Time) *time.Time {
	c.base.CompareAndSwap(nil, &now)
	return c.base.Load()
}

// longAgo is when a bucket that nobody used became full.
const longAgo = math.MinInt64 / 2

// Bucket limits the rate of all requests together.
type Bucket struct {
	pace  pace
	clock clock
	full  atomic.Int64
}

// NewBucket returns a full bucket. A rate that Check refuses lets nothing pass.
func NewBucket(r Rate) *Bucket {
	b := &Bucket{pace: newPace(r)}
	b.full.Store(longAgo)
	return b
}

// Allow takes one request out of the bucket, if there is one.
func (b *Bucket) Allow(now time.Time) Verdict {
	if b == nil {
		return Verdict{OK: true}
	}
	at := b.clock.at(now)
	for {
		full := b.full.Load()
		next, v := b.pace.take(full, at)
		if !v.OK || b.full.CompareAndSwap(full, next) {
			return v
		}
	}
}
