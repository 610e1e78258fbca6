package live_test

import (
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"testing"
	"time"

	"scopegate/authz"
)

// bearer makes the text of the i-th token that ends in the given hour.
func bearer(i int, hour authz.Hour) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	base62 := func(v uint64, width int) string {
		b := make([]byte, width)
		for j := width - 1; j >= 0; j, v = j-1, v/62 {
			b[j] = digits[v%62]
		}
		return string(b)
	}
	text := authz.DefaultTokenPrefix + base62(uint64(hour), 4) + base62(uint64(i), 43)
	return text + base62(uint64(crc32.ChecksumIEEE([]byte(text))), 6)
}

// populated returns a warm view with n tokens of 100 clients, and their texts.
func populated(b *testing.B, n int) (*house, []string) {
	b.Helper()
	h := warm(b, 0)
	end := noon.Add(time.Hour)
	clients := make([]authz.Client, 100)
	for i := range clients {
		clients[i] = h.create(1 + i)
	}
	texts := make([]string, n)
	for i := range texts {
		texts[i] = bearer(i, authz.HourOf(end))
		token := tokenUntil(clients[i%len(clients)], i, end)
		token.Key.Hash = sha256.Sum256([]byte(texts[i]))
		h.put(token)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(n, func(i, j int) { texts[i], texts[j] = texts[j], texts[i] })
	return h, texts
}

// BenchmarkAuthorize is the whole check of a token, from its text to the
// Decision: parsing, SHA-256, lookup, judgement. The wall clock was read by the
// front, once for all that is asked of it.
func BenchmarkAuthorize(b *testing.B) {
	req := &authz.Requirement{Scopes: authz.NewScopeSet("invoices.read")}
	for _, n := range []int{1000, 1_000_000} {
		h, texts := populated(b, n)
		clock, came := authz.NewClock(time.Now, time.Time{}), time.Now()
		a := &authz.Authorizer{Tokens: h.store, Now: clock.Now, At: clock.At}
		unknown := make([]string, 4096)
		for i := range unknown {
			unknown[i] = bearer(n+i, authz.HourOf(noon.Add(time.Hour)))
		}
		run := func(name string, texts []string, want authz.Reason) {
			for i := range texts {
				texts[i] = "Bearer " + texts[i]
			}
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; b.Loop(); i++ {
					if i == len(texts) {
						i = 0
					}
					d := a.Authorize(b.Context(), authz.Credential{Count: 1, Value: texts[i], At: came}, req)
					if d.Reason != want {
						b.Fatalf("%s, want %s", d.Reason, want)
					}
				}
			})
		}
		run("hit", texts, authz.ReasonAllowed)
		run("unknown", unknown, authz.ReasonUnknownToken)
	}
}
