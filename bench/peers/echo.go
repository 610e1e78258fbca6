//go:build linux

package main

import (
	"context"
	"strings"

	"scopegate/bench/gate"
	"scopegate/bench/load"
	"scopegate/bench/proc"
)

// echo adds what one would write first in Go.
func (m *measurement) echo(ctx context.Context) error {
	binary, err := gate.Go(ctx, m.stage, "echoproxy", "./bench/echoproxy")
	if err != nil {
		return err
	}
	tokens, err := m.stage.Write("tokens", strings.Join(m.known, "\n"))
	if err != nil {
		return err
	}
	start := func(name string, flags ...string) (*proc.Process, string, error) {
		addr, err := m.stage.Address()
		if err != nil {
			return nil, "", err
		}
		args := append([]string{binary, "-listen", addr, "-upstream", m.hand.Upstream, "-tokens", tokens}, flags...)
		p, err := m.stage.Start(proc.Spec{Name: name, Core: m.o.proxyCore, Args: args})
		if err != nil {
			return nil, "", err
		}
		return p, addr, m.stage.Await(p, addr)
	}
	p, addr, err := start("echoproxy")
	if err != nil {
		return err
	}
	m.add(&subject{
		name: echoPlain, checks: "token by map", process: p, addr: addr, requests: get(m.path, m.known),
		status: 200, length: load.BodyLength, fixed: true, verify: guarded(m.path, m.known[0], "nobody"),
	})
	m.add(&subject{
		name: echoChunked, checks: "token by map", process: p, addr: addr, requests: upload(m.path, m.known),
		status: 200, length: load.BodyLength,
	})
	if p, addr, err = start("echoproxy TLS", "-cert", m.cert, "-key", m.key); err != nil {
		return err
	}
	m.add(&subject{name: echoH2, checks: "token by map", process: p, addr: addr, tokens: m.known})
	return nil
}
