package gateway

import (
	"time"

	"scopegate/authz"
	"scopegate/metrics"
)

// record is what happened to one request: logged once, counted once.
type record struct {
	status    int // that the caller read
	bytes     int64
	upstream  string
	wait      time.Duration // for the upstream's head
	attempts  int
	preflight bool
}

// finish logs and counts the request.
func (p *passage) finish(reason authz.Reason) {
	status := p.record.status
	switch {
	case reason == authz.ReasonClientGone:
		status = reason.Status()
	case status == 0:
		status = reason.Status()
	}
	p.record.status = status
	took := max(p.g.since(p.x.Start), 0)
	p.count(reason, took)
	if p.g.AccessLog != nil {
		p.g.AccessLog.write(p, reason, took)
	}
}

func (p *passage) count(reason authz.Reason, took time.Duration) {
	name, m := reason.String(), p.metricRoute()
	m.Done(p.x.Method, p.record.status, name, took)
	if p.limited.refused != "" {
		m.Limited(p.limited.refused)
	}
	client := p.decision.Principal.Client
	if client == nil {
		return
	}
	p.g.Metrics.Client(string(client.ID)).Request(name)
	at := p.x.Start.Unix() + int64(took/time.Second)
	client.Meter.Request(at)
	if p.decision.Reason != authz.ReasonAllowed || p.limited.refused != "" {
		return
	}
	for i := range p.guard.scopes {
		s := &p.guard.scopes[i]
		if !s.alternative || p.decision.Principal.Can(s.scope) {
			s.counter.Used()
			client.Meter.Use(s.scope, at)
		}
	}
}

// metricRoute returns the counters of the route, or of none.
func (p *passage) metricRoute() *metrics.Route {
	switch {
	case p.guard != nil:
		return p.guard.counter
	case p.snap != nil:
		return p.snap.noRoute
	}
	return p.g.Metrics.Route(metrics.NoRoute)
}

// routeName returns the route's name for the log.
func (p *passage) routeName() string {
	if p.guard == nil {
		return metrics.NoRoute
	}
	return p.guard.route.Name
}

// neededScope is a scope that the route asks for, with its counter.
type neededScope struct {
	scope       authz.Scope
	alternative bool // of any_scope: used only if the principal holds it
	counter     *metrics.Scope
}
