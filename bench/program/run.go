//go:build linux

package program

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Run calls f, whose context ends with an interrupt or SIGTERM. If it fails,
// the process says so and ends with status 1. name is that of the program's
// folder below bench.
func Run(name string, f func(context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := f(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "bench/%s: %v\n", name, err)
		os.Exit(1)
	}
}

// InTurn takes steps one after the other until one fails.
func InTurn(ctx context.Context, steps ...func(context.Context) error) error {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}
