package gateway

import (
	"time"

	"scopegate/authz"
	"scopegate/gateway/limit"
	"scopegate/gateway/route"
	"scopegate/gateway/upstream"
	"scopegate/metrics"
)

// Snapshot is everything that one generation of routes.yaml means at run time.
// It does not change; a request loads it once and sees it to its end.
type Snapshot struct {
	Summary Summary

	table       *route.Table
	guards      []*guard // by route.Route.Index
	upstreams   map[string]*runningUpstream
	limits      globalLimits
	keep        keeper
	scopes      []string // the catalogue
	tokenPrefix string
	noRoute     *metrics.Route
	previous    *Snapshot // until it serves: whose parts are not its own
}

// Summary counts what a Snapshot holds.
type Summary struct {
	Routes       int `json:"routes"`
	PublicRoutes int `json:"public_routes"`
	Upstreams    int `json:"upstreams"`
	Scopes       int `json:"scopes"`
}

// guard is a route as running: what stands between a caller and an upstream.
type guard struct {
	route    *route.Route
	upstream *runningUpstream

	forwardAuthorization bool
	preserveHost         bool
	websocket            bool
	bodyLimit            int64 // bytes; 0: no bound
	responseTimeout      time.Duration
	idleTimeout          time.Duration

	addresses limit.AddressList
	cors      *cors // nil: none
	limits    routeLimits
	request   requestEdit
	assertion *assertionTerms // nil: none is sent
	response  responseEdit

	allow      string                           // its methods, as Allow names them
	challenges [authz.ReasonInternal + 1]string // WWW-Authenticate by Reason; empty: none
	needs      string                           // what its Requirement asks, for the caller
	counter    *metrics.Route
	scopes     []neededScope
}

// runningUpstream is an Upstream with its name at hand.
type runningUpstream struct {
	*upstream.Upstream
	name string
}
