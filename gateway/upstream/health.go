package upstream

import (
	"context"
	"fmt"
	"time"

	"scopegate/gateway/exchange"
)

// watchHealth asks an endpoint for its health until ctx ends.
func (u *Upstream) watchHealth(ctx context.Context, e *endpoint) {
	ticker := time.NewTicker(u.options.Health.Interval)
	defer ticker.Stop()
	for {
		err := u.checkHealth(ctx, e)
		if ctx.Err() != nil {
			return
		}
		e.unhealthy.Store(err != nil)
		u.report(e, err)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// checkHealth asks once, over a connection of its own, so that a backend that
// takes no more of them is found out.
func (u *Upstream) checkHealth(ctx context.Context, e *endpoint) error {
	h := u.options.Health
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	req := &Request{
		Method: "GET", Target: h.Path, ResponseTimeout: h.Timeout,
		Fields: []exchange.Field{{Name: "User-Agent", Value: "scopegate-health"}},
	}
	var status int
	var err error
	if u.h2 != nil {
		status, err = u.h2.status(ctx, e, req)
	} else {
		status, err = u.status(ctx, e, req)
	}
	if err == nil && (status < 200 || status > 399) {
		err = fmt.Errorf("health check: status %d", status)
	}
	return err
}

// status carries a request to an endpoint and reads the head of the answer.
func (u *Upstream) status(ctx context.Context, e *endpoint, req *Request) (int, error) {
	c, err := e.dial(ctx)
	if err != nil {
		return 0, err
	}
	defer c.close()
	t := newTrip(u)
	t.req, t.c = req, c
	if t.out, err = appendHead(t.out, req, e.Authority); err != nil {
		return 0, err
	}
	t.rest = t.out
	err = t.finalHead(ctx)
	t.endWatch()
	return t.head.status, err
}
