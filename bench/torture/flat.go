//go:build linux

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// window says which parts of a run are compared, counted from its beginning:
// from begin for span, and the same after the time in which the tokens were
// issued. The load ends at end; tail is looked at without load.
type window struct{ begin, during, span, end, tail time.Duration }

// newWindow lets a run of an hour and more begin its comparison when the hour
// in which it was started has left the disk.
func newWindow(began time.Time, during time.Duration) window {
	w := window{begin: min(10*time.Second, during/4), during: during, span: during / 12, tail: min(4*time.Minute, during/4)}
	if during >= time.Hour {
		w.begin = began.Truncate(time.Hour).Add(time.Hour + hourGone).Sub(began)
	}
	w.end = w.begin + w.during + w.span
	return w
}

// limit is by how much a figure may be higher at the end than at the
// beginning: a part of it, and something on top.
type limit struct {
	name  string
	unit  string
	scale float64
	of    func(sample) float64
	part  float64
	extra float64 // in the figure's own unit
}

const mib = 1 << 20

// limits are what "flat" means. The disk's is that of P11: 32 MiB.
var limits = []limit{
	{"resident memory", "MiB", mib, func(s sample) float64 { return float64(s.rss) }, 0.10, 16 * mib},
	{"memory without mapped files", "MiB", mib, func(s sample) float64 { return float64(s.anonymous) }, 0.10, 16 * mib},
	{"descriptors", "", 1, func(s sample) float64 { return float64(s.descriptors) }, 0, 16},
	{"goroutines", "", 1, func(s sample) float64 { return float64(s.goroutines) }, 0, 16},
	{"disk", "MiB", mib, func(s sample) float64 { return float64(s.disk) }, 0, 32 * mib},
	{"live tokens", "", 1, func(s sample) float64 { return float64(s.live) }, 0.10, 100},
}

// median is the middle of a figure within a part of the run.
func (l limit) median(samples []sample, from, to time.Duration) float64 {
	var v []float64
	for _, s := range samples {
		if s.at >= from && s.at <= to {
			v = append(v, l.of(s))
		}
	}
	if len(v) == 0 {
		return 0
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// judge compares the medians of the two parts, and says which figures rose
// above their limits.
func judge(samples []sample, w window) (lines []string, err error) {
	var risen []string
	for _, l := range limits {
		before := l.median(samples, w.begin, w.begin+w.span)
		after := l.median(samples, w.begin+w.during, w.end)
		most := 0.0
		for _, s := range samples {
			most = max(most, l.of(s))
		}
		allowed := before*(1+l.part) + l.extra
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s: %.0f before, %.0f after (up to %.0f is flat), %.0f at most %s",
			l.name, before/l.scale, after/l.scale, allowed/l.scale, most/l.scale, l.unit)))
		if after > allowed {
			risen = append(risen, l.name)
		}
	}
	if len(risen) > 0 {
		return lines, fmt.Errorf("not flat: %s", strings.Join(risen, ", "))
	}
	return lines, nil
}
