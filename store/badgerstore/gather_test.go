package badgerstore_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// TestWhoIsAboutToWriteComesIntoTheGroup: the committer yields once behind the
// last that it has, and takes along those who came meanwhile.
func TestWhoIsAboutToWriteComesIntoTheGroup(t *testing.T) {
	opt := options(t.TempDir())
	var watching atomic.Bool // only the tokens' group
	var groups []int
	var yields int
	var others sync.WaitGroup
	var s *badgerstore.Store
	opt.OnBatch = func(b badgerstore.Batch) {
		if b.Tokens > 0 {
			groups = append(groups, b.Tokens)
		}
	}
	opt.Yield = func() {
		if !watching.Load() {
			return
		}
		if yields++; yields > 2 {
			return // two others came, then nobody
		}
		tok := sample(byte(yields), storetest.Now().Add(time.Hour))
		others.Go(func() {
			if err := s.PutToken(t.Context(), tok); err != nil {
				t.Errorf("PutToken: %v", err)
			}
		})
		for s.Queued() == 0 {
			runtime.Gosched()
		}
	}
	s = openWith(t, opt)
	register(t, s)
	watching.Store(true)
	issue(t, s, sample(0, storetest.Now().Add(time.Hour)))
	others.Wait()
	watching.Store(false)
	closed(t, s)
	if len(groups) != 1 || groups[0] != 3 || yields != 3 {
		t.Errorf("groups of %v tokens after %d yields, want one of 3 after 3", groups, yields)
	}
}
