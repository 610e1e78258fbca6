package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"testing/synctest"
	"time"
)

func jsonLines(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) }

// TestLineHandlerIsASlogHandler holds it to what log/slog asks of handlers.
func TestLineHandlerIsASlogHandler(t *testing.T) {
	var out bytes.Buffer
	slogtest.Run(t, func(*testing.T) slog.Handler {
		out.Reset()
		return newLineHandler(&out, slog.LevelInfo, jsonLines)
	}, func(t *testing.T) map[string]any {
		line := map[string]any{}
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		return line
	})
}

func TestLineHandlerLeavesOutWhatIsBelowItsLevel(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newLineHandler(&out, slog.LevelWarn, jsonLines))
	log.Info("no")
	log.Warn("yes")
	if got := out.String(); strings.Contains(got, "no") || !strings.Contains(got, "yes") {
		t.Error(got)
	}
}

// TestLinesOfManyStayWholeAndInOrder: each goroutine's lines come in the order
// in which it logged, with what its logger has, whoever logs at the same time.
func TestLinesOfManyStayWholeAndInOrder(t *testing.T) {
	const loggers, lines = 8, 50
	var out bytes.Buffer // written by one at a time
	log := slog.New(newLineHandler(&out, slog.LevelInfo, jsonLines))
	var running sync.WaitGroup
	for who := range loggers {
		running.Go(func() {
			own := log.With("who", who).WithGroup("of")
			for n := range lines {
				own.Info("line", "n", n, "of_any_length", strings.Repeat("x", n*who))
			}
		})
	}
	running.Wait()
	var next [loggers]int
	for text := range strings.Lines(out.String()) {
		var line struct {
			Who int
			Of  struct{ N int }
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("%v: %q", err, text)
		}
		if line.Of.N != next[line.Who] {
			t.Fatalf("line %d of %d came after %d others", line.Of.N, line.Who, next[line.Who])
		}
		next[line.Who]++
	}
	for who, n := range next {
		if n != lines {
			t.Errorf("%d lines of %d", n, who)
		}
	}
}

// brokenHandler cannot encode some records.
type brokenHandler struct{ slog.Handler }

func (h brokenHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == "broken" {
		panic("mine")
	}
	return h.Handler.Handle(ctx, r)
}

// TestARecordThatCannotBeEncodedHoldsUpNobody: its panic is its logger's alone.
func TestARecordThatCannotBeEncodedHoldsUpNobody(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(newLineHandler(&out, slog.LevelInfo, func(w io.Writer) slog.Handler { return brokenHandler{jsonLines(w)} }))
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		log.Info("broken")
	}()
	log.Info("whole")
	if n := strings.Count(out.String(), "\n"); n != 1 || !strings.Contains(out.String(), "whole") {
		t.Errorf("%q", out.String())
	}
}

// heldWriter holds up its first call until it is let go, and fails if told to.
type heldWriter struct {
	begun chan struct{} // closed when the first call has begun
	let   chan struct{}
	err   error

	mu    sync.Mutex
	calls []string
}

func (w *heldWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	w.calls = append(w.calls, string(p))
	first := len(w.calls) == 1
	w.mu.Unlock()
	if first {
		close(w.begun)
		<-w.let
	}
	return len(p), w.err
}

// TestLinesThatComeMeanwhileAreWrittenTogether: and nobody goes on before its
// line is written.
func TestLinesThatComeMeanwhileAreWrittenTogether(t *testing.T) {
	for name, failure := range map[string]error{"written": nil, "not written": errors.New("no room")} {
		t.Run(name, func(t *testing.T) {
			const many = 50
			w := &heldWriter{begun: make(chan struct{}), let: make(chan struct{}), err: failure}
			l := &lineGroups{w: w}
			ended := make(chan error, many+1)
			go func() { ended <- l.write([]byte("first\n")) }()
			<-w.begun
			for range many {
				go func() { ended <- l.write([]byte("line\n")) }()
			}
			for waiting := 0; waiting < many*len("line\n"); {
				runtime.Gosched()
				l.mu.Lock()
				if l.next != nil {
					waiting = len(l.next.text)
				}
				l.mu.Unlock()
			}
			if len(ended) > 0 {
				t.Error("somebody did not wait")
			}
			close(w.let)
			for range many + 1 {
				if err := <-ended; !errors.Is(err, failure) {
					t.Error(err)
				}
			}
			if len(w.calls) != 2 || w.calls[0] != "first\n" || w.calls[1] != strings.Repeat("line\n", many) {
				t.Errorf("%q", w.calls)
			}
		})
	}
}

// TestNobodyWaitsLongForALogOfAServerThatStops: neither who waited before nor
// who logs after.
func TestNobodyWaitsLongForALogOfAServerThatStops(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &heldWriter{begun: make(chan struct{}), let: make(chan struct{})}
		l := &lineGroups{w: w, hurried: make(chan struct{})}
		waited := make(chan error, 2)
		for range 2 {
			go func() { waited <- l.write([]byte("before\n")) }()
		}
		time.Sleep(time.Hour)
		if len(waited) > 0 {
			t.Fatal("somebody did not wait for the line")
		}
		began := time.Now()
		l.hurry()
		for range 2 {
			if err := <-waited; !errors.Is(err, errLineWaits) {
				t.Error(err)
			}
		}
		if err := l.write([]byte("after\n")); !errors.Is(err, errLineWaits) {
			t.Error(err)
		}
		if took := time.Since(began); took != 2*lastWait {
			t.Errorf("after %v", took)
		}
		close(w.let)
		synctest.Wait()
		if err := l.write([]byte("last\n")); err != nil { // it takes lines again
			t.Error(err)
		}
	})
}

// stuckLog takes lines until it is stuck, and then none until it is let go.
type stuckLog struct{ stuck, held, let chan struct{} }

func (l *stuckLog) Write(p []byte) (int, error) {
	select {
	case <-l.stuck:
		close(l.held)
		<-l.let
	default:
	}
	return len(p), nil
}

// TestAServerStopsWhoseLogIsNotRead: with a token request that waits for it.
func TestAServerStopsWhoseLogIsNotRead(t *testing.T) {
	log := &stuckLog{make(chan struct{}), make(chan struct{}), make(chan struct{})}
	t.Cleanup(func() { close(log.let) })
	p := &inProcess{t: t, dir: t.TempDir(), stderr: log}
	p.write("routes.yaml", oneRoute)
	p.start()
	close(log.stuck)
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		resp, err := http.Post(p.origin+"/oauth/token", "application/x-www-form-urlencoded", strings.NewReader("grant_type=client_credentials")) //nolint:noctx // bounded by the server's end
		if err == nil {
			_ = resp.Body.Close()
		}
	}()
	<-log.held
	p.stop()
	<-answered
}
