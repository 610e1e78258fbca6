package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Upstream counts the requests that one upstream gets.
type Upstream struct {
	m       *Metrics
	name    string
	seconds prometheus.Observer
	errors  *family

	endpoints map[string]*Endpoint // guarded by m.mu
	removed   bool                 // guarded by m.mu
}

// Endpoint tells the state of one endpoint of an upstream.
type Endpoint struct{ up prometheus.Gauge }

// Upstream returns the counters of the upstream with this name, made on first
// use. Resolve it at load.
func (m *Metrics) Upstream(name string) *Upstream {
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.upstreams[name]
	if !ok {
		u = &Upstream{
			m: m, name: name, endpoints: make(map[string]*Endpoint),
			seconds: m.upstreamSeconds.WithLabelValues(name),
			errors: newFamily(m.upstreamErrors, func(key uint32) []string {
				return []string{name, m.reasons.values[key]}
			}),
		}
		m.upstreams[name] = u
	}
	return u
}

// Done counts one request that the upstream answered after d.
func (u *Upstream) Done(d time.Duration) { u.seconds.Observe(d.Seconds()) }

// Error counts one request that the upstream failed.
func (u *Upstream) Error(reason string) { u.errors.inc(uint32(u.m.reasons.of(reason))) }

// Endpoint returns the state of an endpoint as the configuration names it,
// made on first use and up.
func (u *Upstream) Endpoint(name string) *Endpoint {
	u.m.mu.Lock()
	defer u.m.mu.Unlock()
	if u.removed {
		return &Endpoint{up: upstreamEndpointUp.gauge()}
	}
	e, ok := u.endpoints[name]
	if !ok {
		e = &Endpoint{up: u.m.endpointUp.WithLabelValues(u.name, name)}
		e.Up(true)
		u.endpoints[name] = e
	}
	return e
}

// KeepEndpoints removes the series of all the upstream's endpoints but these.
func (u *Upstream) KeepEndpoints(names []string) {
	u.m.mu.Lock()
	defer u.m.mu.Unlock()
	u.keepEndpoints(names)
}

func (u *Upstream) keepEndpoints(names []string) {
	kept := members(names)
	for name := range u.endpoints {
		if !kept[name] {
			delete(u.endpoints, name)
			u.m.endpointUp.DeleteLabelValues(u.name, name)
		}
	}
}

// Up says whether the endpoint is taken to work.
func (e *Endpoint) Up(up bool) { e.up.Set(truth(up)) }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
