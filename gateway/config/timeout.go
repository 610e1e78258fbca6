package config

import (
	"time"

	"scopegate/strict"
)

// Timeout bounds the waits for an upstream.
type Timeout struct {
	Connect   time.Duration // TCP and TLS together
	Response  time.Duration // from the request sent to the answer's head
	Idle      time.Duration // silence within a body
	KeepAlive time.Duration // of an unused connection
}

func defaultTimeout() Timeout {
	return Timeout{Connect: 2 * time.Second, Response: 30 * time.Second, Idle: 60 * time.Second, KeepAlive: 4 * time.Second}
}

var (
	responseKind = strict.Duration(time.Millisecond, 24*time.Hour)
	idleKind     = strict.Duration(time.Millisecond, 24*time.Hour)
)

var timeoutObject = strict.Object[Timeout]{
	Title: "timeout",
	Doc:   "How long to wait for an upstream; beyond it the caller is answered 504 `upstream_timeout`.",
	Fresh: defaultTimeout,
	Fields: []strict.Field[Timeout]{
		strict.Key("connect", strict.Duration(time.Millisecond, 5*time.Minute), func(t *Timeout) *time.Duration { return &t.Connect },
			"For a connection, TLS included."),
		strict.Key("response", responseKind, func(t *Timeout) *time.Duration { return &t.Response },
			"From the request sent to the head of the answer."),
		strict.Key("idle", idleKind, func(t *Timeout) *time.Duration { return &t.Idle },
			"Silence within a body, in either direction."),
		strict.Key("keep_alive", strict.Duration(time.Millisecond, time.Hour), func(t *Timeout) *time.Duration { return &t.KeepAlive },
			"How long an unused connection is kept. Stay below the backend's own time (Node: 5s), or it closes connections that are about to be used."),
	},
}

// RouteTimeout bounds the waits of one route.
type RouteTimeout struct{ Response, Idle time.Duration }

var routeTimeoutObject = strict.Object[RouteTimeout]{
	Title: "route timeout",
	Doc:   "How long to wait on this route; what is absent is the upstream's.",
	Fields: []strict.Field[RouteTimeout]{
		strict.Key("response", responseKind, func(t *RouteTimeout) *time.Duration { return &t.Response },
			"From the request sent to the head of the answer.").Or("the upstream's"),
		strict.Key("idle", idleKind, func(t *RouteTimeout) *time.Duration { return &t.Idle },
			"Silence within a body, in either direction.").Or("the upstream's"),
	},
}
