package badgerstore_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// impatient is a context that ends after it was asked so many times.
type impatient struct {
	context.Context
	left int
}

func (c *impatient) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// Wherever it is interrupted: the time is set back only when all that expired
// by it is dead, and the next try does the rest.
func TestSettingTheTimeBackMayBeInterruptedAnywhere(t *testing.T) {
	ahead := storetest.Now().Add(1000 * time.Hour)
	opt := options(t.TempDir())
	opt.Now = func() time.Time { return ahead }
	s := openWith(t, opt)
	c := register(t, s)
	const others = 20
	for n := range others {
		another := c.Clone()
		another.ID, another.Version = authz.ClientID(fmt.Sprintf("7f0c0000-0000-4000-8000-%012x", n)), 0
		if _, err := s.PutClient(t.Context(), another, authz.Change{Kind: authz.EventClientCreated}); err != nil {
			t.Fatal(err)
		}
	}
	issueMany(t, s, 10, ahead.Add(time.Hour))
	closed(t, s)
	o := badgerstore.ResetOptions{Dir: opt.Dir, Now: storetest.Now, Change: authz.Change{Actor: "admin:command"}}
	interrupted := 0
	for patience := 0; ; patience++ {
		r, err := badgerstore.ResetClock(&impatient{t.Context(), patience}, o)
		if err == nil {
			if r.Clients != others+1 {
				t.Errorf("%+v", r)
			}
			break
		}
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("after %d: %v", patience, err)
		}
		interrupted++
		s := openWith(t, options(opt.Dir))
		if seen := s.ClockSeen(); !seen.Equal(ahead) {
			t.Fatalf("after %d the noted time is %s, and not all is done", patience, seen)
		}
		closed(t, s)
	}
	if interrupted < 5 {
		t.Errorf("interrupted %d times only", interrupted)
	}
	s = openWith(t, options(opt.Dir))
	page, err := s.Clients(t.Context(), authz.ClientQuery{Limit: 1000})
	if err != nil || len(page.Clients) != others+1 {
		t.Fatalf("%d clients, %v", len(page.Clients), err)
	}
	for _, c := range page.Clients {
		if c.Generation < 2 {
			t.Errorf("client %s is of generation %d", c.ID, c.Generation)
		}
	}
	if r, err := s.CheckAll(t.Context()); err != nil || r.Tokens != 0 || !r.ClockSeen.Equal(storetest.Now()) {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSettingTheTimeBackNeedsAStore(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "missing")
	if _, err := badgerstore.ResetClock(t.Context(), badgerstore.ResetOptions{Dir: dir}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ResetClock = %v, want fs.ErrNotExist", err)
	}
}
