package oauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
)

// refusal is a kind of client that is not authenticated.
type refusal struct {
	name string
	auth string
	took []time.Duration
}

// BenchmarkRefusedClients measures whether the token endpoint's time tells one
// refusal from another: a caller must not learn which clients there are. The
// kinds take turns, and what is reported are the ratios of their medians to a
// known client with a wrong secret.
func BenchmarkRefusedClients(b *testing.B) {
	s := start(b)
	inactiveID, inactiveSecret := s.register(b, "a:read")
	if _, err := s.registry.Disable(b.Context(), authz.ClientID(inactiveID), authz.By{Actor: "test"}); err != nil {
		b.Fatal(err)
	}
	wrong := strings.Repeat("x", len(s.secret))
	kinds := []*refusal{
		{name: "wrong", auth: basic(s.id, wrong)},
		{name: "unknown", auth: basic("00000000-0000-4000-8000-000000000000", wrong)},
		{name: "no-uuid", auth: basic(strings.Repeat("x", len(s.id)), wrong)},
		{name: "inactive", auth: basic(inactiveID, inactiveSecret)},
	}
	n := 0
	for b.Loop() {
		n++
		for i := range kinds {
			k := kinds[(n+i)%len(kinds)]
			req := httptest.NewRequest(http.MethodPost, "/oauth/token", strings.NewReader(grant))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Authorization", k.auth)
			req.RemoteAddr = fmt.Sprintf("10.%d.%d.%d:1", n>>16&255, n>>8&255, n&255) // each a first failure
			answer := httptest.NewRecorder()
			began := time.Now()
			s.Config.Handler.ServeHTTP(answer, req)
			k.took = append(k.took, time.Since(began))
			if answer.Code != http.StatusUnauthorized {
				b.Fatalf("%s: %d %s", k.name, answer.Code, answer.Body)
			}
		}
	}
	for _, k := range kinds {
		slices.Sort(k.took)
	}
	base := float64(kinds[0].took[len(kinds[0].took)/2])
	b.ReportMetric(base, "ns/wrong")
	for _, k := range kinds[1:] {
		b.ReportMetric(float64(k.took[len(k.took)/2])/base, k.name+"/wrong")
	}
}
