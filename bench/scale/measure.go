//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"scopegate/authz"
	"scopegate/bench/gate"
	"scopegate/bench/load"
	"scopegate/bench/proc"
	"scopegate/bench/report"
)

// measurement is everything that one run knows.
type measurement struct {
	o       *options
	stage   *proc.Stage
	hand    *load.Hand
	sizes   []*size
	machine string
}

// size is an installation.
type size struct {
	clients, tokens int
	gate            *gate.Gate
	crowd           load.Crowd
	cpu             []float64 // us of processor time a request, round by round
	memory          proc.Memory
}

func (m *measurement) start(ctx context.Context) (err error) {
	binary, err := gate.Build(ctx, m.stage, m.o.binary)
	if err != nil {
		return err
	}
	for _, s := range m.sizes {
		if err := m.raise(ctx, s, binary); err != nil {
			return fmt.Errorf("%d tokens of %d clients: %w", s.tokens, s.clients, err)
		}
	}
	return nil
}

// raise fills a store and starts a server over it, which reads its tokens.
func (m *measurement) raise(ctx context.Context, s *size, binary string) error {
	name := fmt.Sprintf("scopegate %d", s.tokens)
	began := time.Now()
	dir := gate.StoreDir(m.stage, name)
	texts, err := fill(ctx, dir, s.clients, s.tokens)
	if err != nil {
		return err
	}
	keys, err := authz.NewHashKeys("bench", nil) // a store with clients is not opened without
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(dir), "hash.keys"), keys.Encode(), 0o600); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "%d tokens of %d clients filled in in %v\n", s.tokens, s.clients, time.Since(began).Round(time.Second))
	s.gate, err = gate.Run(m.stage, gate.Setting{
		Name: name, Binary: binary, Core: m.o.proxyCore, Upstream: m.hand.Upstream, Routes: 100,
		Flags: []string{"--access-log=off", "--token-memory=4GiB"},
	})
	if err != nil {
		return err
	}
	s.crowd = load.Crowd{Addr: s.gate.Addr, Connections: 64, WantStatus: http.StatusOK, WantLength: load.BodyLength}
	for _, text := range texts {
		s.crowd.Requests = append(s.crowd.Requests, fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: bench.test\r\nAuthorization: Bearer %s\r\n\r\n", gate.Path(100, "42"), text))
	}
	return m.warm(ctx, s)
}

// warm waits, ten minutes at most, until the server holds all tokens.
func (m *measurement) warm(ctx context.Context, s *size) error {
	for deadline := time.Now().Add(10 * time.Minute); ; {
		series, err := s.gate.Series()
		if err != nil {
			return err
		}
		if live := int(series["scopegate_tokens_live"]); live >= s.tokens {
			return nil
		} else if time.Now().After(deadline) {
			return fmt.Errorf("only %d tokens in memory", live)
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// measure asks one after the other, round by round.
func (m *measurement) measure(ctx context.Context) error {
	for round := range m.o.rounds + 1 { // the first warms up
		for i := range m.sizes {
			s := m.sizes[(i+round)%len(m.sizes)]
			pids := s.gate.Process.PIDs()
			r, err := m.hand.Do(load.Job{Crowds: []load.Crowd{s.crowd}, Warmup: 300 * time.Millisecond, Window: m.o.window, PIDs: pids})
			if err = errors.Join(err, ctx.Err()); err != nil {
				return err
			}
			t := r.Tallies[0]
			if t.Wrong+t.Broken > 0 || t.Requests == 0 {
				return fmt.Errorf("%d right, %d wrong, %d missing; the first of these: %s", t.Requests, t.Wrong, t.Broken, t.FirstWrong)
			}
			if round > 0 {
				s.cpu = append(s.cpu, float64(r.CPU.Nanoseconds())/1000/float64(t.Requests))
			}
			if s.memory, err = proc.MemoryOf(pids); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *measurement) report() *report.Report {
	r := &report.Report{}
	r.List("How", "`go run ./bench/scale`",
		fmt.Sprintf("%d interleaved rounds of %v at saturation; scopegate on one processor, callers and upstream on another; %d tokens in turn", m.o.rounds, m.o.window, asked),
		m.machine)
	var rows [][]string
	for _, s := range m.sizes {
		cpu := report.SpreadOf(s.cpu)
		rows = append(rows, []string{
			fmt.Sprint(s.clients), fmt.Sprint(s.tokens), fmt.Sprintf("%.1f (%.1f-%.1f)", cpu.Median, cpu.Min, cpu.Max),
			fmt.Sprintf("%d MiB", s.memory.Resident>>20), fmt.Sprintf("%d MiB", s.memory.Files>>20),
		})
	}
	r.Table("What a request costs: processor time in microseconds, median and range",
		[]string{"clients", "live tokens", "us/request", "resident memory", "of it, mapped files of the store"}, rows)
	var ratios []float64
	for i := range m.sizes[0].cpu {
		ratios = append(ratios, m.sizes[1].cpu[i]/m.sizes[0].cpu[i])
	}
	got, verdict := report.SpreadOf(ratios), "missed"
	if got.Median <= 1.1 {
		verdict = "reached"
	}
	r.Table("What was to be reached", []string{"goal", "what", "bound", "measured", "verdict"}, [][]string{{
		"P12", "CPU with many clients and tokens against few", "<= 1.10", fmt.Sprintf("%.2f (%.2f-%.2f)", got.Median, got.Min, got.Max), verdict,
	}})
	return r
}
