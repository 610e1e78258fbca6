package gateway_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"scopegate/gateway"
	"scopegate/gateway/gatewaytest"
)

// stuck is a writer that waits until it is let go.
type stuck struct {
	entered chan struct{}
	once    sync.Once
	free    chan struct{}
}

func (s *stuck) Write(p []byte) (int, error) {
	s.once.Do(func() { close(s.entered) })
	<-s.free
	return len(p), nil
}

func TestAWriterThatBlocksBlocksNoRequest(t *testing.T) {
	w := &stuck{entered: make(chan struct{}), free: make(chan struct{})}
	l := gateway.NewLineWriter(w)
	line := []byte(strings.Repeat("x", 64<<10) + "\n")
	l.WriteLine(line)
	<-w.entered
	for range 200 { // far more than may wait
		l.WriteLine(line)
	}
	if l.Dropped() == 0 {
		t.Error("nothing was dropped: either it waited, or memory has no bound")
	}
	short, cancel := context.WithCancel(t.Context())
	cancel()
	if err := l.Close(short); err == nil {
		t.Error("Close returned without an error though nothing could be written")
	}
	close(w.free)
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestALineWaitsForOthersButNotForLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		out := &gatewaytest.Buffer{}
		l := gateway.NewLineWriter(out)
		l.WriteLine([]byte("one\n"))
		synctest.Wait()
		if got := out.String(); got != "" {
			t.Errorf("written at once: %q", got)
		}
		<-time.After(time.Second) // of the bubble's own clock
		synctest.Wait()
		if got := out.String(); got != "one\n" {
			t.Errorf("after a second: %q", got)
		}
		l.WriteLine([]byte("two\n"))
		if err := l.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := out.String(); got != "one\ntwo\n" {
			t.Errorf("after Close: %q", got)
		}
		l.WriteLine([]byte("three\n"))
		if l.Dropped() != 1 {
			t.Error("a line behind Close was not counted")
		}
	})
}
