//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"scopegate/bench/load"
	"scopegate/bench/proc"
)

// measure does the rounds.
func (m *measurement) measure(ctx context.Context) error {
	for round := range m.o.rounds {
		for _, clients := range counts {
			for i := range m.subjects {
				s := m.subjects[(i+round)%len(m.subjects)]
				if err := ctx.Err(); err != nil {
					return err
				}
				got, err := s.ask(ctx, clients)
				if err != nil {
					return fmt.Errorf("%s, %d clients: %w", s.name, clients, err)
				}
				s.samples[clients] = append(s.samples[clients], got)
				fmt.Fprintf(os.Stderr, "round %d of %d  %-30s %2d clients  %8.0f/s  p99 %v\n", round+1, m.o.rounds, s.name, clients, got.perSecond, got.p99.Round(time.Microsecond))
			}
		}
	}
	return nil
}

// fill is what many live tokens cost.
type fill struct {
	tokens      int
	first, last weight
}

// weight is what the gateway costs at one moment.
type weight struct {
	cpu    float64 // us of processor time a request through it
	memory proc.Memory
	heap   int64 // bytes of Go's heap, with what was not collected yet
}

// filled issues tokens up to a number and measures what that changes.
func (m *measurement) filled(ctx context.Context) (err error) {
	if m.o.fill == 0 {
		return nil
	}
	pids := m.gate.Process.PIDs()
	cost := func() (w weight, err error) {
		c, err := m.through(ctx, 0)
		if err != nil {
			return w, err
		}
		if err := settle(ctx, pids); err != nil {
			return w, err
		}
		r, err := m.hand.Do(load.Job{Crowds: []load.Crowd{c}, Warmup: time.Second, Window: m.o.window, PIDs: pids})
		if err != nil {
			return w, err
		}
		w.cpu = float64(r.CPU.Nanoseconds()) / 1000 / float64(r.Tallies[0].Requests)
		series, err := m.gate.Series()
		if err != nil {
			return w, err
		}
		w.heap = int64(series["go_memstats_heap_inuse_bytes"])
		w.memory, err = proc.MemoryOf(pids)
		return w, err
	}
	if m.fill.first, err = cost(); err != nil {
		return err
	}
	for _, one := range m.find(nameGate).samples {
		for _, s := range one {
			m.fill.tokens += int(s.perSecond * m.o.window.Seconds())
		}
	}
	issuing := load.Crowd{Addr: m.gate.Addr, Connections: 256, Requests: m.requests, WantStatus: 200, WantLength: -1}
	for end := time.Now().Add(5 * time.Minute); m.fill.tokens < m.o.fill && time.Now().Before(end); {
		r, err := m.hand.Do(load.Job{Crowds: []load.Crowd{issuing}, Window: 5 * time.Second})
		if err != nil {
			return err
		}
		if err := whole(r.Tallies[0]); err != nil {
			return err
		}
		m.fill.tokens += r.Tallies[0].Requests
		fmt.Fprintf(os.Stderr, "%d tokens live\n", m.fill.tokens)
	}
	m.fill.last, err = cost()
	return err
}

// settle waits, a minute at most, until processes do next to nothing: the
// store tidies up for a while after many writes.
func settle(ctx context.Context, pids []int) error {
	for range 60 {
		before, err := proc.CPU(pids)
		if err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		after, err := proc.CPU(pids)
		if err != nil || after-before < 20*time.Millisecond {
			return err
		}
	}
	return nil
}

func (m *measurement) find(name string) *subject {
	for _, s := range m.subjects {
		if s.name == name {
			return s
		}
	}
	return nil
}
