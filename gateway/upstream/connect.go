package upstream

import (
	"context"
	"time"
)

// dialed is what came of a dial.
type dialed struct {
	c   *conn
	err error
}

// connect dials within the connect timeout, in a goroutine that it waits for,
// so that a caller who leaves meanwhile is noticed.
func (t *trip) connect(ctx context.Context, e *endpoint) (*conn, error) {
	within, cancel := context.WithTimeout(ctx, t.u.options.Connect)
	defer cancel()
	done := make(chan dialed, 1)
	go func() {
		c, err := e.dial(within)
		done <- dialed{c, err}
	}()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	var left <-chan struct{}
	for {
		select {
		case d := <-done:
			if d.err == nil {
				t.u.connected(e)
				return d.c, nil
			}
			if ctx.Err() == nil {
				t.unreached = true
				t.u.failed(e, d.err)
			}
			return nil, dialFailure(ctx, d.err)
		case <-timer.C:
			if !t.streams() { // else the body's bytes are in the way
				left = t.answer.Watch()
			}
		case <-left:
			cancel()
			if d := <-done; d.c != nil {
				d.c.close()
			}
			return nil, gone(nil)
		}
	}
}
