package gateway

import (
	"maps"
	"slices"

	"scopegate/gateway/config"
)

// Reload builds what the configuration says and puts it in force at once: a
// request sees the old Snapshot or the new one and never half of two. On
// problems the old one goes on serving.
func (g *Gateway) Reload(cfg *config.Config) (Summary, config.Problems) {
	g.reload.Lock()
	defer g.reload.Unlock()
	previous := g.snapshot.Load()
	next, problems := g.Build(cfg, previous)
	if len(problems) > 0 {
		return Summary{}, problems
	}

	// Above, all that may fail; below, only the swap.

	g.snapshot.Store(next)
	g.forget(previous, next)
	return next.Summary, nil
}

// forget ends what only the previous Snapshot used. Requests that still run
// with it are served to their end: a closed upstream only keeps no
// connections.
func (g *Gateway) forget(previous, next *Snapshot) {
	next.previous = nil
	if previous != nil {
		for name, u := range previous.upstreams {
			if next.upstreams[name] != u {
				u.Close()
			}
		}
	}
	routes := make([]string, 0, len(next.guards))
	for _, guard := range next.guards {
		routes = append(routes, guard.route.Name)
	}
	g.Metrics.KeepRoutes(routes, slices.Collect(maps.Keys(next.upstreams)))
	g.Metrics.KeepScopes(next.scopes)
	for _, u := range next.upstreams {
		g.showEndpoints(u)
	}
}

// showEndpoints tells the metrics of all the upstream's endpoints and of no
// others, since one that never failed has told nothing by itself, and one that
// a changed upstream begins anew with is not as down as it was.
func (g *Gateway) showEndpoints(u *runningUpstream) {
	m := g.Metrics.Upstream(u.name)
	names := []string{}
	for i, e := range u.Options().Endpoints {
		names = append(names, e.URL)
		m.Endpoint(e.URL).Up(u.Up(i))
	}
	m.KeepEndpoints(names)
}

// Discard ends what a Snapshot that never served had started.
func (s *Snapshot) Discard() {
	for name, u := range s.upstreams {
		if s.previous == nil || s.previous.upstreams[name] != u {
			u.Close()
		}
	}
}

// Close ends the upstreams' kept connections and checks. Call it once no
// request runs.
func (g *Gateway) Close() {
	g.reload.Lock()
	defer g.reload.Unlock()
	if s := g.snapshot.Load(); s != nil {
		for _, u := range s.upstreams {
			u.Close()
		}
	}
}
