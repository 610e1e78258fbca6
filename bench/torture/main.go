//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"scopegate/bench/program"
	"scopegate/bench/report"
)

func main() {
	maybeFill()
	program.Run("torture", run)
}

// options are the flags.
type options struct {
	parts      string
	rounds     int
	fills      int
	power      int // cuts
	operations int
	longest,
	faulty time.Duration
	tokens int
	during time.Duration
	seed   uint64
	dir    string
	samples,
	graph string
}

// stage is what all parts share.
type stage struct {
	options
	binary string
	dir    string
	report report.Report
}

// part is one kind of torture; it adds what it saw to the report.
type part struct {
	name string
	run  func(*stage, context.Context) error
}

// parts in the order in which they run.
var parts = []part{
	{"kill", (*stage).kills},
	{"histories", (*stage).histories},
	{"cut", (*stage).cuts},
	{"relaxed", (*stage).relaxed},
	{"faults", (*stage).faults},
	{"full", (*stage).full},
	{"expiry", (*stage).expiry},
	{"starts", (*stage).starts},
	{"fleet", (*stage).fleet},
	{"soak", (*stage).soak},
}

func run(ctx context.Context) (err error) {
	var o options
	var names []string
	for _, p := range parts {
		names = append(names, p.name)
	}
	flag.StringVar(&o.parts, "parts", strings.Join(names, ","), "what to run")
	flag.IntVar(&o.rounds, "rounds", 300, "kills")
	flag.IntVar(&o.power, "cuts", 100, "power cuts")
	flag.IntVar(&o.fills, "fills", 20, "fillings of the small disk")
	flag.IntVar(&o.operations, "operations", 100_000, "operations whose histories are judged")
	flag.DurationVar(&o.longest, "longest", time.Second, "longest load before a fault")
	flag.DurationVar(&o.faulty, "faulty", 3*time.Second, "how long the disk fails each time")
	flag.IntVar(&o.tokens, "tokens", 10_000_000, "live tokens at the start that is measured, and tokens of the soak")
	flag.DurationVar(&o.during, "for", time.Hour, "in which the soak issues its tokens")
	flag.StringVar(&o.samples, "samples", "", "file into which the soak writes its samples as CSV")
	flag.StringVar(&o.graph, "graph", "", "file into which the soak draws its graph as SVG")
	flag.Uint64Var(&o.seed, "seed", uint64(time.Now().Unix()), "of the load")
	flag.StringVar(&o.dir, "dir", "", "where the data directories are; empty: the system's temporary directory")
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 || o.power < 1 || o.longest < 20*time.Millisecond || o.tokens < 1 {
		return errors.New("wrong flags, see -help")
	}
	chosen := strings.Split(o.parts, ",")
	for _, name := range chosen {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no part %q; there are %s", name, strings.Join(names, ", "))
		}
	}
	s := &stage{options: o}
	if s.dir, err = os.MkdirTemp(o.dir, "torture-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(s.dir)) }()
	s.binary = filepath.Join(s.dir, "scopegate")
	if err := build(ctx, s.binary); err != nil {
		return err
	}
	s.report.List("Machine", report.Machine(), fmt.Sprintf("seed %d", o.seed))
	for _, p := range parts {
		if slices.Contains(chosen, p.name) && err == nil {
			fmt.Fprintln(os.Stderr, "==>", p.name)
			if err = p.run(s, ctx); err != nil {
				err = fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return errors.Join(err, s.report.Text(os.Stdout))
}

// newSite makes a place for a server below the stage.
func (s *stage) newSite(name string) (*site, error) {
	dir := filepath.Join(s.dir, name)
	return &site{binary: s.binary, dir: dir, data: filepath.Join(dir, "data")}, os.MkdirAll(dir, 0o700)
}
