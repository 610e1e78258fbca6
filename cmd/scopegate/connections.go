package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"scopegate/metrics"
)

// newGrace is how old a connection is when a drain no longer waits for its
// first request, as in gateway/wire and in net/http's Shutdown.
const newGrace = 5 * time.Second

// connections are those that a server of net/http has open. Its Shutdown drops
// a request whose head was read after it began, so a drain waits here first.
type connections struct {
	level *metrics.Level
	open  sync.Map // net.Conn to *connection; requests only read it
}

type connection struct {
	began time.Time
	state atomic.Int32 // an http.ConnState
}

// note is a http.Server's ConnState. A connection that was taken over, as by a
// WebSocket, is no longer its.
func (c *connections) note(nc net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.level.Inc()
		c.open.Store(nc, &connection{began: time.Now()})
	case http.StateClosed, http.StateHijacked:
		if _, open := c.open.LoadAndDelete(nc); open {
			c.level.Dec()
		}
	default:
		if is, open := c.open.Load(nc); open {
			is.(*connection).state.Store(int32(state))
		}
	}
}

// answered reports whether no HTTP/1 connection waits for an answer. HTTP/2
// ends in good order by itself.
func (c *connections) answered(now time.Time) bool {
	yes := true
	c.open.Range(func(key, value any) bool {
		is := value.(*connection)
		switch state := http.ConnState(is.state.Load()); {
		case state == http.StateIdle, state == http.StateNew && now.Sub(is.began) > newGrace:
		case state == http.StateActive && speaksHTTP2(key.(net.Conn)):
		default:
			yes = false
		}
		return yes
	})
	return yes
}

func speaksHTTP2(nc net.Conn) bool {
	c, ok := nc.(*tls.Conn)
	return ok && c.ConnectionState().NegotiatedProtocol == "h2"
}

// awaitAnswers waits until answered, or for the end of ctx.
func (c *connections) awaitAnswers(ctx context.Context) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !c.answered(time.Now()) {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}
