//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"scopegate/bench/gate"
	"scopegate/bench/load"
	"scopegate/bench/proc"
)

// profiled is what scopegate does in a profile: mostly what it is for, and a
// little of all else that callers bring about.
type profiled struct {
	what   string
	crowd  load.Crowd
	window time.Duration
}

// writeProfile runs a profile build under load and keeps its profile.
func writeProfile(ctx context.Context, stage *proc.Stage, hand *load.Hand, o *options) error {
	binary, err := gate.BuildProfiled(ctx, stage)
	if err != nil {
		return err
	}
	file := stage.Path("cpu.pprof")
	log, err := os.OpenFile(stage.Path("access.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	g, err := gate.Run(stage, gate.Setting{
		Name: "scopegate profiled", Binary: binary, Core: o.proxyCore, Upstream: hand.Upstream, Routes: 1000,
		Flags: []string{"--access-log=json"}, Env: []string{"SCOPEGATE_CPU_PROFILE=" + file}, Stdout: log,
	})
	if err != nil {
		return err
	}
	loads, err := mixture(ctx, g, o)
	if err != nil {
		return err
	}
	for _, l := range loads {
		r, err := hand.Do(load.Job{Crowds: []load.Crowd{l.crowd}, Window: l.window})
		if err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
		fmt.Fprintf(os.Stderr, "%s: %d requests, %d wrong %s\n", l.what, r.Tallies[0].Requests, r.Tallies[0].Wrong, r.Tallies[0].FirstWrong)
		if err := errors.Join(log.Truncate(0), ctx.Err()); err != nil {
			return err
		}
	}
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	data, err := g.Profile(ctx, syscall.SIGUSR2, file)
	if err != nil {
		return err
	}
	return os.WriteFile(o.profile, data, 0o644)
}

// mixture is the load of a profile.
func mixture(ctx context.Context, g *gate.Gate, o *options) ([]profiled, error) {
	may, err := g.Register(ctx, "caller", gate.Read, gate.Write)
	if err != nil {
		return nil, err
	}
	tokens, err := g.Tokens(ctx, may, o.tokens)
	if err != nil {
		return nil, err
	}
	lesser, err := g.Register(ctx, "lesser caller", gate.Other)
	if err != nil {
		return nil, err
	}
	lacking, err := g.Tokens(ctx, lesser, o.tokens)
	if err != nil {
		return nil, err
	}
	path := gate.Path(1000, "42")
	of := func(requests [][]byte, status, length int) load.Crowd {
		return load.Crowd{Addr: g.Addr, Connections: o.connections, Requests: requests, WantStatus: status, WantLength: length}
	}
	return []profiled{
		{"forwarded", of(get(path, tokens), 200, load.BodyLength), 5 * o.window},
		{"uploaded in chunks", of(upload(path, tokens), 200, load.BodyLength), 2 * o.window},
		{"refused for its scopes", of(get(path, lacking), 403, -1), o.window},
		{"tokens issued", of([][]byte{gate.TokenRequest(may)}, 200, -1), 2 * o.window},
	}, nil
}
