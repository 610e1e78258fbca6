package limit_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway/limit"
)

// A key's verdicts are those of a Bucket that nobody else uses, whatever the
// others do and whatever was swept meanwhile.
func TestEachKeyGetsWhatABucketOfItsOwnGives(t *testing.T) {
	rate := limit.Rate{N: 5, Per: time.Second, Burst: 4}
	const keys = 300
	keyed := limit.NewKeyed[int](rate, 100*keys)
	alone := make([]*limit.Bucket, keys)
	for i := range alone {
		alone[i] = limit.NewBucket(rate)
	}
	rnd, now := rand.New(rand.NewPCG(3, 4)), noon
	refused := 0
	for range 200_000 {
		key := min(rnd.IntN(keys), rnd.IntN(keys)) // some often, some seldom
		now = now.Add(time.Duration(rnd.IntN(2_000_000)))
		want, got := alone[key].Allow(now), keyed.Allow(key, now)
		if want != got {
			t.Fatalf("key %d (-alone +keyed):\n%s", key, cmp.Diff(want, got))
		}
		if !got.OK {
			refused++
		}
	}
	if refused == 0 {
		t.Error("no key was ever in debt: the test says nothing")
	}
}

func TestOneKeyInDebtNeverAffectsAnother(t *testing.T) {
	k := limit.NewKeyed[string](limit.Rate{N: 1, Per: time.Minute, Burst: 10}, 1000)
	for range 10_000 {
		k.Allow("greedy", noon)
	}
	if k.Allow("greedy", noon).OK {
		t.Fatal("greedy is not limited")
	}
	for i := range 100 {
		for range 10 {
			if !k.Allow(fmt.Sprint("modest-", i), noon).OK {
				t.Fatalf("modest-%d pays for greedy", i)
			}
		}
	}
}

func TestFloodOfNewKeysNeverResetsABucketInDebt(t *testing.T) {
	k := limit.NewKeyed[string](limit.Rate{N: 1, Per: time.Hour, Burst: 2}, 640)
	const debtors = 20
	debtor := func(i int) string { return fmt.Sprint("debtor-", i) }
	for i := range debtors {
		for k.Allow(debtor(i), noon).OK {
		}
	}
	k.Allow("modest", noon)
	allowed := 0
	for i := range 100_000 {
		now := noon.Add(time.Duration(i) * time.Millisecond)
		if k.Allow(fmt.Sprint("flood-", i), now).OK {
			allowed++
		}
		if i%100 == 0 {
			if d := debtor(i / 100 % debtors); k.Allow(d, now).OK {
				t.Fatalf("%s has its debt forgotten after %d new keys", d, i)
			}
		}
	}
	if n := k.Len(); n > 640 {
		t.Errorf("%d keys are held, want at most 640", n)
	}
	// Those that found no space had one bucket in each of a few shards.
	if allowed < 500 || allowed > 900 {
		t.Errorf("%d of the flood passed, want about one for each of 640 keys", allowed)
	}
	if !k.Allow("modest", noon.Add(100*time.Second)).OK {
		t.Error("a key that was there before the flood lost what it had left")
	}
}

func TestFullBucketsAreForgottenAsRequestsComeBy(t *testing.T) {
	k := limit.NewKeyed[int](limit.Rate{N: 10, Per: time.Second, Burst: 1}, 100_000)
	for i := range 10_000 {
		k.Allow(i, noon)
	}
	before := k.Len()
	later := noon.Add(time.Second)
	for i := range 100_000 {
		k.Allow(-1-i%1000, later)
	}
	if after := k.Len(); before != 10_000 || after > 1500 {
		t.Errorf("%d keys were held, then %d, want 10000 and then little more than the thousand in use", before, after)
	}
}

func TestNewKeysTakeThePlaceOfFullBuckets(t *testing.T) {
	k := limit.NewKeyed[int](limit.Rate{N: 10, Per: time.Second, Burst: 1}, 64)
	now := noon
	for i := range 10_000 {
		now = now.Add(10 * time.Millisecond) // ten keys are in debt at a time
		if !k.Allow(i, now).OK {
			t.Fatalf("key %d found no space among full buckets", i)
		}
	}
	if n := k.Len(); n > 64 {
		t.Errorf("%d keys are held, want at most 64", n)
	}
}

func TestKeysWithoutSpaceShareOneBucket(t *testing.T) {
	k := limit.NewKeyed[int](limit.Rate{N: 1, Per: time.Second, Burst: 5}, 0)
	allowed := 0
	for i := range 100 {
		if k.Allow(i, noon).OK {
			allowed++
		}
	}
	if allowed != 5 {
		t.Errorf("%d of 100 keys without space passed, want a burst of 5", allowed)
	}
}

func TestKeyedCountsRightAmongGoroutines(t *testing.T) {
	k := limit.NewKeyed[int](limit.Rate{N: 1, Per: time.Hour, Burst: 50}, 10_000)
	const keys = 40
	var allowed [keys]atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 50 * keys {
				if k.Allow(i%keys, noon).OK {
					allowed[i%keys].Add(1)
				}
			}
		})
	}
	wg.Wait()
	for key := range allowed {
		if n := allowed[key].Load(); n != 50 {
			t.Errorf("%d requests of key %d passed a burst of 50", n, key)
		}
	}
}
