//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"scopegate/bench/gate"
	"scopegate/bench/load"
	"scopegate/bench/report"
)

// company is what the gateway does while requests go through it at a fixed
// rate, and what became of those.
type company struct {
	name    string
	crowd   []load.Crowd // that keep it busy; none: nobody does
	moments []moment
}

// moment is one round of a company.
type moment struct {
	through   load.Tally
	perSecond float64 // answers of the crowd
}

// besides measures requests through the gateway at a fixed rate: alone, while
// 64 clients ask for tokens without a pause, and while as many send requests
// through it, which is what any busy processor makes of the wait.
func (m *measurement) besides(ctx context.Context) error {
	through, err := m.through(ctx, m.o.rate)
	if err != nil {
		return err
	}
	most := counts[len(counts)-1]
	requests := through
	requests.Rate, requests.Connections = 0, most
	m.companies = []*company{
		{name: "rests"},
		{name: fmt.Sprintf("issues tokens to %d clients", most), crowd: []load.Crowd{{
			Addr: m.gate.Addr, Connections: most, Requests: m.requests, WantStatus: 200, WantLength: -1,
		}}},
		{name: fmt.Sprintf("rests, and %d callers send requests without a pause", most), crowd: []load.Crowd{requests}},
	}
	for round := range m.o.rounds {
		for i := range m.companies {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := m.beside(through, m.companies[(i+round)%len(m.companies)]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *measurement) beside(through load.Crowd, c *company) error {
	r, err := m.hand.Do(load.Job{
		Crowds: append([]load.Crowd{through}, c.crowd...), Warmup: 300 * time.Millisecond, Window: m.o.window,
	})
	if err != nil {
		return err
	}
	for _, t := range r.Tallies {
		if err := whole(t); err != nil {
			return err
		}
	}
	got := moment{through: r.Tallies[0]}
	if len(c.crowd) > 0 {
		got.perSecond = float64(r.Tallies[1].Requests) / r.Elapsed.Seconds()
	}
	c.moments = append(c.moments, got)
	return nil
}

// through is a crowd whose requests pass the gateway.
func (m *measurement) through(ctx context.Context, rate int) (load.Crowd, error) {
	tokens, err := m.gate.Tokens(ctx, m.clients[0], 1000)
	if err != nil {
		return load.Crowd{}, err
	}
	c := load.Crowd{Addr: m.gate.Addr, Connections: 64, Rate: rate, WantStatus: 200, WantLength: load.BodyLength}
	for _, token := range tokens {
		c.Requests = append(c.Requests, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench.test\r\nAuthorization: Bearer %s\r\n\r\n", gate.Path(10, "42"), token))
	}
	return c, nil
}

// row is a line of the table: medians, and the range of the p99.
func (c *company) row() []string {
	beside := "-"
	if len(c.crowd) > 0 {
		beside = fmt.Sprintf("%.0f", c.of(func(one moment) float64 { return one.perSecond }).Median)
	}
	p50 := c.of(func(one moment) float64 { return report.Micros(one.through.P50) })
	p99 := c.of(func(one moment) float64 { return report.Micros(one.through.P99) })
	slowest := c.of(func(one moment) float64 { return report.Micros(one.through.Max) })
	return []string{
		c.name, beside, report.Duration(p50.Median), report.Duration(p99.Median),
		report.Duration(p99.Min) + "-" + report.Duration(p99.Max), report.Duration(slowest.Max),
	}
}

// of is the spread of one figure over the rounds.
func (c *company) of(figure func(moment) float64) report.Spread {
	var values []float64
	for _, one := range c.moments {
		values = append(values, figure(one))
	}
	return report.SpreadOf(values)
}
