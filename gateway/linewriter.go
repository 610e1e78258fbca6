package gateway

import (
	"context"
	"io"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// flushAt is how much is gathered before it is written at once.
	flushAt = 32 << 10
	// maxPending bounds what waits for a writer that does not keep up.
	maxPending = 4 << 20
	// maxSpare is how much memory is kept between writes.
	maxSpare = 1 << 20
	// flushDelay is how long a line waits at most for others.
	flushDelay = 100 * time.Millisecond
)

// LineWriter gathers lines and writes many at once, in the order in which
// they came. A writer that blocks blocks no request: what finds no room is
// dropped and counted.
type LineWriter struct {
	w       io.Writer
	mu      sync.Mutex
	pending []byte
	closed  bool
	wake    chan struct{} // one place: there is much to write, or closed
	done    chan struct{}
	dropped atomic.Int64
}

// NewLineWriter starts to write to w. Close ends it.
func NewLineWriter(w io.Writer) *LineWriter {
	l := &LineWriter{w: w, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go l.run()
	return l
}

// WriteLine takes a copy of the line, which ends with a line feed. It never
// waits for the writer.
func (l *LineWriter) WriteLine(line []byte) {
	l.mu.Lock()
	full := l.closed || len(l.pending)+len(line) > maxPending
	if !full {
		l.pending = append(l.pending, line...)
	}
	much := len(l.pending) >= flushAt
	l.mu.Unlock()
	if full {
		l.dropped.Add(1)
	}
	if much {
		l.signal()
	}
}

// Dropped returns how many lines found no room, or came after Close.
func (l *LineWriter) Dropped() int64 { return l.dropped.Load() }

// Close writes what is pending and waits for that until ctx is done.
func (l *LineWriter) Close(ctx context.Context) error {
	l.mu.Lock()
	l.closed = true
	l.mu.Unlock()
	l.signal()
	select {
	case <-l.done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (l *LineWriter) signal() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

func (l *LineWriter) run() {
	defer close(l.done)
	ticker := time.NewTicker(flushDelay)
	defer ticker.Stop()
	spare := make([]byte, 0, flushAt)
	for {
		select {
		case <-l.wake:
		case <-ticker.C:
		}
		l.mu.Lock()
		lines, closed := l.pending, l.closed
		l.pending = spare[:0]
		l.mu.Unlock()
		if len(lines) > 0 {
			// A log that cannot be written has nobody to be told of it.
			_, _ = l.w.Write(lines)
		}
		spare = lines
		if cap(spare) > maxSpare {
			spare = make([]byte, 0, flushAt)
		}
		if closed {
			return
		}
	}
}
