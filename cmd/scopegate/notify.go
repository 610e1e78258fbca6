package main

import (
	"context"
	"fmt"
	"net"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
)

// publicListener takes the socket that systemd passed, so that a restart
// refuses no connection, or opens the address itself.
func publicListener(address string) (net.Listener, error) {
	passed, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("sockets of the service manager: %w", err)
	}
	for _, l := range passed {
		if l != nil {
			return l, nil
		}
	}
	return net.Listen("tcp", address)
}

// tellManager says a state to systemd, where it listens (sd_notify).
func (s *server) tellManager(state string) {
	if _, err := daemon.SdNotify(false, state); err != nil {
		s.log.Warn("service manager not told", "state", state, "error", err)
	}
}

// keepWatchdog tells systemd at half its interval that the server is alive,
// as long as the store answers.
func (s *server) keepWatchdog(ctx context.Context) {
	interval, err := daemon.SdWatchdogEnabled(false)
	if err != nil || interval == 0 {
		return
	}
	tick := time.NewTicker(interval / 2)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if ok, _ := s.ready(); ok || s.draining.Load() {
				s.tellManager(daemon.SdNotifyWatchdog)
			}
		case <-ctx.Done():
			return
		}
	}
}
