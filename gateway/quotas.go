package gateway

import "scopegate/gateway/limit"

// QuotaSnapshot returns what was used of the quotas in force, by route, for
// the caller to keep over a restart. It is never nil.
func (g *Gateway) QuotaSnapshot() map[string]limit.Snapshot {
	used := map[string]limit.Snapshot{}
	if s := g.snapshot.Load(); s != nil {
		now := g.now()
		for _, guard := range s.guards {
			if q := guard.limits.quota; q != nil {
				used[guard.route.Name] = q.Snapshot(now)
			}
		}
	}
	return used
}

// RestoreQuotas adds what a snapshot says was used: once, after the first
// Reload and before the first request. Routes that are not there any more, and
// windows that are over, count for nothing.
func (g *Gateway) RestoreQuotas(used map[string]limit.Snapshot) {
	s := g.snapshot.Load()
	if s == nil {
		return
	}
	now := g.now()
	for _, guard := range s.guards {
		if of, ok := used[guard.route.Name]; ok {
			guard.limits.quota.Restore(of, now)
		}
	}
}
