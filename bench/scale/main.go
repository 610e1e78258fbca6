//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"time"

	"scopegate/bench/load"
	"scopegate/bench/proc"
	"scopegate/bench/program"
	"scopegate/bench/report"
)

func main() {
	o := &options{}
	b := program.Benchmark{
		Name: "scale", ProxyCore: &o.proxyCore, LoadCore: &o.loadCore, Binary: &o.binary,
		Flags: o.flags, Check: o.check, Measure: o.measure,
	}
	b.Main()
}

// options are the flags.
type options struct {
	rounds    int
	window    time.Duration
	clients   int
	tokens    int
	proxyCore int
	loadCore  int
	binary    string
}

// flags adds the flags of this benchmark.
func (o *options) flags(flags *flag.FlagSet) {
	flags.IntVar(&o.rounds, "rounds", 7, "interleaved rounds")
	flags.DurationVar(&o.window, "window", 2*time.Second, "time for each in a round")
	flags.IntVar(&o.clients, "clients", 100_000, "clients of the large installation")
	flags.IntVar(&o.tokens, "tokens", 10_000_000, "live tokens of it")
}

func (o *options) check() error {
	if o.rounds < 1 || o.window <= 0 || o.clients < 1 || o.tokens < o.clients {
		return errors.New("wrong flags, see -help; each client has a token")
	}
	return nil
}

// measure starts what is measured, and measures it.
func (o *options) measure(ctx context.Context, stage *proc.Stage, hand *load.Hand) (*report.Report, error) {
	m := &measurement{o: o, stage: stage, hand: hand, machine: report.Machine(), sizes: []*size{{clients: 10, tokens: 1000}, {clients: o.clients, tokens: o.tokens}}}
	if err := program.InTurn(ctx, m.start, m.measure); err != nil {
		return nil, err
	}
	return m.report(), nil
}
