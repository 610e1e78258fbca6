package authz

import (
	"sync/atomic"
	"time"
)

// Clock tells the time in whole milliseconds and never steps back, so that a
// token once refused as expired stays refused whatever happens to the wall
// clock, also across restarts if the store gives back what it has seen.
//
// It follows the wall clock forward at once. While the wall clock stands
// behind what has been seen, Now stands still. It is for deciding, not for
// measuring: take durations from time.Now.
type Clock struct {
	wall func() time.Time
	seen atomic.Int64 // Unix milliseconds
}

// NewClock returns a clock over the wall clock, usually time.Now, that never
// tells a time before seen; a zero seen is none.
func NewClock(wall func() time.Time, seen time.Time) *Clock {
	c := &Clock{wall: wall}
	c.See(seen)
	return c
}

// Now returns the wall clock's time, or the latest time seen where that is
// later. Whole milliseconds, so that callers write the shared word a thousand
// times a second at most, however often they ask.
func (c *Clock) Now() time.Time { return c.At(c.wall()) }

// At returns what Now would have returned when the wall clock was read: for
// callers who have just read it, since reading it is most of what Now costs.
func (c *Clock) At(at time.Time) time.Time {
	wall := at.UnixMilli()
	for {
		seen := c.seen.Load()
		if wall <= seen {
			return time.UnixMilli(seen).UTC()
		}
		if c.seen.CompareAndSwap(seen, wall) {
			return time.UnixMilli(wall).UTC()
		}
	}
}

// See tells the clock of a time that was seen elsewhere, such as by a store
// before a restart. An earlier one than the latest seen changes nothing.
func (c *Clock) See(at time.Time) {
	for ms := at.UnixMilli(); ; {
		seen := c.seen.Load()
		if ms <= seen || c.seen.CompareAndSwap(seen, ms) {
			return
		}
	}
}

// Behind returns how far the wall clock stands behind the latest time seen;
// never negative.
func (c *Clock) Behind() time.Duration {
	seen := c.Now().UnixMilli()
	return time.Duration(max(seen-c.wall().UnixMilli(), 0)) * time.Millisecond
}
