//go:build linux

package gate

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"scopegate/bench/proc"
)

// profileSource starts and ends a processor profile in a profile build.
//
//go:embed profile.go.txt
var profileSource string

// Build makes the scopegate binary as `make build` does, or takes one that is
// there.
func Build(ctx context.Context, s *proc.Stage, have string) (string, error) {
	if have != "" {
		return filepath.Abs(have)
	}
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	return Go(ctx, s, "scopegate", "-pgo", filepath.Join(root, "cmd/scopegate/release.pgo"), "./cmd/scopegate")
}

// BuildProfiled makes a scopegate that writes a processor profile to the file
// that SCOPEGATE_CPU_PROFILE names, until SIGUSR2.
func BuildProfiled(ctx context.Context, s *proc.Stage) (string, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	source, err := s.Write("profile.go", profileSource)
	if err != nil {
		return "", err
	}
	overlay, err := json.Marshal(map[string]map[string]string{"Replace": {
		filepath.Join(root, "cmd/scopegate/profile_overlay.go"): source,
	}})
	if err != nil {
		return "", err
	}
	file, err := s.Write("overlay.json", string(overlay))
	if err != nil {
		return "", err
	}
	return Go(ctx, s, "scopegate-profiled", "-overlay", file, "./cmd/scopegate")
}

// Go builds a program of this module into the Stage.
func Go(ctx context.Context, s *proc.Stage, name string, args ...string) (string, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return "", err
	}
	out := s.Path(name)
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-o", out}, args...)...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if said, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", name, err, said)
	}
	return out, nil
}

func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w", err)
	}
	mod := strings.TrimSpace(string(out))
	if filepath.Base(mod) != "go.mod" {
		return "", errors.New("run it within the module of scopegate")
	}
	return filepath.Dir(mod), nil
}
