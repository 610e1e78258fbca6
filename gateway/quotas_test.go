package gateway_test

import (
	"encoding/json"
	"testing"
	"time"

	"scopegate/gateway/gatewaytest"
	"scopegate/gateway/limit"
)

const quotaRoutes = plainRoutes + `  - { name: q, path: /q, require: { scopes: [a:read] }, quota: { requests: 2, per: day }, upstream: legacy }
`

// askAt asks for /q at a time of one day.
func askAt(t *testing.T, h *gatewaytest.Harness, now time.Time) int {
	t.Helper()
	h.Gateway.Now = func() time.Time { return now }
	x, a := newExchange("GET", "/q", "read")
	x.Start = now
	h.Gateway.Serve(t.Context(), x)
	return a.Head().Status
}

func TestQuotasAreCarriedOverARestart(t *testing.T) {
	noon := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	first := gatewaytest.New(t, quotaRoutes)
	if got := askAt(t, first, noon); got != 200 {
		t.Fatal(got)
	}
	kept, err := json.Marshal(first.Gateway.QuotaSnapshot())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		when string
		now  time.Time
		want [2]int
	}{
		{"the same day", noon.Add(time.Hour), [2]int{200, 429}},
		{"the next day", noon.Add(24 * time.Hour), [2]int{200, 200}},
	} {
		var used map[string]limit.Snapshot
		if err := json.Unmarshal(kept, &used); err != nil {
			t.Fatal(err)
		}
		next := gatewaytest.New(t, quotaRoutes)
		next.Gateway.Now = func() time.Time { return c.now }
		next.Gateway.RestoreQuotas(used)
		if got := [2]int{askAt(t, next, c.now), askAt(t, next, c.now)}; got != c.want {
			t.Errorf("%s: %v, want %v", c.when, got, c.want)
		}
	}
}

func TestQuotasOfRoutesThatAreGoneCountForNothing(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	h.Gateway.RestoreQuotas(map[string]limit.Snapshot{"q": {Period: limit.Day}})
	if used := h.Gateway.QuotaSnapshot(); len(used) != 0 {
		t.Errorf("%v", used)
	}
}
