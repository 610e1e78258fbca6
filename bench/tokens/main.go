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
	maybeBare()
	o := &options{}
	b := program.Benchmark{
		Name: "tokens", ProxyCore: &o.proxyCore, LoadCore: &o.loadCore, Binary: &o.binary,
		Flags: o.flags, Check: o.check, Measure: o.measure,
	}
	b.Main()
}

// options are the flags.
type options struct {
	rounds    int
	window    time.Duration
	rate      int
	fill      int
	proxyCore int
	loadCore  int
	binary    string
}

// counts are the numbers of clients that ask at once.
var counts = []int{1, 16, 64}

// flags adds the flags of this benchmark.
func (o *options) flags(flags *flag.FlagSet) {
	flags.IntVar(&o.rounds, "rounds", 5, "interleaved rounds")
	flags.DurationVar(&o.window, "window", 3*time.Second, "time for each number of clients in a round")
	flags.IntVar(&o.rate, "rate", 1000, "requests a second through the gateway while the token endpoint is saturated")
	flags.IntVar(&o.fill, "fill", 0, "issue tokens until so many live, and measure memory and cost then; 0 for not")
}

func (o *options) check() error {
	if o.rounds < 1 || o.window < 100*time.Millisecond || o.rate < 1 || o.fill < 0 {
		return errors.New("wrong flags, see -help")
	}
	return nil
}

// measure starts what is measured, and measures it.
func (o *options) measure(ctx context.Context, stage *proc.Stage, hand *load.Hand) (*report.Report, error) {
	m := &measurement{
		o: o, stage: stage, hand: hand, machine: report.Machine(), disk: fileSystem(stage.Dir),
		lacking: []string{"Ory Hydra: not packaged by Debian"},
	}
	if err := program.InTurn(ctx, m.start, m.measure, m.besides, m.filled); err != nil {
		return nil, err
	}
	return m.report(), nil
}
