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
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench/scale:", err)
		os.Exit(1)
	}
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
	markdown  string
}

func run(ctx context.Context) (err error) {
	var o options
	flag.IntVar(&o.rounds, "rounds", 7, "interleaved rounds")
	flag.DurationVar(&o.window, "window", 2*time.Second, "time for each in a round")
	flag.IntVar(&o.clients, "clients", 100_000, "clients of the large installation")
	flag.IntVar(&o.tokens, "tokens", 10_000_000, "live tokens of it")
	flag.IntVar(&o.proxyCore, "proxy-core", 0, "processor of scopegate")
	flag.IntVar(&o.loadCore, "load-core", 1, "processor of callers and upstream")
	flag.StringVar(&o.binary, "binary", "", "measure this scopegate instead of building one")
	flag.StringVar(&o.markdown, "markdown", "", "write the results as markdown to this file, into its section for them if it has one")
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 || o.window <= 0 || o.clients < 1 || o.tokens < o.clients || o.proxyCore == o.loadCore {
		return errors.New("wrong flags, see -help; each client has a token")
	}
	m, err := raise(ctx, &o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.stage.Close()) }()
	if err := m.measure(ctx); err != nil {
		return err
	}
	r := m.report()
	return errors.Join(r.Text(os.Stdout), r.Markdown(o.markdown, "scale"))
}
