//go:build linux

package main

import (
	"path/filepath"
	"testing"
)

// The short form of `make torture`'s fillings: one, with a start on the full
// disk.
func TestAFullDiskRefusesWhatIsNewAndHeals(t *testing.T) {
	t.Parallel()
	at := newTestSite(t)
	n, err := newNeighbour(at)
	if err != nil {
		t.Skipf("not tried: %v", err)
	}
	t.Cleanup(func() {
		if err := n.leave(); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	at.data = filepath.Join(n.dir, "data")
	story, err := newScenario(at, 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(story.stopBackend)
	f := &flood{scenario: story, neighbour: n}
	if f.server, err = at.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { f.server.kill() }()
	if err := f.once(t.Context(), true); err != nil {
		t.Fatalf("%v\n%s", err, f.server.tail())
	}
	if f.checks == 0 || len(f.restarts) != 1 || len(f.again) != 1 {
		t.Errorf("too little was done: %v", f.lines())
	}
}
