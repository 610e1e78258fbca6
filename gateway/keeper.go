package gateway

import (
	"fmt"

	"scopegate/authz"
	"scopegate/gateway/config"
	"scopegate/gateway/limit"
)

// maxAddresses and maxClients bound the buckets that a limiter holds.
const (
	maxAddresses = 1 << 16
	maxClients   = 1 << 16
)

// keeper holds the limiters of a Snapshot by what they limit and how: one
// that a reload does not change goes on counting where it was.
type keeper struct{ before, now map[string]any }

func newKeeper(previous *Snapshot) keeper {
	k := keeper{now: map[string]any{}}
	if previous != nil {
		k.before = previous.keep.now
	}
	return k
}

// kept returns the limiter of this key, the running one if there is one. The
// key holds every parameter of it.
func kept[T any](k keeper, key string, fresh func() T) T {
	made, ok := k.before[key].(T)
	if !ok {
		made = fresh()
	}
	k.now[key] = made
	return made
}

func (k keeper) global(l config.Limits) (g globalLimits) {
	if l.Concurrency > 0 {
		g.running = kept(k, fmt.Sprintf("concurrency %d", l.Concurrency), func() *limit.Gate { return limit.NewGate(l.Concurrency) })
	}
	g.runningPerClient = k.clientGate("client", l.ConcurrencyPerClient)
	if l.PerClient != nil {
		g.perClient = keyedRate[authz.ClientID](k, "client", *l.PerClient, maxClients)
	}
	if l.PerAddress != nil {
		g.perAddress = keyedRate[limit.Address](k, "address", *l.PerAddress, maxAddresses)
	}
	return g
}

func (k keeper) route(rc *config.RouteConfig) (r routeLimits) {
	name, l := "route "+rc.Name, &rc.Limits
	if l.Rate != (config.Rate{}) {
		rate := rateOf(l.RateLimit)
		r.rate = kept(k, fmt.Sprint(name, " rate ", rate), func() *limit.Bucket { return limit.NewBucket(rate) })
	}
	if l.PerClient != nil {
		r.perClient = keyedRate[authz.ClientID](k, name+" client", *l.PerClient, maxClients)
	}
	if l.Concurrency > 0 {
		r.running = kept(k, fmt.Sprint(name, " concurrency ", l.Concurrency), func() *limit.Gate { return limit.NewGate(l.Concurrency) })
	}
	r.runningPerClient = k.clientGate(name+" client", l.ConcurrencyPerClient)
	if q := rc.Quota; q != nil {
		r.quota = kept(k, fmt.Sprint(name, " quota ", *q), func() *limit.Quota {
			period := limit.Day
			if q.Per == "month" {
				period = limit.Month
			}
			return limit.NewQuota(int(q.Requests), period)
		})
	}
	return r
}

// clientGate bounds the running requests of each client; 0 is no bound.
func (k keeper) clientGate(what string, n int) *limit.KeyedGate[authz.ClientID] {
	if n == 0 {
		return nil
	}
	return kept(k, fmt.Sprint(what, " concurrency ", n), func() *limit.KeyedGate[authz.ClientID] {
		return limit.NewKeyedGate[authz.ClientID](n)
	})
}

func keyedRate[K comparable](k keeper, what string, l config.RateLimit, maxKeys int) *limit.Keyed[K] {
	rate := rateOf(l)
	return kept(k, fmt.Sprint(what, " rate ", rate), func() *limit.Keyed[K] { return limit.NewKeyed[K](rate, maxKeys) })
}

func rateOf(l config.RateLimit) limit.Rate {
	return limit.Rate{N: l.Rate.Count, Per: l.Rate.Per, Burst: l.Burst}
}
