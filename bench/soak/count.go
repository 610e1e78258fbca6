//go:build linux

package main

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"time"
)

var (
	requests = regexp.MustCompile(`^scopegate_requests_total\{code="(\w+)",method="\w+",reason="(\w+)",route="[^"]*"\}$`)
	issuing  = regexp.MustCompile(`^scopegate_token_requests_total\{grant_type="\w+",result="(\w+)"\}$`)
)

// counters are what the metrics say of requests, as crowds name it.
func (s *soak) counters() (map[string]int, error) {
	series, err := s.gate.Series()
	if err != nil {
		return nil, err
	}
	counted := map[string]int{}
	for name, n := range series {
		if m := requests.FindStringSubmatch(name); m != nil {
			counted[m[1]+" "+m[2]] += int(n)
		} else if m := issuing.FindStringSubmatch(name); m != nil {
			counted["token "+m[1]] += int(n)
		}
	}
	return counted, nil
}

// answered are what the callers got, by the names of the counters.
func (s *soak) answered() map[string]int {
	got := map[string]int{}
	for i := range s.crowds {
		got[s.crowds[i].counted] += s.crowds[i].answered
	}
	return got
}

// count waits, ten seconds at most, until the metrics have counted the answers
// that callers read last: a request is counted when its answer is written.
func (s *soak) count(before map[string]int) error {
	for deadline := time.Now().Add(10 * time.Second); ; {
		now, err := s.counters()
		if err != nil {
			return err
		}
		for name, n := range before {
			if now[name] -= n; now[name] == 0 {
				delete(now, name)
			}
		}
		if s.counted = now; maps.Equal(now, s.answered()) || time.Now().After(deadline) {
			return nil
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// verdict is an error if what is counted is not what was answered, or if
// something grew.
func (s *soak) verdict() error {
	var errs []error
	if got := s.answered(); !maps.Equal(got, s.counted) {
		errs = append(errs, fmt.Errorf("callers got %v, the metrics count %v", got, s.counted))
	}
	for _, g := range s.grown() {
		if g.last > g.bound {
			errs = append(errs, fmt.Errorf("%s grew from %.0f to %.0f", g.what, g.first, g.last))
		}
	}
	return errors.Join(errs...)
}
