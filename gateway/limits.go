package gateway

import (
	"scopegate/authz"
	"scopegate/gateway/limit"
)

// globalLimits are the limits over all routes. Nil ones do not limit.
type globalLimits struct {
	running          *limit.Gate
	runningPerClient *limit.KeyedGate[authz.ClientID]
	perClient        *limit.Keyed[authz.ClientID]
	perAddress       *limit.Keyed[limit.Address]
}

// routeLimits are the limits of one route. Nil ones do not limit.
type routeLimits struct {
	rate             *limit.Bucket
	perClient        *limit.Keyed[authz.ClientID]
	running          *limit.Gate
	runningPerClient *limit.KeyedGate[authz.ClientID]
	quota            *limit.Quota
}

// limited is how one request stands with the limits that it met.
type limited struct {
	met     [5]metLimit
	n       int
	refused string // the limit that refused, for the metric

	inAll, inAllClient, inRoute, inClient bool // the gates that it entered
}

type metLimit struct {
	policy  string
	verdict limit.Verdict
}

// meet notes a verdict under its policy's name.
func (l *limited) meet(policy string, v limit.Verdict) bool {
	if v.Limit > 0 || !v.OK {
		l.met[l.n] = metLimit{policy, v}
		l.n++
	}
	if !v.OK {
		l.refused = policy
	}
	return v.OK
}

// takeAddress counts a request for its address: one that was refused for its
// token, or one to a public route.
func (p *passage) takeAddress() authz.Reason {
	perAddress := p.snap.limits.perAddress
	if perAddress == nil {
		return authz.ReasonNone
	}
	if !p.limited.meet("address_rate", perAddress.Allow(limit.AddressOf(p.origin.Client), p.x.Start)) {
		return authz.ReasonRateLimited
	}
	return authz.ReasonNone
}

// checkLimits is step 5. Rates come before the quota, so that a request that
// is refused for its haste does not use it up.
func (p *passage) checkLimits() authz.Reason {
	l, all, of := &p.limited, &p.snap.limits, &p.guard.limits
	if l.inAll = all.running.Enter(); !l.inAll {
		l.refused = "concurrency"
		return authz.ReasonOverloaded
	}
	principal, known := p.permit.Principal()
	if !known {
		if reason := p.takeAddress(); reason != authz.ReasonNone {
			return reason
		}
	}
	now := p.x.Start
	if known && !l.meet("client_rate", all.perClient.Allow(principal.Client.ID, now)) ||
		!l.meet("route_rate", of.rate.Allow(now)) ||
		known && !l.meet("route_client_rate", of.perClient.Allow(principal.Client.ID, now)) {
		return authz.ReasonRateLimited
	}
	if known {
		if l.inAllClient = all.runningPerClient.Enter(principal.Client.ID); !l.inAllClient {
			l.refused = "client_concurrency"
			return authz.ReasonRateLimited
		}
	}
	if l.inRoute = of.running.Enter(); !l.inRoute {
		l.refused = "route_concurrency"
		return authz.ReasonOverloaded
	}
	if !known {
		return authz.ReasonNone
	}
	if l.inClient = of.runningPerClient.Enter(principal.Client.ID); !l.inClient {
		l.refused = "route_client_concurrency"
		return authz.ReasonRateLimited
	}
	if !l.meet("quota", of.quota.Take(string(principal.Client.ID), now)) {
		return authz.ReasonQuotaExceeded
	}
	return authz.ReasonNone
}

func (p *passage) releaseLimits() {
	l := &p.limited
	if l.inClient {
		p.guard.limits.runningPerClient.Leave(p.decision.Principal.Client.ID)
	}
	if l.inRoute {
		p.guard.limits.running.Leave()
	}
	if l.inAllClient {
		p.snap.limits.runningPerClient.Leave(p.decision.Principal.Client.ID)
	}
	if l.inAll {
		p.snap.limits.running.Leave()
	}
	l.inAll, l.inAllClient, l.inRoute, l.inClient = false, false, false, false
}

// addRateLimit tells the caller how it stands with its limits
// (draft-ietf-httpapi-ratelimit-headers-10), and when it may come again.
func (p *passage) addRateLimit() {
	for i := range p.limited.n {
		m := &p.limited.met[i]
		p.answer = append(p.answer, m.verdict.Fields(m.policy)...)
	}
}

// addRetryAfter is for a refusal by a bound on concurrency, which knows no
// time: a second is as good as any.
func (p *passage) addRetryAfter() {
	for i := range p.limited.n {
		if !p.limited.met[i].verdict.OK {
			return // its own fields say when
		}
	}
	p.add("Retry-After", "1")
}
