//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"time"

	"scopegate/bench/load"
	"scopegate/bench/proc"
	"scopegate/bench/program"
	"scopegate/bench/report"
)

func main() {
	o := &options{}
	b := program.Benchmark{
		Name: "soak", ProxyCore: &o.proxyCore, LoadCore: &o.loadCore, Binary: &o.binary,
		Flags: o.flags, Check: o.check, Measure: o.measure,
	}
	b.Main()
}

// options are the flags.
type options struct {
	during    time.Duration
	every     time.Duration
	ttl       time.Duration
	proxyCore int
	loadCore  int
	binary    string
}

// flags adds the flags of this benchmark.
func (o *options) flags(flags *flag.FlagSet) {
	flags.DurationVar(&o.during, "for", 10*time.Minute, "how long")
	flags.DurationVar(&o.every, "every", 15*time.Second, "between two samples; connections are made anew with each")
	flags.DurationVar(&o.ttl, "ttl", time.Minute, "how long an issued token lives, so that the live ones come to a level")
}

func (o *options) check() error {
	if o.every < time.Second || o.during < 4*o.every || o.ttl < time.Second {
		return errors.New("wrong flags, see -help; at least four samples are needed")
	}
	return nil
}

// measure starts what is measured, and measures it.
func (o *options) measure(ctx context.Context, stage *proc.Stage, hand *load.Hand) (*report.Report, error) {
	s := &soak{o: o, stage: stage, hand: hand, machine: report.Machine()}
	if err := s.start(ctx); err != nil {
		return nil, err
	}
	if err := s.soak(ctx); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, s.gate.Process.Tail())
	}
	return s.report(), s.verdict()
}
