//go:build linux

package proc

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

// Output runs a program on its processor to its end and returns what it wrote
// to standard output and error. It ends with ctx at the latest.
func Output(ctx context.Context, spec Spec) ([]byte, error) {
	cmd := exec.CommandContext(ctx, spec.Args[0], spec.Args[1:]...)
	cmd.Env = append(os.Environ(), spec.Env...)
	cmd.Stdin = spec.Stdin
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	out := &buffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := startOn(cmd, spec.Core); err != nil {
		return nil, fmt.Errorf("starting %s: %w", spec.Name, err)
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", spec.Name, err, out.data)
	}
	return out.data, nil
}

type buffer struct{ data []byte }

func (b *buffer) Write(p []byte) (int, error) {
	b.data = append(b.data, p...)
	return len(p), nil
}
