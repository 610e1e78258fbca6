package authz_test

import (
	"testing"

	"scopegate/authz"
)

// checks are the requests that a gateway judges all day.
func checks() map[string]struct {
	cred authz.Credential
	req  *authz.Requirement
	want authz.Reason
} {
	type check = struct {
		cred authz.Credential
		req  *authz.Requirement
		want authz.Reason
	}
	garbage := sampleToken[:len(sampleToken)-1] + "0"
	return map[string]check{
		"hit":     {bearing(sampleToken), reading(), authz.ReasonAllowed},
		"miss":    {bearing(anotherToken), reading(), authz.ReasonUnknownToken},
		"denied":  {bearing(sampleToken), &authz.Requirement{Scopes: authz.NewScopeSet("invoices.admin")}, authz.ReasonInsufficientScope},
		"garbage": {bearing(garbage), reading(), authz.ReasonMalformedToken},
	}
}

func TestJudgingAllocatesNothing(t *testing.T) {
	a, _ := atNoon(liveToken())
	for name, c := range checks() {
		n := testing.AllocsPerRun(100, func() {
			if d := a.Authorize(t.Context(), c.cred, c.req); d.Reason != c.want {
				t.Errorf("%s: %s, want %s", name, d.Reason, c.want)
			}
		})
		if n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func BenchmarkAuthorize(b *testing.B) {
	a, _ := atNoon(liveToken())
	for name, c := range checks() {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if d := a.Authorize(b.Context(), c.cred, c.req); d.Reason != c.want {
					b.Fatalf("%s, want %s", d.Reason, c.want)
				}
			}
		})
	}
}
