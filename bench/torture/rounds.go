//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// workers is how many put load on the server at once.
const workers = 16

// scenario is the life of a data directory under test: load, a fault, a start, and
// the comparison with the book, again and again.
type scenario struct {
	*tally
	site        *site
	workers     []*worker
	random      *rand.Rand
	ready       []time.Duration // of each start after a fault
	stopBackend func()          // ends the backend
}

func newScenario(s *site, seed uint64) (*scenario, error) {
	url, stop, err := backend()
	if err != nil {
		return nil, err
	}
	if err := s.put(routes(url, 0)); err != nil {
		stop()
		return nil, err
	}
	t := &scenario{tally: &tally{}, site: s, random: rand.New(rand.NewPCG(seed, 0)), stopBackend: stop}
	for n := range uint64(workers) {
		t.workers = append(t.workers, &worker{tally: t.tally, site: s, upstream: url, random: rand.New(rand.NewPCG(seed, n+1))})
	}
	return t, nil
}

// each runs f for all workers at once.
func (t *scenario) each(f func(*worker)) {
	var all sync.WaitGroup
	for _, w := range t.workers {
		all.Go(func() { f(w) })
	}
	all.Wait()
}

// rounds goes through n faults; longest bounds the load before each. strike is
// called while the load runs and returns when the process is gone.
func (t *scenario) rounds(ctx context.Context, n int, longest time.Duration, strike func(*server) error) error {
	for round := range n + 1 {
		s, err := t.site.start(ctx)
		if err != nil {
			return fmt.Errorf("start after %d faults: %w", round, err)
		}
		if round > 0 {
			t.ready = append(t.ready, s.ready)
		}
		t.lostNothing(ctx, s.caller)
		t.each(func(w *worker) { w.verify(ctx, s.caller) })
		if err := t.broken(); err != nil || round == n || ctx.Err() != nil {
			return errorsOr(err, ctx.Err(), s.stop())
		}
		if err := t.strikeUnderLoad(ctx, s, longest, strike); err != nil {
			return fmt.Errorf("fault %d: %w", round+1, err)
		}
	}
	return nil
}

func (t *scenario) strikeUnderLoad(ctx context.Context, s *server, longest time.Duration, strike func(*server) error) error {
	var load sync.WaitGroup
	load.Go(func() { t.each(func(w *worker) { w.work(ctx, ctx, s.caller) }) })
	moment := time.NewTimer(longest/20 + time.Duration(t.random.Int64N(int64(longest))))
	defer moment.Stop()
	select {
	case <-moment.C:
	case <-s.ended:
		load.Wait()
		return fmt.Errorf("the server ended by itself\n%s", s.tail())
	}
	err := strike(s)
	if err != nil {
		s.kill()
	}
	load.Wait()
	s.idle()
	return err
}

func errorsOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// readyWithin is how soon every start has to be ready.
const readyWithin = 2 * time.Second

// soon says which starts were late, and whether a kind of change was missing.
func (t *scenario) soon() error {
	for i, name := range deedNames {
		if t.acknowledged[i].Load() == 0 {
			return fmt.Errorf("too few rounds: %s: none", name)
		}
	}
	for n, ready := range t.ready {
		if ready > readyWithin {
			return fmt.Errorf("start %d was ready after %s, later than %s", n+1, ready, readyWithin)
		}
	}
	return nil
}

// lines tell what was done.
func (t *scenario) lines() []string {
	var out []string
	for i, name := range deedNames {
		out = append(out, fmt.Sprintf("%s: %d", name, t.acknowledged[i].Load()))
	}
	out = append(out, fmt.Sprintf("left without an answer: %d, refused with 5xx: %d, compared with the book: %d",
		t.unanswered.Load(), t.refused.Load(), t.checks.Load()))
	if len(t.ready) > 0 {
		v := slices.Sorted(slices.Values(t.ready))
		late, _ := slices.BinarySearch(v, readyWithin)
		out = append(out, fmt.Sprintf("ready after %s in the middle, %s at most; %d of %d starts within %s",
			v[len(v)/2].Round(time.Millisecond), v[len(v)-1].Round(time.Millisecond), late, len(v), readyWithin))
	}
	return out
}
