//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"scopegate/bench/load"
	"scopegate/bench/proc"
)

// measurement is everything that one run knows.
type measurement struct {
	o        *options
	stage    *proc.Stage
	hand     *load.Hand
	path     string // that peers are asked for
	cert     string // files of a certificate for loopback
	key      string
	known    []string // tokens that peers know
	subjects []*subject
	quiet    *subject // scopegate as its users run it
	lesser   []string // tokens of it without the scopes of any route
	lacking  []string // what could not be measured, and why
	versions []string
	machine  string // before the load
	began    time.Time
}

// start raises all subjects.
func (m *measurement) start(ctx context.Context) (err error) {
	if m.cert, m.key, err = certificate(m.stage); err != nil {
		return err
	}
	for i := range m.o.tokens {
		m.known = append(m.known, fmt.Sprintf("spoat_%053d", i))
	}
	if err := m.hand.Know(m.known); err != nil {
		return err
	}
	for _, peer := range []func() error{m.nginx, m.haproxy, func() error { return m.echo(ctx) }, func() error { return m.scopegate(ctx) }} {
		if err := errors.Join(peer(), ctx.Err()); err != nil {
			return err
		}
	}
	m.lacking = append(m.lacking, "Tyk: not packaged by Debian")
	return nil
}

// add takes a subject, if it is wanted.
func (m *measurement) add(s *subject) {
	s.pids = s.process.PIDs()
	s.idle, _ = proc.RSS(s.pids)
	if s.name == nginxPlain || m.o.subjects.MatchString(s.name) {
		m.subjects = append(m.subjects, s)
	}
}

func (m *measurement) lack(what string, why error) {
	m.lacking = append(m.lacking, fmt.Sprintf("%s: %v", what, why))
}

// version keeps what a program says of itself.
func (m *measurement) version(binary string, arg string) {
	said, err := exec.Command(binary, arg).CombinedOutput()
	first, _, _ := strings.Cut(string(said), "\n")
	if err != nil || first == "" {
		first = binary + ": version unknown"
	}
	m.versions = append(m.versions, strings.TrimSpace(first))
}

// measure does the rounds. Each begins with another subject, so that none
// always follows the same one.
func (m *measurement) measure(ctx context.Context) error {
	for _, s := range m.subjects { // caches, pools and connections
		if s.tokens != nil {
			if _, err := m.overH2(ctx, s, time.Second); err != nil {
				return fmt.Errorf("%s: %w\n%s", s.name, err, s.process.Tail())
			}
			continue
		}
		if _, err := m.hand.Do(load.Job{Crowds: []load.Crowd{s.crowd(m.o, 0)}, Window: time.Second}); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	for _, s := range m.subjects {
		// Anew: on a busy machine a proxy may listen before it has made the
		// process that serves.
		s.pids = s.process.PIDs()
	}
	for round := range m.o.rounds {
		for i := range m.subjects {
			s := m.subjects[(i+round)%len(m.subjects)]
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := m.sample(ctx, s); err != nil {
				return fmt.Errorf("%s: %w\n%s", s.name, err, s.process.Tail())
			}
			last := s.samples[len(s.samples)-1]
			fmt.Fprintf(os.Stderr, "round %d of %d  %-30s %6.1f us  %8.0f/s  p99 %v\n", round+1, m.o.rounds, s.name, last.cpu, last.perSecond, last.p99.Round(time.Microsecond))
		}
	}
	return nil
}

// sample measures a subject once.
func (m *measurement) sample(ctx context.Context, s *subject) error {
	if s.tokens != nil {
		got, err := m.overH2(ctx, s, m.o.window)
		s.samples = append(s.samples, got)
		return err
	}
	r, t, err := m.job(s, 0, m.o.window)
	if err != nil {
		return err
	}
	got := sample{
		cpu:       perRequest(r, t),
		perSecond: float64(t.Requests) / r.Elapsed.Seconds(),
		p50:       t.P50, p99: t.P99,
		starved: r.Idle.Seconds() / r.Elapsed.Seconds(),
	}
	if got.rss, err = proc.RSS(s.pids); err != nil {
		return err
	}
	if s.fixed && m.o.fixedWindow > 0 {
		if r, t, err = m.job(s, m.o.rate, m.o.fixedWindow); err != nil {
			return err
		}
		got.fixedP50, got.fixedP99, got.fixedCPU = t.P50, t.P99, perRequest(r, t)
	}
	s.samples = append(s.samples, got)
	if s.log != nil {
		return s.log.Truncate(0)
	}
	return nil
}

// job runs one load against a subject. An answer that is not right ends it.
func (m *measurement) job(s *subject, rate int, window time.Duration) (load.Report, load.Tally, error) {
	r, err := m.hand.Do(load.Job{Crowds: []load.Crowd{s.crowd(m.o, rate)}, Warmup: 300 * time.Millisecond, Window: window, PIDs: s.pids})
	if err != nil {
		return r, load.Tally{}, err
	}
	t := r.Tallies[0]
	if r.CPU == 0 {
		return r, t, fmt.Errorf("%d answers for no processor time: another process gave them", t.Requests)
	}
	if t.Wrong > 0 || t.Broken > 0 || t.Requests == 0 {
		return r, t, fmt.Errorf("%d answers right, %d wrong, %d missing; the first of these: %s", t.Requests, t.Wrong, t.Broken, t.FirstWrong)
	}
	return r, t, nil
}

func perRequest(r load.Report, t load.Tally) float64 {
	return float64(r.CPU.Nanoseconds()) / 1000 / float64(t.Requests)
}
