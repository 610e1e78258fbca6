//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"scopegate/bench/gate"
	"scopegate/bench/load"
	"scopegate/bench/proc"
)

const (
	nameGate  = "scopegate"
	nameTerse = "scopegate, --log-level=warn"
	nameBare  = "bare Go endpoint"
	nameRedis = "Redis SET, appendfsync always"
)

// subject is something that makes tokens durable.
type subject struct {
	name    string
	samples map[int][]sample // by number of clients
	ask     func(ctx context.Context, clients int) (sample, error)
}

// sample is one round for one number of clients.
type sample struct {
	perSecond float64
	p50, p99  time.Duration
	cpu       float64 // us of processor time a token; zero if not known
}

// measurement is everything that one run knows.
type measurement struct {
	o        *options
	stage    *proc.Stage
	hand     *load.Hand
	gate     *gate.Gate
	clients  []gate.Client
	requests [][]byte // for tokens of scopegate
	subjects []*subject
	lacking  []string
	machine  string
	disk     string

	companies []*company // of requests through the gateway
	fill      fill
}

func (m *measurement) start(ctx context.Context) (err error) {
	return errors.Join(m.bare(), m.redis(), m.scopegate(ctx))
}

// scopegate adds scopegate as its users run it, and without the line that the
// log has for every token.
func (m *measurement) scopegate(ctx context.Context) error {
	binary, err := gate.Build(ctx, m.stage, m.o.binary)
	if err != nil {
		return err
	}
	if m.gate, m.clients, err = m.run(ctx, binary, nameGate); err != nil {
		return err
	}
	m.requests = m.add(nameGate, m.gate.Process, m.gate.Addr, m.clients)
	terse, clients, err := m.run(ctx, binary, nameTerse, "--log-level=warn")
	if err != nil {
		return err
	}
	m.add(nameTerse, terse.Process, terse.Addr, clients)
	return nil
}

// run starts a scopegate and registers as many clients as ask at once.
func (m *measurement) run(ctx context.Context, binary, name string, flags ...string) (*gate.Gate, []gate.Client, error) {
	g, err := gate.Run(m.stage, gate.Setting{
		Name: name, Binary: binary, Core: m.o.proxyCore, Upstream: m.hand.Upstream, Routes: 10,
		Flags: append([]string{"--access-log=off"}, flags...),
	})
	if err != nil {
		return nil, nil, err
	}
	var clients []gate.Client
	for i := range counts[len(counts)-1] {
		c, err := g.Register(ctx, fmt.Sprintf("caller %d", i), gate.Read, gate.Write)
		if err != nil {
			return nil, nil, err
		}
		clients = append(clients, c)
	}
	return g, clients, nil
}

func (m *measurement) bare() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	addr, err := m.stage.Address()
	if err != nil {
		return err
	}
	p, err := m.stage.Start(proc.Spec{Name: nameBare, Core: m.o.proxyCore, Args: []string{self, bareArg, addr, m.stage.Path("bare.tokens")}})
	if err != nil {
		return err
	}
	m.add(nameBare, p, addr, []gate.Client{{ID: bareID, Secret: bareSecret}})
	return m.stage.Await(p, addr)
}

// add takes a subject that speaks HTTP and returns its clients' requests.
func (m *measurement) add(name string, p *proc.Process, addr string, of []gate.Client) (requests [][]byte) {
	for _, c := range of {
		requests = append(requests, gate.TokenRequest(c))
	}
	pids := p.PIDs()
	m.subjects = append(m.subjects, &subject{name: name, samples: map[int][]sample{}, ask: func(_ context.Context, clients int) (sample, error) {
		r, err := m.hand.Do(load.Job{
			Crowds: []load.Crowd{{Addr: addr, Connections: clients, Requests: requests, WantStatus: 200, WantLength: -1}},
			Warmup: 200 * time.Millisecond, Window: m.o.window, PIDs: pids,
		})
		if err != nil {
			return sample{}, fmt.Errorf("%w\n%s", err, p.Tail())
		}
		t := r.Tallies[0]
		if err := whole(t); err != nil {
			return sample{}, err
		}
		return sample{float64(t.Requests) / r.Elapsed.Seconds(), t.P50, t.P99, float64(r.CPU.Nanoseconds()) / 1000 / float64(t.Requests)}, nil
	}})
	return requests
}

// whole refuses a tally with answers that are wrong or missing.
func whole(t load.Tally) error {
	if t.Wrong > 0 || t.Broken > 0 || t.Requests == 0 {
		return fmt.Errorf("%d answers right, %d wrong, %d missing; the first of these: %s", t.Requests, t.Wrong, t.Broken, t.FirstWrong)
	}
	return nil
}

// fileSystem names what a directory lies on: a sync to memory costs nothing.
func fileSystem(dir string) string {
	out, err := exec.Command("stat", "-f", "-c", "%T", dir).Output()
	if err != nil {
		return "file system unknown"
	}
	return "files on " + string(out[:len(out)-1])
}
