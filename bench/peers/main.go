//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"regexp"
	"time"

	"scopegate/bench/gate"
	"scopegate/bench/load"
	"scopegate/bench/proc"
	"scopegate/bench/program"
	"scopegate/bench/report"
)

func main() {
	o := &options{}
	b := program.Benchmark{
		Name: "peers", ProxyCore: &o.proxyCore, LoadCore: &o.loadCore, Binary: &o.binary,
		Flags: o.flags, Check: o.check, Measure: o.measure,
	}
	b.Main()
}

// options are the flags.
type options struct {
	rounds      int
	window      time.Duration
	fixedWindow time.Duration
	rate        int
	connections int
	tokens      int
	proxyCore   int
	loadCore    int
	binary      string
	beside      string
	only        string
	subjects    *regexp.Regexp // that only names
	profile     string
}

// flags adds the flags of this benchmark.
func (o *options) flags(flags *flag.FlagSet) {
	flags.IntVar(&o.rounds, "rounds", 5, "interleaved rounds")
	flags.DurationVar(&o.window, "window", 4*time.Second, "time for each at saturation in a round")
	flags.DurationVar(&o.fixedWindow, "fixed-window", 2*time.Second, "time for each at the fixed rate in a round; 0: none")
	flags.IntVar(&o.rate, "rate", 5000, "the fixed rate in requests a second")
	flags.IntVar(&o.connections, "connections", 64, "keep-alive connections")
	flags.IntVar(&o.tokens, "tokens", 1000, "live tokens")
	flags.StringVar(&o.beside, "beside", "", "measure these scopegate binaries too, separated by commas, to compare builds")
	flags.StringVar(&o.only, "only", "", "measure only what matches this regular expression (and nginx plain)")
	flags.StringVar(&o.profile, "profile", "", "measure nothing: write a processor profile of scopegate under this load to the file")
}

func (o *options) check() (err error) {
	if o.rounds < 1 || o.window <= 0 || o.fixedWindow < 0 || o.rate < 1 || o.connections < 1 || o.tokens < 1 {
		return errors.New("wrong flags, see -help")
	}
	o.subjects, err = regexp.Compile(o.only)
	return err
}

// measure starts what is measured, and measures it.
func (o *options) measure(ctx context.Context, stage *proc.Stage, hand *load.Hand) (*report.Report, error) {
	if o.profile != "" {
		return nil, writeProfile(ctx, stage, hand, o)
	}
	m := &measurement{o: o, stage: stage, hand: hand, path: gate.Path(10, "42"), machine: report.Machine(), began: time.Now()}
	if err := program.InTurn(ctx, m.start, m.verify, m.measure); err != nil {
		return nil, err
	}
	return m.report(), nil
}
