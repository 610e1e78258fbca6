package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/spf13/cobra"
)

func serveCommand(w world) *cobra.Command {
	var o serveOptions
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the gateway",
		Long: "Run the gateway until SIGTERM or SIGINT. SIGHUP reads routes.yaml again.\n" +
			"A second SIGTERM ends running requests at once and still closes the store.",
		Example: "  scopegate serve --demo\n  scopegate serve --routes routes.yaml --data-dir /var/lib/scopegate --listen :8080",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			if o.demo && cmd.Flags().Changed("data-dir") {
				return usage("--demo has a data directory of its own; leave --data-dir out")
			}
			return serve(cmd.Context(), w, o)
		},
	}
	o.add(cmd)
	return cmd
}

// serve runs the server between its start and its signals.
func serve(ctx context.Context, w world, o serveOptions) (err error) {
	boundMemory()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	defer signal.Stop(signals)

	var d *demo
	if o.demo {
		fmt.Fprintln(w.stderr, "scopegate: starting the demo")
		if d, err = startDemo(); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
		o.dataDir, o.logLevel = d.dataDir, demoLogLevel(o)
		w.getenv = d.environment(w.getenv)
	}
	s, err := newServer(ctx, w, o)
	if err != nil {
		return err
	}
	if err := s.start(); err != nil {
		return errors.Join(err, s.close())
	}
	if d != nil {
		if err := d.announce(ctx, w.stdout, s.registry, s.origin()); err != nil {
			return errors.Join(err, s.stop(signals))
		}
	}
	return s.run(ctx, signals)
}

// boundMemory takes the container's memory limit as the collector's goal,
// unless GOMEMLIMIT says otherwise. Without a limit nothing is set.
func boundMemory() {
	_, _ = memlimit.Set(memlimit.WithRatio(0.9), memlimit.WithProvider(memlimit.FromCgroup))
}

// demoLogLevel keeps the demo's commands readable unless a level was asked for.
func demoLogLevel(o serveOptions) string {
	if o.logLevel == "info" {
		return "warn"
	}
	return o.logLevel
}

// run waits for signals, and for a listener that breaks.
func (s *server) run(ctx context.Context, signals <-chan os.Signal) error {
	for {
		select {
		case sig := <-signals:
			if sig == syscall.SIGHUP {
				s.reloadAndLog(ctx, "SIGHUP")
				continue
			}
			s.log.Info("stopping", "signal", sig.String())
			return s.stop(signals)
		case err := <-s.broken:
			s.log.Error("listener broke", "error", err)
			return errors.Join(err, s.stop(signals))
		case <-ctx.Done():
			return s.stop(signals)
		}
	}
}
