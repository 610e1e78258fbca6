//go:build linux

package load

import "time"

// Framing is framing.
func Framing(data []byte, hasBody bool) (head, body, wire int, whole bool) {
	return framing(data, hasBody)
}

// Histogram is histogram.
type Histogram struct{ h histogram }

// Add adds a duration.
func (h *Histogram) Add(d time.Duration) { h.h.add(d) }

// Quantile is a quantile of what was added.
func (h *Histogram) Quantile(q float64) time.Duration { return h.h.quantile(q) }
