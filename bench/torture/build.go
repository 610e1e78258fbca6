//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
)

// build makes the binary as `make build` does.
func build(ctx context.Context, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", out, "scopegate/cmd/scopegate")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building scopegate: %w\n%s", err, said)
	}
	return nil
}
