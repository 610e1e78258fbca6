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
		fmt.Fprintln(os.Stderr, "bench/peers:", err)
		os.Exit(1)
	}
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
	markdown    string
	only        string
	profile     string
}

func parse() (*options, error) {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "interleaved rounds")
	flag.DurationVar(&o.window, "window", 4*time.Second, "time for each at saturation in a round")
	flag.DurationVar(&o.fixedWindow, "fixed-window", 2*time.Second, "time for each at the fixed rate in a round; 0: none")
	flag.IntVar(&o.rate, "rate", 5000, "the fixed rate in requests a second")
	flag.IntVar(&o.connections, "connections", 64, "keep-alive connections")
	flag.IntVar(&o.tokens, "tokens", 1000, "live tokens")
	flag.IntVar(&o.proxyCore, "proxy-core", 0, "processor of the proxy")
	flag.IntVar(&o.loadCore, "load-core", 1, "processor of callers and upstream")
	flag.StringVar(&o.binary, "binary", "", "measure this scopegate instead of building one")
	flag.StringVar(&o.beside, "beside", "", "measure these scopegate binaries too, separated by commas, to compare builds")
	flag.StringVar(&o.markdown, "markdown", "", "write the results as markdown to this file, into its section for them if it has one")
	flag.StringVar(&o.only, "only", "", "measure only what matches this regular expression (and nginx plain)")
	flag.StringVar(&o.profile, "profile", "", "measure nothing: write a processor profile of scopegate under this load to the file")
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 || o.window <= 0 || o.fixedWindow < 0 || o.rate < 1 || o.connections < 1 || o.tokens < 1 {
		return nil, errors.New("wrong flags, see -help")
	}
	if o.proxyCore == o.loadCore {
		return nil, errors.New("-proxy-core and -load-core must differ, or the load is measured too")
	}
	return &o, nil
}

func run(ctx context.Context) (err error) {
	o, err := parse()
	if err != nil {
		return err
	}
	if o.profile != "" {
		return writeProfile(ctx, o)
	}
	m, err := raise(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.stage.Close()) }()
	if err := m.verify(ctx); err != nil {
		return err
	}
	if err := m.measure(ctx); err != nil {
		return err
	}
	r := m.report()
	return errors.Join(r.Text(os.Stdout), r.Markdown(o.markdown, "peers"))
}
