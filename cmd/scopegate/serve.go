package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
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
			if o.demo && !cmd.Flags().Changed("routes") {
				o.routes = "" // its own
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
	overlap(w.getenv)
	// Two channels, so that hangups never stand in the way of an end, nor are
	// taken for a second one.
	ends, hangups := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(ends, syscall.SIGTERM, syscall.SIGINT)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(ends)
	defer signal.Stop(hangups)

	var d *demo
	if o.demo {
		fmt.Fprintln(w.stderr, "scopegate: starting the demo")
		if d, err = startDemo(o.routes); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, d.stop()) }()
		o.dataDir, o.routes, o.logLevel = d.dataDir, d.routes, demoLogLevel(o)
		if o.listen == defaultListen {
			o.listen = "127.0.0.1" + defaultListen // its client's secret is on a screen
		}
		w.getenv = d.environment(w.getenv)
	}
	s, err := newServerUnless(ctx, ends, w, o)
	if err != nil || s == nil {
		return err
	}
	if err := s.start(); err != nil {
		return errors.Join(err, s.close())
	}
	if d != nil {
		if err := d.announce(ctx, w.stdout, s.registry, s.origin()); err != nil {
			return errors.Join(err, s.stop(ends))
		}
	}
	return s.run(ctx, ends, hangups)
}

// newServerUnless opens a server, and gives up when it is told to end first:
// waiting for the lock of a data directory may take long. It returns nil then.
func newServerUnless(ctx context.Context, ends <-chan os.Signal, w world, o serveOptions) (*server, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	opened, ended := make(chan struct{}), make(chan bool, 1)
	go func() {
		select {
		case <-ends:
			cancel()
			ended <- true
		case <-opened:
			ended <- false
		}
	}()
	s, err := newServer(ctx, w, o)
	close(opened)
	if !<-ended {
		return s, err
	}
	if err == nil {
		return nil, s.close()
	}
	if errors.Is(err, context.Canceled) {
		return nil, nil
	}
	return nil, err
}

// boundMemory takes the container's memory limit as the collector's goal,
// unless GOMEMLIMIT says otherwise. Without a limit nothing is set.
func boundMemory() {
	_, _ = memlimit.Set(memlimit.WithRatio(0.9), memlimit.WithProvider(memlimit.FromCgroup))
}

// overlap lets Go run two goroutines at once where there is one processor,
// unless GOMAXPROCS says otherwise. Else whoever computes for long, as the store
// does when a memtable is full, and whoever waits for the disk would keep all
// others from the poller for some 50 ms. Go itself does so in a container whose
// limit is below two processors. Go follows no later change of the number then.
func overlap(getenv func(string) (string, bool)) {
	if said, _ := getenv("GOMAXPROCS"); said == "" && runtime.GOMAXPROCS(0) == 1 {
		runtime.GOMAXPROCS(2)
	}
}

// demoLogLevel keeps the demo's commands readable unless a level was asked for.
func demoLogLevel(o serveOptions) string {
	if o.logLevel == "info" {
		return "warn"
	}
	return o.logLevel
}

// run waits for signals, and for a listener that breaks.
func (s *server) run(ctx context.Context, ends, hangups <-chan os.Signal) error {
	for {
		select {
		case <-hangups:
			s.reloadAndLog(ctx, "SIGHUP")
		case sig := <-ends:
			s.hurryLog()
			s.log.Info("stopping", "signal", sig.String())
			return s.stop(ends)
		case err := <-s.broken:
			s.hurryLog()
			s.log.Error("listener broke", "error", err)
			return errors.Join(err, s.stop(ends))
		case <-ctx.Done():
			s.hurryLog()
			return s.stop(ends)
		}
	}
}
