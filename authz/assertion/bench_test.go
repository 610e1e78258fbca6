package assertion_test

import (
	"testing"
	"time"

	"scopegate/authz/assertion"
)

func BenchmarkAppendSigned(b *testing.B) {
	for _, a := range assertion.Algorithms() {
		b.Run(string(a), func(b *testing.B) {
			keys, err := assertion.NewKeys("k", a, time.Unix(0, 0))
			if err != nil {
				b.Fatal(err)
			}
			k := &assertion.Keeper{Now: time.Now}
			k.Use(keys)
			var buf []byte
			b.ReportAllocs()
			for b.Loop() {
				if buf, err = k.AppendSigned(buf[:0], claims(), time.Minute); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
