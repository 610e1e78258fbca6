//go:build linux

package program

import (
	"context"
	"errors"
	"flag"
	"os"

	"scopegate/bench/load"
	"scopegate/bench/proc"
	"scopegate/bench/report"
)

// Benchmark is a program that measures on two processors: one has what is
// measured, the other all that makes the load.
type Benchmark struct {
	Name string // of its folder below bench, and of its section on a page

	// Where the flags that every benchmark has go, -proxy-core, -load-core and
	// -binary: the processor of what is measured, that of callers and upstream,
	// and the scopegate to measure; empty: it is built.
	ProxyCore, LoadCore *int
	Binary              *string

	Flags func(*flag.FlagSet) // adds its own
	Check func() error        // says what is wrong with them

	// Measure does the work. A report beside an error is told all the same:
	// then what was found is the failure. nil: there is nothing to tell.
	Measure func(ctx context.Context, stage *proc.Stage, hand *load.Hand) (*report.Report, error)
}

// Main is the benchmark's main function, and that of the workers which it
// starts.
func (b *Benchmark) Main() {
	load.MaybeWork()
	Run(b.Name, func(ctx context.Context) error {
		markdown, err := b.Parse(flag.CommandLine, os.Args[1:])
		if err != nil {
			return err
		}
		return b.perform(ctx, markdown)
	})
}

// Parse reads the flags and returns the file to which the report goes as
// markdown, empty for none.
func (b *Benchmark) Parse(flags *flag.FlagSet, args []string) (markdown string, err error) {
	b.Flags(flags)
	flags.IntVar(b.ProxyCore, "proxy-core", 0, "processor of what is measured")
	flags.IntVar(b.LoadCore, "load-core", 1, "processor of callers and upstream")
	flags.StringVar(b.Binary, "binary", "", "measure this scopegate instead of building one")
	flags.StringVar(&markdown, "markdown", "", "write the results as markdown to this file, into its section for them if it has one")
	if err := flags.Parse(args); err != nil {
		return "", err
	}
	if flags.NArg() > 0 {
		return "", errors.New("wrong flags, see -help")
	}
	if *b.ProxyCore == *b.LoadCore {
		return "", errors.New("-proxy-core and -load-core must differ, or the load is measured too")
	}
	return markdown, b.Check()
}

// perform measures on a stage that ends with it, and tells what was found.
func (b *Benchmark) perform(ctx context.Context, markdown string) (err error) {
	stage, err := proc.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stage.Close()) }()
	hand, err := load.Hire(stage, *b.LoadCore)
	if err != nil {
		return err
	}
	found, err := b.Measure(ctx, stage, hand)
	if found == nil {
		return err
	}
	return errors.Join(found.Text(os.Stdout), found.Markdown(markdown, b.Name), err)
}
