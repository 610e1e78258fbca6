//go:build linux

package main

import (
	"fmt"

	"scopegate/bench/report"
)

// growth compares the second quarter of a soak with its last one: the first
// fills pools and caches.
type growth struct {
	what               string
	first, last, bound float64
}

func (s *soak) grown() []growth {
	quarter := len(s.samples) / 4
	mean := func(of []sample, figure func(sample) float64) (sum float64) {
		for _, one := range of {
			sum += figure(one) / float64(len(of))
		}
		return sum
	}
	var all []growth
	for _, g := range []struct {
		what   string
		figure func(sample) float64
		ratio  float64 // that last may be of first
		more   float64 // and this besides
	}{
		{"memory (MiB)", func(s sample) float64 { return float64(s.rss) / (1 << 20) }, 1.1, 8},
		{"descriptors", func(s sample) float64 { return float64(s.descriptors) }, 1, 8},
		{"goroutines", func(s sample) float64 { return float64(s.goroutines) }, 1, 8},
	} {
		first, last := mean(s.samples[quarter:2*quarter], g.figure), mean(s.samples[len(s.samples)-quarter:], g.figure)
		all = append(all, growth{g.what, first, last, first*g.ratio + g.more})
	}
	return all
}

func (s *soak) report() *report.Report {
	r := &report.Report{}
	spread := func(figure func(sample) float64) report.Spread {
		var values []float64
		for _, one := range s.samples {
			values = append(values, figure(one))
		}
		return report.SpreadOf(values)
	}
	rate, cost := spread(func(s sample) float64 { return s.perSecond }), spread(func(s sample) float64 { return s.cpu })
	live := spread(func(s sample) float64 { return float64(s.live) })
	r.List("How", "`go run ./bench/soak`",
		fmt.Sprintf("%v without a pause, %d samples; the connections are made anew for each", s.o.during, len(s.samples)),
		"scopegate on one processor, callers and upstream on another; the access log as JSON",
		s.machine,
		fmt.Sprintf("%.0f answers/s (%.0f-%.0f), %.1f us of processor time each (%.1f-%.1f); %.0f live tokens (%.0f-%.0f), which live %v each",
			rate.Median, rate.Min, rate.Max, cost.Median, cost.Min, cost.Max, live.Median, live.Min, live.Max, s.o.ttl))
	var rows [][]string
	for _, g := range s.grown() {
		rows = append(rows, []string{g.what, fmt.Sprintf("%.1f", g.first), fmt.Sprintf("%.1f", g.last), fmt.Sprintf("%.1f", g.bound)})
	}
	r.Table("What could grow, mean of a quarter of the samples", []string{"what", "second quarter", "last quarter", "allowed"}, rows)
	rows = nil
	got := s.answered()
	for i := range s.crowds {
		c := &s.crowds[i]
		rows = append(rows, []string{c.what, fmt.Sprint(c.answered), fmt.Sprint(c.wrong + c.broken), c.counted, fmt.Sprint(s.counted[c.counted]), fmt.Sprint(s.counted[c.counted] - got[c.counted])})
	}
	r.Table("Every answer accounted for", []string{"requests", "answered", "wrong or missing", "in the metrics as", "counted there", "difference"}, rows)
	return r
}
