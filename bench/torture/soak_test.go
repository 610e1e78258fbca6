//go:build linux

package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "draw the graph of docs anew")

// The short form of the soak: it is too short for a judgement of what is flat,
// not for tokens that live, expire and are revoked under load.
func TestASoakIsWatchedAndDrawn(t *testing.T) {
	t.Parallel()
	at := newTestSite(t)
	s := &stage{options: options{tokens: 200, during: 2 * time.Second, samples: filepath.Join(at.dir, "samples.csv")}}
	url, stopBackend, err := backend()
	if err != nil {
		t.Fatal(err)
	}
	defer stopBackend()
	if err := at.put(routes(url, 0)); err != nil {
		t.Fatal(err)
	}
	k := &soak{tally: &tally{}, rate: 100, ttl: time.Second, every: 100 * time.Millisecond}
	if k.server, err = at.start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := k.stop(); err != nil {
			t.Error(err)
		}
	}()
	if err := k.registerAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	samples, w, err := s.watchSoak(t.Context(), k, at)
	if err != nil {
		t.Fatal(err)
	}
	// How much is done in two seconds is the machine's affair.
	if len(samples) == 0 {
		t.Fatal("nothing was seen")
	}
	if last := samples[len(samples)-1]; last.issued == 0 || last.descriptors == 0 || last.disk == 0 || last.rss == 0 {
		t.Errorf("too little was seen: %+v", last)
	}
	kept, err := readSamples(s.samples)
	if err != nil || len(kept) != len(samples) || kept[0].row() != samples[0].row() {
		t.Errorf("%d samples were kept as %d, %v", len(samples), len(kept), err)
	}
	wellFormed(t, chart(samples, w))
}

func wellFormed(t *testing.T, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(svg))
	for {
		switch _, err := d.Token(); {
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			t.Fatalf("the graph is no XML: %v\n%s", err, svg)
		}
	}
}

// What rises must be called risen, or the soak proves nothing.
func TestWhatRisesIsNotFlat(t *testing.T) {
	w := window{begin: 0, during: time.Hour, span: 5 * time.Minute, end: 65 * time.Minute}
	for _, l := range limits {
		var samples []sample
		for at := time.Duration(0); at <= w.end; at += 5 * time.Second {
			s := sample{at: at, rss: 100 * mib, anonymous: 80 * mib, descriptors: 50, goroutines: 50, disk: 100 * mib, live: 1e5}
			if at > 30*time.Minute {
				s = risen(s, l.name)
			}
			samples = append(samples, s)
		}
		if _, err := judge(samples, w); err == nil || err.Error() != "not flat: "+l.name {
			t.Errorf("%s rose and the judgement is %v", l.name, err)
		}
	}
}

func risen(s sample, name string) sample {
	switch name {
	case "resident memory":
		s.rss += 30 * mib
	case "memory without mapped files":
		s.anonymous += 30 * mib
	case "descriptors":
		s.descriptors += 20
	case "goroutines":
		s.goroutines += 20
	case "disk":
		s.disk += 40 * mib
	case "live tokens":
		s.live *= 2
	}
	return s
}

// An hour's run begins its comparison after the sweep of the hour in which it
// was started.
func TestTheComparisonBeginsAfterAFullHour(t *testing.T) {
	began := time.Date(2026, 1, 2, 9, 30, 0, 0, time.UTC)
	if w := newWindow(began, time.Hour); w.begin != 34*time.Minute || w.end != 99*time.Minute {
		t.Errorf("the window is %+v", w)
	}
	if w := newWindow(began, time.Minute); w.begin != 10*time.Second {
		t.Errorf("a short run waits %s", w.begin)
	}
}

// The graph in docs is drawn from the samples of the run that docs tells of,
// and they are flat.
func TestTheGraphShowsItsSamples(t *testing.T) {
	const graph, kept = "../../docs/soak.svg", "testdata/soak.csv"
	samples, err := readSamples(kept)
	if err != nil {
		t.Fatal(err)
	}
	w := newWindow(time.Date(2026, 11, 29, 9, 30, 11, 0, time.UTC), time.Hour)
	want := chart(samples, w)
	if *update {
		if err := os.WriteFile(graph, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(graph); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what %s says (%v): go test -update", graph, kept, err)
	}
	if lines, err := judge(samples, w); err != nil {
		t.Errorf("%v\n%s", err, strings.Join(lines, "\n"))
	}
}
