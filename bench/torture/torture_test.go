//go:build linux

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tormented makes a torment of a server built for the test.
func tormented(t *testing.T) *torment {
	t.Helper()
	dir := t.TempDir()
	s := &site{binary: filepath.Join(dir, "scopegate"), dir: dir, data: filepath.Join(dir, "data")}
	if err := build(t.Context(), s.binary); err != nil {
		t.Fatal(err)
	}
	story, err := newTorment(s, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(story.silence)
	return story
}

// The short form of `make torture`'s first part: how soon the server is ready
// is measured there, not here.
func TestNothingAcknowledgedIsLostByKills(t *testing.T) {
	story := tormented(t)
	if err := story.rounds(t.Context(), 3, 300*time.Millisecond, func(s *server) error { s.kill(); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(story.ready) != 3 || story.acknowledged[registered].Load() == 0 || story.checks.Load() == 0 {
		t.Errorf("too little was done: %s", strings.Join(story.lines(), "; "))
	}
}

// The book must notice a store of yesterday, or the torture proves nothing.
func TestAStoreOfYesterdayIsNoticed(t *testing.T) {
	story := tormented(t)
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
