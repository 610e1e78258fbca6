//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"time"

	"scopegate/store"
)

// expired is how many tokens are issued and left to expire.
const expired = 2_000_000

// expiry lets tokens expire by turning the clock, and waits for the disk to
// come back without anybody asking for it.
func (s *stage) expiry(ctx context.Context) (err error) {
	var forth atomic.Int64
	now := func() time.Time { return time.Now().Add(time.Duration(forth.Load())) }
	st, err := store.Open(ctx, filepath.Join(s.dir, "expiry"), store.Options{Wall: now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	empty := st.DiskBytes()
	began := time.Now()
	if err := (filling{tokens: expired, clients: 1}).fill(st, time.Hour); err != nil {
		return err
	}
	took, full := time.Since(began), st.DiskBytes()
	forth.Store(int64(3 * time.Hour))
	began = time.Now()
	poll := time.NewTicker(100 * time.Millisecond)
	defer poll.Stop()
	for st.DiskBytes() > empty+32<<20 {
		select {
		case <-poll.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if time.Since(began) > 10*time.Minute {
			return fmt.Errorf("the disk did not come back: %d MiB, empty was %d", st.DiskBytes()>>20, empty>>20)
		}
	}
	s.report.List(fmt.Sprintf("%d tokens issued and expired", expired),
		fmt.Sprintf("issued durably in %s", took.Round(time.Second)),
		fmt.Sprintf("disk: %d MiB empty, %d MiB full, %d MiB %s after their hour had ended", empty>>20, full>>20, st.DiskBytes()>>20, time.Since(began).Round(100*time.Millisecond)))
	return nil
}
