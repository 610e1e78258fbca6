//go:build linux

package proc

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Process is a running program.
type Process struct {
	Name string

	cmd   *exec.Cmd
	log   string
	ended chan struct{}
	err   error // once ended is closed
}

// Spec says what to start.
type Spec struct {
	Name   string
	Core   int // the processor that it may use; negative for all
	Args   []string
	Env    []string // beside the environment that is there
	Stdin  io.Reader
	Stdout io.Writer // if nil, the log, as for standard error
}

// Start runs a program on its processor. It ends with the Stage at the latest.
func (s *Stage) Start(spec Spec) (*Process, error) {
	p := &Process{Name: spec.Name, log: s.Path(strings.NewReplacer(" ", "-", "/", "-").Replace(spec.Name) + ".log"), ended: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(spec.Args[0], spec.Args[1:]...)
	p.cmd.Env = append(os.Environ(), spec.Env...)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = spec.Stdin, spec.Stdout, log
	if spec.Stdout == nil {
		p.cmd.Stdout = log
	}
	// A group of its own: an interrupt at the terminal is ours to pass on.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := startOn(p.cmd, spec.Core); err != nil {
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	s.mu.Lock()
	s.running = append(s.running, p)
	s.mu.Unlock()
	return p, nil
}

// startOn starts a command from a thread that may use one processor only,
// which the child inherits (sched_setaffinity(2)).
func startOn(cmd *exec.Cmd, core int) error {
	if core < 0 {
		return cmd.Start()
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	one.Set(core)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return fmt.Errorf("processor %d: %w", core, err)
	}
	err := cmd.Start()
	if back := unix.SchedSetaffinity(0, &before); err == nil {
		err = back
	}
	return err
}

// Stop ends the process: SIGTERM, and SIGKILL after ten seconds. It says if
// the process had failed before.
func (p *Process) Stop() error {
	select {
	case <-p.ended:
		if p.err == nil {
			return nil
		}
		return fmt.Errorf("%s ended by itself: %w\n%s", p.Name, p.err, p.Tail())
	default:
	}
	pids := p.PIDs()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(10 * time.Second):
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		<-p.ended
		return fmt.Errorf("%s did not end within 10 s of SIGTERM", p.Name)
	}
	if p.err != nil && !signalled(p.err) {
		return fmt.Errorf("%s: %w\n%s", p.Name, p.err, p.Tail())
	}
	return nil
}

// Wait waits for the process to end by itself, and says if it failed.
func (p *Process) Wait(ctx context.Context) error {
	select {
	case <-p.ended:
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.err != nil {
		return fmt.Errorf("%s: %w\n%s", p.Name, p.err, p.Tail())
	}
	return nil
}

// Signal sends a signal to the process itself.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// Tail is the end of what the process said.
func (p *Process) Tail() string {
	data, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-2000):])
}
