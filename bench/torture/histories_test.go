//go:build linux

package main

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The short form of `make torture`'s histories.
func TestHistoriesAcrossKillsAreLinearizable(t *testing.T) {
	t.Parallel()
	at := newTestSite(t)
	url, stopBackend, err := backend()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stopBackend)
	if err := at.put(routes(url, 0)); err != nil {
		t.Fatal(err)
	}
	r := &recorder{tally: &tally{}, site: at, random: rand.New(rand.NewPCG(1, 0)), began: time.Now()}
	if err := r.episodes(t.Context(), 1000); err != nil {
		t.Fatal(err)
	}
	if len(r.ready) < 4 || r.acknowledged[used].Load() == 0 || r.acknowledged[tokenRevoked].Load() == 0 || r.acknowledged[rotated].Load() == 0 {
		t.Errorf("too little was done: %v", r.lines())
	}
}
