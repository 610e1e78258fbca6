//go:build linux

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// built is the binary, made once for all tests; TestMain removes its directory.
var built = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "torture-test-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "scopegate")
	return name, build(context.Background(), name)
})

func TestMain(m *testing.M) {
	maybeFill()
	code := m.Run()
	if name, err := built(); err == nil {
		_ = os.RemoveAll(filepath.Dir(name))
	}
	os.Exit(code)
}

// newTestSite makes a place for a server in a directory of the test.
func newTestSite(t *testing.T) *site {
	t.Helper()
	name, err := built()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	return &site{binary: name, dir: dir, data: filepath.Join(dir, "data")}
}

// newTestScenario makes a scenario of a server.
func newTestScenario(t *testing.T) *scenario {
	t.Helper()
	story, err := newScenario(newTestSite(t), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(story.stopBackend)
	return story
}

// The short form of `make torture`'s first part: how soon the server is ready
// is measured there, not here.
func TestNothingAcknowledgedIsLostByKills(t *testing.T) {
	t.Parallel()
	story := newTestScenario(t)
	if err := story.rounds(t.Context(), 3, 300*time.Millisecond, func(s *server) error { s.kill(); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(story.ready) != 3 || story.acknowledged[registered].Load() == 0 || story.checks.Load() == 0 {
		t.Errorf("too little was done: %s", strings.Join(story.lines(), "; "))
	}
}

// The book must notice a store of yesterday, or the torture proves nothing.
func TestAStoreOfYesterdayIsNoticed(t *testing.T) {
	t.Parallel()
	story := newTestScenario(t)
	yesterday := filepath.Join(t.TempDir(), "store")
	store := filepath.Join(story.site.data, "store")
	kills := 0
	err := story.rounds(t.Context(), 2, 300*time.Millisecond, func(s *server) error {
		s.kill()
		if kills++; kills == 1 {
			return os.CopyFS(yesterday, os.DirFS(store))
		}
		if err := os.RemoveAll(store); err != nil {
			return err
		}
		return os.CopyFS(store, os.DirFS(yesterday))
	})
	if err == nil || !strings.Contains(err.Error(), "promises were broken") {
		t.Errorf("the rounds ended with %v, want broken promises", err)
	}
}
