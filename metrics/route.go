package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Route counts the requests of one route.
type Route struct {
	m        *Metrics
	seconds  prometheus.Observer
	requests *family
	limited  *family
}

// Route returns the counters of the route with this name, made on first use.
// Requests that match no route count under NoRoute. Resolve it at load.
func (m *Metrics) Route(name string) *Route {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.routes[name]
	if !ok {
		r = m.newRoute(name)
		m.routes[name] = r
	}
	return r
}

func (m *Metrics) newRoute(name string) *Route {
	return &Route{
		m:       m,
		seconds: m.requestSeconds.WithLabelValues(name),
		requests: newFamily(m.requests, func(key uint32) []string {
			return []string{name, m.methods.values[key>>24], m.codes.values[key>>16&0xff], m.reasons.values[key&0xffff]}
		}),
		limited: newFamily(m.limited, func(key uint32) []string { return []string{name, m.limits.values[key]} }),
	}
}

// Done counts one answered request. code is what the caller read (499: it had
// left); d is the time from head read to answer written.
func (r *Route) Done(method string, code int, reason string, d time.Duration) {
	m := r.m
	r.requests.inc(uint32(m.methods.of(method))<<24 | uint32(m.codes.of(code))<<16 | uint32(m.reasons.of(reason)))
	r.seconds.Observe(d.Seconds())
}

// Limited counts one request that a limit refused: concurrency,
// client_concurrency, client_rate, address_rate, route_rate,
// route_client_rate, route_concurrency, route_client_concurrency or quota.
func (r *Route) Limited(limit string) { r.limited.inc(uint32(r.m.limits.of(limit))) }

// KeepRoutes removes the series of all routes and upstreams but these and
// NoRoute. A reload calls it once the new configuration serves.
func (m *Metrics) KeepRoutes(names, upstreams []string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	keptRoutes, keptUpstreams := members(names), members(upstreams)
	for name, r := range m.routes {
		if name == NoRoute || keptRoutes[name] {
			continue
		}
		delete(m.routes, name)
		m.requestSeconds.DeleteLabelValues(name)
		r.requests.remove()
		r.limited.remove()
	}
	for name, u := range m.upstreams {
		if keptUpstreams[name] {
			continue
		}
		delete(m.upstreams, name)
		m.upstreamSeconds.DeleteLabelValues(name)
		u.errors.remove()
		u.removed = true
		u.keepEndpoints(nil)
	}
}
