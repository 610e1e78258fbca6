//go:build linux

package main

import (
	"context"
	"fmt"
)

// kills ends the process with SIGKILL at random moments of the load.
func (s *stage) kills(ctx context.Context) error {
	at, err := s.newSite("kill")
	if err != nil {
		return err
	}
	t, err := newScenario(at, s.seed)
	if err != nil {
		return err
	}
	defer t.stopBackend()
	err = t.rounds(ctx, s.rounds, s.longest, func(r *server) error { r.kill(); return nil })
	s.report.List(fmt.Sprintf("%d kills", len(t.ready)), t.lines()...)
	return errorsOr(err, t.soon())
}
