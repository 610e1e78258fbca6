package upstream

import (
	"context"
	"errors"
	"io"
	"os"
	"time"

	"scopegate/authz"
)

const (
	// patience is how long a wait may be before the caller is watched: up to
	// it an exchange costs one goroutine and, mostly, no timer.
	patience = 75 * time.Millisecond
	// glance is how often a long wait beside a sender looks at its progress.
	glance = time.Second
)

// fill sends what is still to be sent and reads more of the answer, at least
// one byte. Before it waits it flushes what the caller has not got yet. An
// io.EOF is the connection's clean end.
func (t *trip) fill(ctx context.Context) error {
	t.waitSince = 0
	now := t.now()
	if t.sentAt == 0 {
		t.sentAt = now
	}
	until := t.limit(now)
	if t.watch == nil {
		until = min(until, now+int64(patience))
	}
	for {
		t.c.arm(t.u, now, until)
		n, err := t.read()
		t.clock = 0
		switch {
		case n > 0:
			t.w += n
			t.heard = true
			return nil
		case err == nil:
			return io.EOF
		case !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
		if now, until, err = t.lapsed(ctx); err != nil {
			return err
		}
	}
}

// lapsed is called when a wait's deadline has come: the wait is over, or may
// go on until a later one, with the caller watched.
func (t *trip) lapsed(ctx context.Context) (now, until int64, err error) {
	now = t.u.now()
	if err := ctx.Err(); err != nil {
		return 0, 0, gone(err)
	}
	if t.waitSince == 0 {
		t.waitSince = now
	}
	until = t.limit(now)
	switch {
	case now >= until && t.sender.active() && t.sender.phase.Load() == phaseReading:
		return 0, 0, gone(errors.New("the caller's body stopped coming"))
	case now >= until:
		return 0, 0, fail(authz.ReasonUpstreamTimeout, errors.New("the upstream was silent for too long"))
	case t.sender.active():
		until = min(until, now+int64(glance)) // its reads notice a caller who leaves
	case t.watch == nil:
		t.startWatch(ctx)
	}
	return now, until, nil
}

// limit is when the present wait is over for good.
func (t *trip) limit(now int64) int64 {
	idle := int64(orDefault(t.req.IdleTimeout, t.u.options.Idle))
	since := t.waitSince
	if since == 0 {
		since = now
	}
	switch {
	case t.sender.active():
		return max(t.sender.progress.Load(), t.sentAt) + idle
	case !t.begun:
		return max(t.sentAt, t.sender.finished()) + int64(orDefault(t.req.ResponseTimeout, t.u.options.Response))
	default:
		return since + idle
	}
}

// beforeWait is called once in a fill, when there is nothing to read yet.
func (t *trip) beforeWait() error {
	if t.waitSince != 0 {
		return nil
	}
	var err error
	if t.dirty {
		t.dirty = false
		if err = t.answer.Flush(); err != nil {
			err = gone(err)
		}
	}
	t.waitSince = t.u.now()
	return err
}

// watch is the goroutine that looks for the caller's leaving while a trip
// waits. It ends before the trip does.
type watch struct {
	stop, done chan struct{}
}

// startWatch makes the connection end when the caller leaves or ctx does, so
// that the trip's wait ends too.
func (t *trip) startWatch(ctx context.Context) {
	w := &watch{stop: make(chan struct{}), done: make(chan struct{})}
	t.watch = w
	var left <-chan struct{}
	if t.answer != nil {
		left = t.answer.Watch()
	}
	c := t.c
	go func() {
		defer close(w.done)
		select {
		case <-w.stop:
			return
		case <-left:
		case <-ctx.Done():
		}
		t.gone.Store(true)
		c.close()
	}()
}

func (t *trip) endWatch() {
	if t.watch == nil {
		return
	}
	close(t.watch.stop)
	<-t.watch.done
	t.watch = nil
}
