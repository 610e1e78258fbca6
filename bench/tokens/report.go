//go:build linux

package main

import (
	"fmt"

	"scopegate/bench/report"
)

// report puts the figures into tables.
func (m *measurement) report() *report.Report {
	var r report.Report
	r.List("How", "`go run ./bench/tokens`",
		fmt.Sprintf("%d interleaved rounds of %v for each number of clients; the server on processor %d, the callers on processor %d", m.o.rounds, m.o.window, m.o.proxyCore, m.o.loadCore),
		m.machine, m.disk)
	columns := []string{"endpoint", "clients", "tokens/s", "lowest-highest", "p50", "p99", "CPU us/token", "rate against bare"}
	var rows [][]string
	bare := m.find(nameBare)
	for _, s := range m.subjects {
		for _, clients := range counts {
			rate := s.of(clients, func(one sample) float64 { return one.perSecond })
			cpu := s.of(clients, func(one sample) float64 { return one.cpu })
			perToken := "-" // what redis-benchmark measures has no processor time
			if cpu.Median > 0 {
				perToken = fmt.Sprintf("%.1f", cpu.Median)
			}
			rows = append(rows, []string{
				s.name, fmt.Sprint(clients), fmt.Sprintf("%.0f", rate.Median), fmt.Sprintf("%.0f-%.0f", rate.Min, rate.Max),
				report.Duration(s.of(clients, func(one sample) float64 { return report.Micros(one.p50) }).Median),
				report.Duration(s.of(clients, func(one sample) float64 { return report.Micros(one.p99) }).Median),
				perToken, fmt.Sprintf("%.2f", against(s, bare, clients).Median),
			})
		}
	}
	r.Table("Durable tokens; medians", columns, rows)
	var beside [][]string
	for _, c := range m.companies {
		beside = append(beside, c.row())
	}
	r.Table(fmt.Sprintf("Requests through the gateway at %d a second; medians", m.o.rate),
		[]string{"while the token endpoint", "of those a second", "p50", "p99", "lowest-highest p99", "slowest of all"}, beside)
	if m.fill.tokens > 0 {
		r.Table("Many live tokens", []string{"tokens", "CPU us/request", "resident memory", "of it, mapped files of the store", "Go's heap"}, [][]string{
			m.fill.first.row("at first"), m.fill.last.row(fmt.Sprint(m.fill.tokens)),
		})
	}
	most := counts[len(counts)-1]
	var goals [][]string
	for _, name := range []string{nameGate, nameTerse} {
		got := against(m.find(name), bare, most)
		verdict := "missed"
		if got.Median >= 0.8 {
			verdict = "reached"
		}
		goals = append(goals, []string{
			"P7", fmt.Sprintf("%s: tokens a second, %d clients, against the bare endpoint", name, most), ">= 0.80",
			fmt.Sprintf("%.2f (%.2f-%.2f)", got.Median, got.Min, got.Max), verdict,
		})
	}
	r.Table("What was to be reached", []string{"goal", "what", "bound", "measured", "verdict"}, goals)
	r.List("Not measured", m.lacking...)
	return &r
}

func (w weight) row(tokens string) []string {
	mib := func(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
	return []string{tokens, fmt.Sprintf("%.1f", w.cpu), mib(w.memory.Resident), mib(w.memory.Files), mib(w.heap)}
}

// of is the spread of one figure over the rounds.
func (s *subject) of(clients int, figure func(sample) float64) report.Spread {
	var values []float64
	for _, one := range s.samples[clients] {
		values = append(values, figure(one))
	}
	return report.SpreadOf(values)
}

// against is the spread of the rates' ratios, round by round.
func against(s, other *subject, clients int) report.Spread {
	var values []float64
	for i, one := range s.samples[clients] {
		if i < len(other.samples[clients]) {
			values = append(values, one.perSecond/other.samples[clients][i].perSecond)
		}
	}
	return report.SpreadOf(values)
}
