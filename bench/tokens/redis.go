//go:build linux

package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"scopegate/bench/proc"
)

// redis adds Redis with a sync for every answer, asked by its own benchmark.
func (m *measurement) redis() error {
	server, err := exec.LookPath("redis-server")
	asker, missing := exec.LookPath("redis-benchmark")
	if err := errors.Join(err, missing); err != nil {
		m.lacking = append(m.lacking, nameRedis+": "+err.Error())
		return nil
	}
	addr, err := m.stage.Address()
	if err != nil {
		return err
	}
	dir := m.stage.Path("redis")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	p, err := m.stage.Start(proc.Spec{Name: "redis", Core: m.o.proxyCore, Args: []string{
		server, "--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "",
		"--appendonly", "yes", "--appendfsync", "always", "--auto-aof-rewrite-percentage", "0",
	}})
	if err != nil {
		return err
	}
	m.subjects = append(m.subjects, &subject{name: nameRedis, samples: map[int][]sample{}, ask: func(ctx context.Context, clients int) (sample, error) {
		ctx, stop := context.WithTimeout(ctx, time.Minute)
		defer stop()
		// It counts requests, not time: about a window of what a disk does.
		n := int(m.o.window.Seconds() * 600 * float64(min(clients, 40)))
		out, err := proc.Output(ctx, proc.Spec{Name: "redis-benchmark", Core: m.o.loadCore, Args: []string{
			asker, "-h", "127.0.0.1", "-p", port, "-c", strconv.Itoa(clients), "-n", strconv.Itoa(n), "-r", "10000000", "-d", "44", "-t", "set", "--csv",
		}})
		if err != nil {
			return sample{}, err
		}
		return readRedis(string(out))
	}})
	return m.stage.Await(p, addr)
}

// readRedis reads the two lines of redis-benchmark --csv: names and figures.
func readRedis(out string) (sample, error) {
	var s sample
	at := strings.Index(out, `"test"`)
	if at < 0 {
		return s, fmt.Errorf("redis-benchmark said %q", out)
	}
	rows, err := csv.NewReader(strings.NewReader(out[at:])).ReadAll()
	if err != nil || len(rows) < 2 {
		return s, fmt.Errorf("redis-benchmark said %q: %w", out, err)
	}
	for i, name := range rows[0] {
		v, _ := strconv.ParseFloat(rows[1][i], 64)
		switch name {
		case "rps":
			s.perSecond = v
		case "p50_latency_ms":
			s.p50 = time.Duration(v * float64(time.Millisecond))
		case "p99_latency_ms":
			s.p99 = time.Duration(v * float64(time.Millisecond))
		}
	}
	if s.perSecond == 0 {
		return s, fmt.Errorf("redis-benchmark gave no rate: %q", out)
	}
	return s, nil
}
