//go:build linux

package main

import (
	"fmt"
	"strings"

	"scopegate/bench/report"
)

// report puts the figures into tables.
func (m *measurement) report() *report.Report {
	var r report.Report
	r.List("How",
		"`go run ./bench/peers`, "+m.began.UTC().Format("2006-01-02"),
		fmt.Sprintf("%d interleaved rounds of %v at saturation and %v at %d requests a second; %d keep-alive connections, %d tokens, an answer of 1 KiB",
			m.o.rounds, m.o.window, m.o.fixedWindow, m.o.rate, m.o.connections, m.o.tokens),
		fmt.Sprintf("the proxy on processor %d, callers and upstream on processor %d", m.o.proxyCore, m.o.loadCore),
		m.machine, "at the end: load average "+lastLoad(),
		strings.Join(m.versions, "; "))
	nginx := m.find(nginxPlain)
	var cost, speed [][]string
	for _, s := range m.subjects {
		ratio := "-"
		if nginx != nil {
			got := s.against(nginx, cpu)
			ratio = fmt.Sprintf("%.2f (%.2f-%.2f)", got.Median, got.Min, got.Max)
		}
		fixed := []string{"-", "-", "-"}
		if s.fixed && m.o.fixedWindow > 0 {
			fixed = []string{one(s.of(fixedCPU)), duration(s.of(fixedP50)), duration(s.of(fixedP99))}
		}
		cost = append(cost, []string{s.name, s.checks, one(s.of(cpu)), ratio, fixed[0], mebibytes(s.of(rss).Median)})
		if s.tokens != nil { // by HTTP/2: the callers are slower than it
			continue
		}
		speed = append(speed, []string{
			s.name, fmt.Sprintf("%.0f", s.of(perSecond).Median), duration(s.of(p50)), duration(s.of(p99)),
			fixed[1], fixed[2], share(s.of(ran)), share(s.of(starved)),
		})
	}
	r.Table("What a request costs: processor time of the proxy, user and system, in microseconds; medians, in brackets the lowest and the highest round",
		[]string{"proxy", "checks", "us/request", "against nginx plain", fmt.Sprintf("us/request at %d/s", m.o.rate), "memory"}, cost)
	r.Table("How fast it answers; medians. A proxy that ran less than all the time shared its processor with other programs, or waited for a load that never did",
		[]string{"proxy", "requests/s", "p50", "p99", fmt.Sprintf("p50 at %d/s", m.o.rate), fmt.Sprintf("p99 at %d/s", m.o.rate), "proxy ran", "load waited"}, speed)
	r.Table("What was to be reached", []string{"goal", "what", "bound", "measured", "verdict"}, m.verdicts())
	r.List("Not measured", m.lacking...)
	return &r
}

func one(s report.Spread) string { return fmt.Sprintf("%.1f", s.Median) }

func duration(s report.Spread) string { return report.Duration(s.Median) }

func share(s report.Spread) string { return fmt.Sprintf("%.0f %%", 100*s.Median) }

func lastLoad() string {
	_, load, _ := strings.Cut(report.Machine(), "load average ")
	return load
}
