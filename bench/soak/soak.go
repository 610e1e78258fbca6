//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"scopegate/bench/gate"
	"scopegate/bench/load"
	"scopegate/bench/proc"
)

// soak is one run.
type soak struct {
	o       *options
	stage   *proc.Stage
	hand    *load.Hand
	gate    *gate.Gate
	log     *os.File
	machine string

	crowds  []crowd
	samples []sample
	counted map[string]int // by the metrics, as crowds name it
}

// crowd is one kind of request, with what its callers got.
type crowd struct {
	what     string
	counted  string // as what the metrics count it, see countedAs
	crowd    load.Crowd
	answered int
	wrong    int
	broken   int
}

func (s *soak) start(ctx context.Context) (err error) {
	binary, err := gate.Build(ctx, s.stage, s.o.binary)
	if err != nil {
		return err
	}
	if s.log, err = os.OpenFile(s.stage.Path("access.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return err
	}
	s.gate, err = gate.Run(s.stage, gate.Setting{
		Name: "scopegate", Binary: binary, Core: s.o.proxyCore, Upstream: s.hand.Upstream, Routes: 100,
		Flags: []string{"--access-log=json"}, Stdout: s.log,
	})
	if err != nil {
		return err
	}
	return s.gather(ctx)
}

// soak runs the load, sample by sample, and then counts.
func (s *soak) soak(ctx context.Context) error {
	defer s.log.Close()
	before, err := s.counters()
	if err != nil {
		return err
	}
	for began := time.Now(); time.Since(began) < s.o.during; {
		if err := errors.Join(s.step(), ctx.Err()); err != nil {
			return err
		}
		last := s.samples[len(s.samples)-1]
		fmt.Fprintf(os.Stderr, "%v  %.0f requests/s, %d MiB, %d descriptors, %d goroutines\n",
			time.Since(began).Round(time.Second), last.perSecond, last.rss>>20, last.descriptors, last.goroutines)
	}
	return s.count(before)
}

// step loads scopegate for the time of a sample, and takes it.
func (s *soak) step() error {
	job := load.Job{Window: s.o.every, PIDs: s.gate.Process.PIDs()}
	for i := range s.crowds {
		job.Crowds = append(job.Crowds, s.crowds[i].crowd)
	}
	r, err := s.hand.Do(job)
	if err != nil {
		return err
	}
	all := 0
	for i, t := range r.Tallies {
		c := &s.crowds[i]
		c.answered += t.All
		c.wrong += t.Wrong
		c.broken += t.Broken
		if t.Wrong+t.Broken > 0 {
			return fmt.Errorf("%s: %d wrong, %d missing; the first of these: %s", c.what, t.Wrong, t.Broken, t.FirstWrong)
		}
		all += t.All
	}
	one, err := s.sample()
	if err != nil {
		return err
	}
	one.perSecond = float64(all) / r.Elapsed.Seconds()
	one.cpu = float64(r.CPU.Nanoseconds()) / 1000 / float64(all)
	s.samples = append(s.samples, one)
	return s.log.Truncate(0)
}
