//go:build linux

package main

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
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
		gauges, err := s.scrape()
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

// scrape reads all series of the metrics.
func (s *soak) scrape() (map[string]float64, error) {
	c := http.Client{Timeout: 10 * time.Second}
	defer c.CloseIdleConnections()
	resp, err := c.Get("http://" + s.gate.Admin + "/metrics")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	series := map[string]float64{}
	lines := bufio.NewScanner(resp.Body)
	for lines.Scan() {
		line := lines.Text()
		at := strings.LastIndexByte(line, ' ')
		if at < 0 || line[0] == '#' {
			continue
		}
		if series[line[:at]], err = strconv.ParseFloat(line[at+1:], 64); err != nil {
			return nil, fmt.Errorf("metrics: %q: %w", line, err)
		}
	}
	return series, lines.Err()
}
