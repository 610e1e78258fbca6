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
	// headError is called when a connection ended while net/http read a head: it
	// refused the head, which no handler hears of, or the head did not come
	// whole. If nil, nobody is told.
	headError func()
	open      sync.Map // net.Conn to *connection; requests only read it
}

type connection struct {
	began   time.Time
	state   atomic.Int32 // an http.ConnState
	reached atomic.Bool  // the handler has the request that net/http began to read
}

type connectionKey struct{}

// watch makes a server tell of its connections, and of the requests that
// reach its handler.
func (c *connections) watch(server *http.Server) {
	handler, connContext := server.Handler, server.ConnContext
	server.ConnState = c.note
	server.ConnContext = func(ctx context.Context, nc net.Conn) context.Context {
		if connContext != nil {
			ctx = connContext(ctx, nc)
		}
		return context.WithValue(ctx, connectionKey{}, c.of(nc))
	}
	server.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if is, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			is.reached.Store(true)
		}
		handler.ServeHTTP(w, r)
	})
}

// of is what is known of a connection, from its beginning on.
func (c *connections) of(nc net.Conn) *connection {
	is, _ := c.open.LoadOrStore(nc, &connection{began: time.Now()})
	return is.(*connection)
}

// note is a http.Server's ConnState. A connection that was taken over, as by a
// WebSocket, is no longer its.
func (c *connections) note(nc net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		c.level.Inc()
		c.of(nc)
	case http.StateClosed, http.StateHijacked:
		if is, open := c.open.LoadAndDelete(nc); open {
			c.level.Dec()
			if c.headError != nil && state == http.StateClosed && is.(*connection).inHead() && !speaksHTTP2(nc) {
				c.headError()
			}
		}
	default:
		if is, open := c.open.Load(nc); open {
			is.(*connection).enter(state)
		}
	}
}

// enter notes a state. When a request is answered the next one may come.
func (c *connection) enter(state http.ConnState) {
	c.state.Store(int32(state))
	if state == http.StateIdle {
		c.reached.Store(false)
	}
}

// inHead reports whether bytes came of a request that did not reach the
// handler.
func (c *connection) inHead() bool {
	return http.ConnState(c.state.Load()) == http.StateActive && !c.reached.Load()
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
