//go:build linux

package main

import "scopegate/bench/report"

// of is the spread of one figure over the rounds of a subject.
func (s *subject) of(figure func(sample) float64) report.Spread {
	var values []float64
	for _, one := range s.samples {
		values = append(values, figure(one))
	}
	return report.SpreadOf(values)
}

// against is the spread of the ratios of one figure, round by round.
func (s *subject) against(other *subject, figure func(sample) float64) report.Spread {
	var values []float64
	for i := range min(len(s.samples), len(other.samples)) {
		if below := figure(other.samples[i]); below > 0 {
			values = append(values, figure(s.samples[i])/below)
		}
	}
	return report.SpreadOf(values)
}

func cpu(s sample) float64       { return s.cpu }
func perSecond(s sample) float64 { return s.perSecond }
func starved(s sample) float64   { return s.starved }

// perCPUSecond is the rate that a processor to itself would give.
func perCPUSecond(s sample) float64 { return 1e6 / s.cpu }

// ran is the share of the window in which the proxy had its processor.
func ran(s sample) float64 { return s.cpu * s.perSecond / 1e6 }

func rss(s sample) float64      { return float64(s.rss) }
func fixedCPU(s sample) float64 { return s.fixedCPU }
func p50(s sample) float64      { return report.Micros(s.p50) }
func p99(s sample) float64      { return report.Micros(s.p99) }
func fixedP50(s sample) float64 { return report.Micros(s.fixedP50) }
func fixedP99(s sample) float64 { return report.Micros(s.fixedP99) }

// find returns the subject of a name, nil if it was not measured.
func (m *measurement) find(name string) *subject {
	for _, s := range m.subjects {
		if s.name == name && len(s.samples) > 0 {
			return s
		}
	}
	return nil
}
