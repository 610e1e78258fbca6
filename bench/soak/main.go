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
		fmt.Fprintln(os.Stderr, "bench/soak:", err)
		os.Exit(1)
	}
}

// options are the flags.
type options struct {
	during    time.Duration
	every     time.Duration
	ttl       time.Duration
	proxyCore int
	loadCore  int
	binary    string
	markdown  string
}

func run(ctx context.Context) (err error) {
	var o options
	flag.DurationVar(&o.during, "for", 10*time.Minute, "how long")
	flag.DurationVar(&o.every, "every", 15*time.Second, "between two samples; connections are made anew with each")
	flag.DurationVar(&o.ttl, "ttl", time.Minute, "how long an issued token lives, so that the live ones come to a level")
	flag.IntVar(&o.proxyCore, "proxy-core", 0, "processor of scopegate")
	flag.IntVar(&o.loadCore, "load-core", 1, "processor of callers and upstream")
	flag.StringVar(&o.binary, "binary", "", "soak this scopegate instead of building one")
	flag.StringVar(&o.markdown, "markdown", "", "write the results as markdown to this file, into its section for them if it has one")
	flag.Parse()
	if flag.NArg() > 0 || o.every < time.Second || o.during < 4*o.every || o.ttl < time.Second || o.proxyCore == o.loadCore {
		return errors.New("wrong flags, see -help; at least four samples are needed")
	}
	s, err := raise(ctx, &o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stage.Close()) }()
	if err := s.soak(ctx); err != nil {
		return fmt.Errorf("%w\n%s", err, s.gate.Process.Tail())
	}
	r := s.report()
	return errors.Join(r.Text(os.Stdout), r.Markdown(o.markdown, "soak"), s.verdict())
}
