//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"scopegate/bench/load"
)

func main() {
	load.MaybeWork()
	maybeBare()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/tokens:", err)
		os.Exit(1)
	}
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
	markdown  string
}

// counts are the numbers of clients that ask at once.
var counts = []int{1, 16, 64}

func run(ctx context.Context) (err error) {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "interleaved rounds")
	flag.DurationVar(&o.window, "window", 3*time.Second, "time for each number of clients in a round")
	flag.IntVar(&o.rate, "rate", 1000, "requests a second through the gateway while the token endpoint is saturated")
	flag.IntVar(&o.fill, "fill", 0, "issue tokens until so many live, and measure memory and cost then; 0 for not")
	flag.IntVar(&o.proxyCore, "proxy-core", 0, "processor of the server")
	flag.IntVar(&o.loadCore, "load-core", 1, "processor of the callers")
	flag.StringVar(&o.binary, "binary", "", "measure this scopegate instead of building one")
	flag.StringVar(&o.markdown, "markdown", "", "write the results as markdown to this file, into its section for them if it has one")
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 || o.window < 100*time.Millisecond || o.rate < 1 || o.fill < 0 || o.proxyCore == o.loadCore {
		return errors.New("wrong flags, see -help")
	}
	m, err := raise(ctx, &o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.stage.Close()) }()
	for _, step := range []func(context.Context) error{m.measure, m.besides, m.filled} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	r := m.report()
	return errors.Join(r.Text(os.Stdout), r.Markdown(o.markdown, "tokens"))
}
