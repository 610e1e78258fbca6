package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"
)

// progress tells on a terminal how far long work is.
type progress struct {
	w     io.Writer
	what  string
	unit  func(n int64) string
	every int64 // how much is done between two lines
	n     int64
	told  int64
	shown bool
}

// newProgress tells of bytes.
func newProgress(w io.Writer, what string) *progress {
	mebibytes := func(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }
	return &progress{w: w, what: what, unit: mebibytes, every: 8 << 20, shown: isTerminal(w)}
}

// newRecordProgress tells of records.
func newRecordProgress(w io.Writer, what string) *progress {
	records := func(n int64) string { return fmt.Sprintf("%d records", n) }
	return &progress{w: w, what: what, unit: records, every: 50_000, shown: isTerminal(w)}
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Write implements io.Writer, to count what passes.
func (p *progress) Write(b []byte) (int, error) {
	p.at(p.n + int64(len(b)))
	return len(b), nil
}

// at tells that so much is done.
func (p *progress) at(n int64) {
	p.n = n
	if p.shown && p.n-p.told >= p.every {
		p.told = p.n
		fmt.Fprintf(p.w, "\r\x1b[K%s: %s", p.what, p.unit(p.n))
	}
}

// done ends the line: with what was done, or, after an error, for the error.
func (p *progress) done(err error) {
	switch {
	case !p.shown:
	case err == nil:
		fmt.Fprintf(p.w, "\r\x1b[K%s: %s, done\n", p.what, p.unit(p.n))
	case p.told > 0:
		fmt.Fprintln(p.w)
	}
}

// interruptible ends long work by the first SIGINT or SIGTERM, so that it takes
// away what is half done; the second ends the process.
func interruptible(ctx context.Context) (_ context.Context, stop func()) {
	ctx, stop = signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
