//go:build linux

package main

import (
	"fmt"
	"os"
	"time"

	"scopegate/bench/proc"
)

// sample is how scopegate stood once all connections of a step were closed.
type sample struct {
	rss         int64 // bytes
	descriptors int
	goroutines  int
	live        int     // tokens
	perSecond   float64 // answers over all crowds
	cpu         float64 // us of processor time an answer
}

func (s *soak) sample() (one sample, err error) {
	pids := s.gate.Process.PIDs()
	if one.rss, err = proc.RSS(pids); err != nil {
		return one, err
	}
	// The connections that the load has just closed end at their own pace.
	for deadline := time.Now().Add(10 * time.Second); ; {
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pids[0]))
		if err != nil {
			return one, err
		}
		gauges, err := s.gate.Series()
		if err != nil {
			return one, err
		}
		one.descriptors, one.goroutines = len(open), int(gauges["go_goroutines"])
		one.live = int(gauges["scopegate_tokens_live"])
		if gauges[`scopegate_connections_open{front="wire"}`]+gauges[`scopegate_connections_open{front="http"}`] == 0 || time.Now().After(deadline) {
			return one, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
}
