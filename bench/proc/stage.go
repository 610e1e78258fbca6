//go:build linux

package proc

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

// Stage is where the measured programs run: a directory that goes away with
// them.
type Stage struct {
	Dir string

	mu      sync.Mutex
	running []*Process
	ports   map[string]bool
}

// Open makes a Stage under the system's directory for temporary files.
func Open() (*Stage, error) {
	dir, err := os.MkdirTemp("", "scopegate-bench-")
	if err != nil {
		return nil, err
	}
	// nginx gives up root for its workers, which then must get through here.
	if err := os.Chmod(dir, 0o755); err != nil {
		return nil, err
	}
	return &Stage{Dir: dir, ports: map[string]bool{}}, nil
}

// Close ends what still runs, last first, and removes the directory.
func (s *Stage) Close() error {
	s.mu.Lock()
	running := s.running
	s.running = nil
	s.mu.Unlock()
	var errs []error
	for _, r := range slices.Backward(running) {
		errs = append(errs, r.Stop())
	}
	return errors.Join(append(errs, os.RemoveAll(s.Dir))...)
}

// Path is the path of a file of the Stage.
func (s *Stage) Path(name string) string { return filepath.Join(s.Dir, name) }

// Write makes a file of the Stage and returns its path.
func (s *Stage) Write(name, content string) (string, error) {
	path := s.Path(name)
	return path, os.WriteFile(path, []byte(content), 0o644)
}

// Address returns a loopback address that is free now and that no earlier
// call returned.
func (s *Stage) Address() (string, error) {
	for range 100 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		addr := l.Addr().String()
		_ = l.Close() // the program is to have it
		s.mu.Lock()
		taken := s.ports[addr]
		s.ports[addr] = true
		s.mu.Unlock()
		if !taken {
			return addr, nil
		}
	}
	return "", errors.New("no free loopback port")
}

// Await waits up to ten seconds until the process listens at addr.
func (s *Stage) Await(p *Process, addr string) error {
	deadline := time.Now().Add(10 * time.Second)
	for {
		c, err := net.DialTimeout("tcp", addr, time.Second)
		if err == nil {
			_ = c.Close()
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended at start: %w\n%s", p.Name, p.err, p.Tail())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not listen at %s after 10 s: %w\n%s", p.Name, addr, err, p.Tail())
		}
	}
}

func signalled(err error) bool {
	var status interface{ Sys() any }
	if !errors.As(err, &status) {
		return false
	}
	ws, ok := status.Sys().(syscall.WaitStatus)
	return ok && ws.Signaled()
}
