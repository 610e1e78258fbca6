//go:build linux

package load

import (
	"math/bits"
	"time"
)

// histogram counts durations in buckets that are at most 1/32 wide.
type histogram struct {
	buckets [40 * 32]uint32
	n       int
	max     time.Duration
}

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.max = max(h.max, d)
	h.n++
	h.buckets[bucket(uint64(d))]++
}

// bucket numbers a value: the values below 32 each have their own, and every
// power of two above has 32.
func bucket(v uint64) int {
	shift := max(bits.Len64(v)-6, 0)
	return min(shift*32+int(v>>shift), 40*32-1)
}

// quantile returns the upper edge of the bucket in which the quantile lies.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int(q * float64(h.n))
	for i, n := range h.buckets {
		rank -= int(n)
		if rank < 0 {
			return min(edge(i), h.max)
		}
	}
	return h.max
}

func edge(i int) time.Duration {
	if i < 64 {
		return time.Duration(i)
	}
	shift := i/32 - 1
	return time.Duration((uint64(i-shift*32) + 1) << shift)
}
