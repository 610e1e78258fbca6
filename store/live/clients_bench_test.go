package live_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
)

// BenchmarkClientsInTurn is what a request reads and writes of its client: the
// check of its token and the count of its use, with the texts that go upstream.
// Every request is another client's, as far as there are that many.
func BenchmarkClientsInTurn(b *testing.B) {
	req := &authz.Requirement{Scopes: authz.NewScopeSet("invoices.read", "invoices.write")}
	for _, n := range []int{10, 10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h := warm(b, 0)
			creds := make([]authz.Credential, n)
			for i := range creds {
				c := newClient(2 + i)                                    // the first one is the house's
				c.Status = authz.Status(strings.Clone(string(c.Status))) // as one that was read from a disk
				creds[i] = authz.Credential{Count: 1, Value: "Bearer " + h.issue(h.putClient(c, authz.EventClientCreated), i)}
			}
			// Another order than that in which memory was taken, but the texts in a
			// row, as a connection's buffer has them.
			rand.New(rand.NewPCG(1, 1)).Shuffle(n, func(i, j int) { creds[i], creds[j] = creds[j], creds[i] })
			for i := range creds {
				creds[i].Value = strings.Clone(creds[i].Value)
			}
			a := &authz.Authorizer{Tokens: h.store, Now: h.clock.Now}
			var upstream []byte
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				d := a.Authorize(b.Context(), creds[i%n], req)
				if !d.Allowed() {
					b.Fatal(d.Reason)
				}
				c, at := d.Principal.Client, noon.Unix()
				upstream = append(append(upstream[:0], c.ID...), d.Principal.Scopes.String()...)
				c.Meter.Request(at)
				for j := range req.Scopes.Len() {
					c.Meter.Use(req.Scopes.At(j), at)
				}
			}
		})
	}
}

// issue puts a token for all that the client may, and returns its text.
func (h *house) issue(c authz.Client, i int) string {
	end := noon.Add(time.Hour)
	text := bearer(i, authz.HourOf(end))
	token := tokenUntil(c, i, end)
	token.Scopes = authz.NewScopeSet(c.AllowedScopes.List()...)
	key, ok := authz.ParseToken(text)
	if !ok {
		h.t.Fatalf("token %d is none", i)
	}
	token.Key = key
	h.put(token)
	return text
}
