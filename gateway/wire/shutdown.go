package wire

import (
	"context"
	"net"
	"time"
)

const (
	// drainGrace is how long a draining front still answers on idle
	// connections, with Connection: close, so that a request on its way when
	// the drain began is not lost.
	drainGrace = 500 * time.Millisecond
	// newGrace is how old a connection is when a drained front no longer waits
	// for its first request: a caller who connected and is about to ask has
	// nowhere else to read an answer. The same as net/http's for StateNew.
	newGrace = 5 * time.Second
	// cutGrace is how long connections that were cut may take to end.
	cutGrace = 5 * time.Second
)

// Shutdown answers what comes on open connections with Connection: close for
// a moment, stops accepting, ends idle connections, waits a little for the
// first request on new ones, and returns when all connections are closed or
// handed over, or ctx ended; those left are cut then. The server behind
// Handover is to be shut down after it.
func (f *Front) Shutdown(ctx context.Context) error {
	f.init()
	listener, first := f.beginDrain()
	if !first {
		return nil
	}
	defer f.cancel()
	f.awaitLateRequests(ctx)
	close(f.stopping)
	if listener != nil {
		_ = listener.Close()
	}
	f.serving.Wait()
	f.drained.Store(true)
	f.each((*conn).wake)
	done := make(chan struct{})
	go func() { f.running.Wait(); close(done) }()
	defer close(f.closed)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
	}
	f.cutAll(done)
	return ctx.Err()
}

func (f *Front) beginDrain() (l net.Listener, first bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.listener, !f.draining.Swap(true)
}

// awaitLateRequests lets the connections that are open end with an answer.
func (f *Front) awaitLateRequests(ctx context.Context) {
	grace := time.NewTimer(drainGrace)
	defer grace.Stop()
	tick := time.NewTicker(drainGrace / 50)
	defer tick.Stop()
	for f.open() > 0 {
		select {
		case <-tick.C:
		case <-grace.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (f *Front) open() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.conns)
}

// cutAll ends what runs. Connections that wait for the server behind are
// closed; a pipeline that does not heed its context is left behind.
func (f *Front) cutAll(done <-chan struct{}) {
	f.cancel()
	f.each((*conn).cut)
	for grace := time.NewTimer(cutGrace); ; {
		select {
		case c := <-f.handed:
			_ = c.Close()
		case <-done:
			grace.Stop()
			return
		case <-grace.C:
			return
		}
	}
}

func (f *Front) each(do func(*conn)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for c := range f.conns {
		do(c)
	}
}
