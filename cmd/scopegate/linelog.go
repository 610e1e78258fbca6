package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime"
	"sync"
	"time"
)

// lineHandler encodes each record on its own, and has it written together with
// those of others that log at the same moment. Handle returns when the line is
// written: what a caller is answered after it was logged is in the log. Only
// while the server stops it waits no longer than lastWait.
type lineHandler struct {
	lines    *lineGroups
	level    slog.Leveler
	encoder  func(io.Writer) slog.Handler
	encoders *sync.Pool // of *lineEncoder, for the attributes and groups of this handler
}

// lineEncoder makes one line at a time.
type lineEncoder struct {
	line    bytes.Buffer
	handler slog.Handler
}

// newLineHandler writes to w what the encoder makes.
func newLineHandler(w io.Writer, level slog.Leveler, encoder func(io.Writer) slog.Handler) *lineHandler {
	return (&lineHandler{lines: &lineGroups{w: w, hurried: make(chan struct{})}, level: level}).with(encoder)
}

func (h *lineHandler) with(encoder func(io.Writer) slog.Handler) *lineHandler {
	pool := &sync.Pool{New: func() any {
		e := &lineEncoder{}
		e.handler = encoder(&e.line)
		return e
	}}
	return &lineHandler{h.lines, h.level, encoder, pool}
}

// Enabled implements slog.Handler.
func (h *lineHandler) Enabled(_ context.Context, level slog.Level) bool {
	return level >= h.level.Level()
}

// Handle implements slog.Handler.
func (h *lineHandler) Handle(ctx context.Context, r slog.Record) error {
	e := h.encoders.Get().(*lineEncoder)
	defer h.encoders.Put(e)
	e.line.Reset()
	if err := e.handler.Handle(ctx, r); err != nil {
		return err
	}
	return h.lines.write(e.line.Bytes())
}

// WithAttrs implements slog.Handler.
func (h *lineHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(func(w io.Writer) slog.Handler { return h.encoder(w).WithAttrs(attrs) })
}

// WithGroup implements slog.Handler.
func (h *lineHandler) WithGroup(name string) slog.Handler {
	return h.with(func(w io.Writer) slog.Handler { return h.encoder(w).WithGroup(name) })
}

// lineGroups writes lines in the order in which they come, those that come
// while others are written in one call.
type lineGroups struct {
	w       io.Writer
	hurried chan struct{} // closed when nobody waits for long any more; nil: never
	mu      sync.Mutex
	next    *lineGroup // what the next call writes; nil: nothing
	writing bool
}

// lineGroup is what one call writes.
type lineGroup struct {
	text []byte
	done chan struct{}
	err  error // once done is closed
}

// lastWait is how long a line of a server that stops is waited for.
const lastWait = time.Second

var errLineWaits = errors.New("the log takes no lines")

// hurry makes sure that a server stops whose log is not read any more: it is
// called once, and from then on nobody waits longer than lastWait for a line.
func (l *lineGroups) hurry() { close(l.hurried) }

// write returns when the line is written.
func (l *lineGroups) write(line []byte) error {
	l.mu.Lock()
	if l.next == nil {
		l.next = &lineGroup{done: make(chan struct{})}
	}
	mine := l.next
	mine.text = append(mine.text, line...)
	if !l.writing {
		l.writing = true
		go l.run()
	}
	l.mu.Unlock()
	select {
	case <-mine.done:
		return mine.err
	case <-l.hurried:
	}
	select {
	case <-mine.done:
		return mine.err
	case <-time.After(lastWait):
		return errLineWaits
	}
}

// run writes groups until there is none.
func (l *lineGroups) run() {
	for {
		runtime.Gosched() // those who are about to log come along
		l.mu.Lock()
		group := l.next
		l.next = nil
		l.writing = group != nil
		l.mu.Unlock()
		if group == nil {
			return
		}
		_, group.err = l.w.Write(group.text)
		close(group.done)
	}
}
