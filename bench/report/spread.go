//go:build linux

package report

import (
	"slices"
	"time"
)

// Spread is the middle and the ends of some figures.
type Spread struct{ Median, Min, Max float64 }

// SpreadOf is the spread of figures, zero of none.
func SpreadOf(values []float64) Spread {
	if len(values) == 0 {
		return Spread{}
	}
	v := slices.Sorted(slices.Values(values))
	middle := v[len(v)/2]
	if len(v)%2 == 0 {
		middle = (v[len(v)/2-1] + middle) / 2
	}
	return Spread{middle, v[0], v[len(v)-1]}
}

// Micros is a duration in microseconds.
func Micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// Duration is a number of microseconds as text, in three digits or four.
func Duration(us float64) string {
	d := time.Duration(us * 1000)
	if d >= 10*time.Millisecond {
		return d.Round(100 * time.Microsecond).String()
	}
	return d.Round(time.Microsecond).String()
}
