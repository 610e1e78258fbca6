//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// manyClients have the many tokens: a million each, unless told otherwise.
const manyClients = 10

// starts measures a server with many live tokens: how soon it is ready after a
// clean end and after kill -9, what it weighs, what a check takes that memory
// answers and one that the store answers, and what revoking a client takes.
func (s *stage) starts(ctx context.Context) error {
	at, stopBackend, err := s.filled(ctx, "starts", filling{tokens: s.tokens, clients: manyClients})
	if err != nil {
		return err
	}
	defer stopBackend()
	if err := s.startAgain(ctx, at); err != nil {
		return err
	}
	texts, err := at.texts()
	if err != nil {
		return err
	}
	var rows [][]string
	// The default, one that holds them all, and the least, with which nearly
	// every check reads the store.
	for _, memory := range []string{"256MiB", "768MiB", "1MiB"} {
		row, err := s.weigh(ctx, at, texts, "--token-memory", memory)
		if err != nil {
			return err
		}
		rows = append(rows, append([]string{memory}, row...))
	}
	s.report.Table(fmt.Sprintf("%d live tokens of %d clients", s.tokens, manyClients), append([]string{"--token-memory"}, weightColumns...), rows)
	return s.revocations(ctx, at, texts)
}

// The memory of a fleet (P9 of the goals): so many clients and live tokens.
const (
	fleetClients = 10_000
	fleetTokens  = 1_000_000
	fleetRSS     = 256 * mib
)

// fleet measures the memory of a server with many clients and tokens.
func (s *stage) fleet(ctx context.Context) error {
	at, stopBackend, err := s.filled(ctx, "fleet", filling{tokens: fleetTokens, clients: fleetClients})
	if err != nil {
		return err
	}
	defer stopBackend()
	texts, err := at.texts()
	if err != nil {
		return err
	}
	row, err := s.weigh(ctx, at, texts)
	if err != nil {
		return err
	}
	s.report.Table(fmt.Sprintf("%d live tokens of %d clients (to be held: %d MiB resident)", fleetTokens, fleetClients, fleetRSS/mib), weightColumns, [][]string{row})
	return nil
}

// filled makes a site whose store has tokens, with a backend behind its routes.
func (s *stage) filled(ctx context.Context, name string, f filling) (at *site, stopBackend func(), err error) {
	if at, err = s.newSite(name); err != nil {
		return nil, nil, err
	}
	url, stopBackend, err := backend()
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			stopBackend()
		}
	}()
	if err := errors.Join(at.put(routes(url, 0)), os.MkdirAll(at.data, 0o700)); err != nil {
		return nil, nil, err
	}
	r, err := at.start(ctx) // makes the keys of a new directory
	if err != nil {
		return nil, nil, err
	}
	if err := r.stop(); err != nil {
		return nil, nil, err
	}
	f.texts = at.textFile()
	began := time.Now()
	if err := at.fillBy(ctx, f, true); err != nil {
		return nil, nil, err
	}
	s.report.List(fmt.Sprintf("Filling (%s)", name), fmt.Sprintf("%d tokens of %d clients issued durably in %s, %d MiB on disk",
		f.tokens, f.clients, time.Since(began).Round(time.Second), allocated(at.data)>>20))
	return at, stopBackend, nil
}

// startAgain measures how soon the server is ready.
func (s *stage) startAgain(ctx context.Context, at *site) error {
	var lines []string
	for _, end := range []string{"a clean end", "kill -9"} {
		r, err := at.start(ctx)
		if err != nil {
			return err
		}
		lines = append(lines, fmt.Sprintf("after %s: ready in %s", end, r.ready.Round(time.Millisecond)))
		r.kill()
	}
	if err := at.fillBy(ctx, filling{tokens: 100_000, clients: manyClients}, false); err != nil {
		return err
	}
	r, err := at.start(ctx)
	if err != nil {
		return err
	}
	lines = append(lines, fmt.Sprintf("after kill -9 right after 100,000 more: ready in %s", r.ready.Round(time.Millisecond)))
	s.report.List("Ready with many live tokens", lines...)
	return r.stop()
}

func (s *site) textFile() string { return filepath.Join(s.dir, "texts") }
