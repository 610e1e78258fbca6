package storetest

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"scopegate/authz"
)

// RunBenchmarks measures writes under 1 to 256 writers and reads of what is
// there and what is not.
func RunBenchmarks(b *testing.B, open Open) {
	for _, n := range []int{1, 16, 64, 256} {
		b.Run(fmt.Sprintf("PutToken/writers=%d", n), func(b *testing.B) { benchPutToken(b, opened(b, open), n) })
	}
	b.Run("PutClient", func(b *testing.B) { benchPutClient(b, opened(b, open)) })
	b.Run("RevokeToken", func(b *testing.B) { benchRevoke(b, opened(b, open)) })
	b.Run("Reads", func(b *testing.B) { benchReads(b, opened(b, open)) })
}

func benchPutToken(b *testing.B, s authz.Store, writers int) {
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range writers {
		wg.Go(func() {
			for {
				n := int(next.Add(1))
				if n > b.N {
					return
				}
				if err := s.PutToken(b.Context(), token(clientID(n%10), n)); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tokens/s")
}

func benchPutClient(b *testing.B, s authz.Store) {
	for n := 0; b.Loop(); n++ {
		put(b, s, client(n))
	}
}

func benchRevoke(b *testing.B, s authz.Store) {
	for n := 0; b.Loop(); n++ {
		revoke(b, s, token(clientID(1), n))
	}
}

func benchReads(b *testing.B, s authz.Store) {
	const n = 20_000
	put(b, s, client(1))
	var wg sync.WaitGroup
	for w := range 64 {
		wg.Go(func() {
			for i := w; i < n; i += 64 {
				if err := s.PutToken(b.Context(), token(clientID(1), i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.Run("Token/hit", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			getToken(b, s, token(clientID(1), i%n).Key)
		}
	})
	b.Run("Token/miss", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := s.Token(b.Context(), token(clientID(2), i).Key); err == nil {
				b.Fatal("found a token that was never put")
			}
		}
	})
	b.Run("TokenByID", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := s.TokenByID(b.Context(), token(clientID(1), i%n).Key.Hash.ID()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("Client", func(b *testing.B) {
		for b.Loop() {
			get(b, s, clientID(1))
		}
	})
}
