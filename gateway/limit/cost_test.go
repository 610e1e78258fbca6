package limit_test

import (
	"fmt"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/gateway/exchange"
	"scopegate/gateway/limit"
)

var generous = limit.Rate{N: 1_000_000, Per: time.Second, Burst: 1_000_000}

func TestLimitsAllocateNothing(t *testing.T) {
	const client = "7f0c6d0a-3c1f-4d64-9f57-0d3c6f6a2b11"
	peer := netip.MustParseAddr("2001:db8::1")
	bucket, clients := limit.NewBucket(generous), limit.NewKeyed[string](generous, 1000)
	peers, gate := limit.NewKeyed[limit.Address](generous, 1000), limit.NewGate(10)
	gates, quota := limit.NewKeyedGate[string](10), limit.NewQuota(1_000_000, limit.Day)
	strict := limit.NewKeyed[string](limit.Rate{N: 1, Per: time.Hour}, 1000)
	list := limit.AddressList{Deny: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fe80::/10")}}
	now := noon
	for name, take := range map[string]func(){
		"Bucket.Allow":           func() { bucket.Allow(now) },
		"Keyed.Allow by client":  func() { now = now.Add(time.Second); clients.Allow(client, now) },
		"Keyed.Allow by address": func() { peers.Allow(limit.AddressOf(peer), now) },
		"Keyed.Allow refused":    func() { strict.Allow(client, noon) },
		"Gate":                   func() { gate.Enter(); gate.Leave() },
		"KeyedGate":              func() { gates.Enter(client); gates.Leave(client) },
		"Quota.Take":             func() { quota.Take(client, noon) },
		"AddressList.Permits":    func() { list.Permits(peer) },
	} {
		if n := testing.AllocsPerRun(1000, take); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func TestFieldsCostOneAllocationWithSpaceForThem(t *testing.T) {
	v := limit.Verdict{Limit: 200, RetryAfter: time.Second, Reset: 2 * time.Second, Window: 2 * time.Second}
	fields := make([]exchange.Field, 0, 3)
	if n := testing.AllocsPerRun(100, func() { fields = v.AppendFields(fields[:0], "client_rate") }); n != 1 {
		t.Errorf("AppendFields allocates %v times", n)
	}
}

func BenchmarkFields(b *testing.B) {
	v := limit.Verdict{OK: true, Limit: 200, Remaining: 150, Reset: 2 * time.Second, Window: 2 * time.Second}
	fields := make([]exchange.Field, 0, 3)
	b.ReportAllocs()
	for b.Loop() {
		fields = v.AppendFields(fields[:0], "client_rate")
	}
}

func BenchmarkBucket(b *testing.B) {
	bucket := limit.NewBucket(generous)
	b.ReportAllocs()
	for b.Loop() {
		bucket.Allow(noon)
	}
}

func BenchmarkKeyed(b *testing.B) {
	for _, n := range []int{1, 1000, 100_000} {
		b.Run(fmt.Sprint(n, " clients"), func(b *testing.B) {
			k, ids := limit.NewKeyed[string](generous, 2*n), clientIDs(n)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				k.Allow(ids[i%n], noon)
			}
		})
	}
}

func BenchmarkKeyedParallel(b *testing.B) {
	const n = 1000
	k, ids := limit.NewKeyed[string](generous, 2*n), clientIDs(n)
	var offset atomic.Int64
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for i := int(offset.Add(n / 2)); pb.Next(); i++ {
			k.Allow(ids[i%n], noon)
		}
	})
}

func BenchmarkKeyedFlood(b *testing.B) {
	k := limit.NewKeyed[int](limit.Rate{N: 1, Per: time.Hour}, 10_000)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		k.Allow(i, noon)
	}
}

func BenchmarkKeyedGate(b *testing.B) {
	g := limit.NewKeyedGate[string](10)
	id := clientIDs(1)[0]
	b.ReportAllocs()
	for b.Loop() {
		g.Enter(id)
		g.Leave(id)
	}
}

func BenchmarkQuota(b *testing.B) {
	q, id := limit.NewQuota(1<<40, limit.Day), clientIDs(1)[0]
	b.ReportAllocs()
	for b.Loop() {
		q.Take(id, noon)
	}
}

func clientIDs(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("7f0c6d0a-3c1f-4d64-9f57-%012x", i)
	}
	return ids
}
