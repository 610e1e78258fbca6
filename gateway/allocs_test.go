//go:build !race

// The race detector makes sync.Pool drop what it holds, at random.

package gateway_test

import (
	"testing"

	"scopegate/authz"
	"scopegate/gateway/gatewaytest"
)

func TestThePlainWayUpToTheUpstreamAllocatesNothing(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	x, _ := newExchange("GET", "/a/7", "read")
	x.Query, x.HasQuery = "page=2;size=10", true
	if n := testing.AllocsPerRun(500, func() {
		if r := h.Gateway.ServeWithoutUpstream(t.Context(), x, nil); r != authz.ReasonAllowed {
			t.Fatal(r)
		}
	}); n != 0 {
		t.Errorf("%v allocations, log line and counters included", n)
	}
}
