package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/live"
	"scopegate/store/memstore"
)

// Options say how a store is opened. The zero value is good.
type Options struct {
	Memory      int64 // of the engine, in bytes; 0: badgerstore.DefaultMemory
	TokenMemory int64 // of the view's tokens, in bytes; 0: live.DefaultTokenMemory
	// DiskReserve is how many bytes have to be free for new tokens and
	// clients; 0: badgerstore.DefaultDiskReserve, negative: none.
	DiskReserve   int64
	RelaxedTokens bool          // tokens are acknowledged before they are on disk
	LockWait      time.Duration // how long to wait for another process to close the store

	Wall   func() time.Time // the wall clock; nil: time.Now
	Logger *slog.Logger     // nil: silence

	// Yield returns after those have run who are about to write; nil: runtime.Gosched.
	Yield func()

	Progress func(step string)                     // told what Open is waiting for; nil: nobody
	OnWrite  func(took time.Duration, records int) // told of each group of writes; nil: nobody
}

// Store is an engine with its view.
type Store struct {
	*live.Store
	// Clock never steps behind what the store has seen, restarts included: all
	// that is decided about tokens is decided by it.
	Clock *authz.Clock

	disk *badgerstore.Store // nil: in memory
}

// Open opens the store that a URL names: a directory (as a path, or as
// badger:///DIR), or memory: for one that forgets. It returns while the view
// is still getting warm. Close lets go of the directory.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	dir, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if o.Wall == nil {
		o.Wall = time.Now
	}
	s := &Store{Clock: authz.NewClock(o.Wall, time.Time{})}
	var engine authz.Store = memstore.New()
	if dir != "" {
		if s.disk, err = badgerstore.Open(ctx, o.badger(dir, s.Clock)); err != nil {
			return nil, err
		}
		s.Clock.See(s.disk.ClockSeen())
		engine = s.disk
	}
	s.Store, err = live.Open(ctx, engine, live.Options{TokenMemory: o.TokenMemory, Now: s.Clock.Now, Logger: o.Logger})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the store: %w", err), engine.Close())
	}
	return s, nil
}

func (o *Options) badger(dir string, clock *authz.Clock) badgerstore.Options {
	b := badgerstore.Options{
		Dir: dir, Memory: o.Memory, DiskReserve: o.DiskReserve, LockWait: o.LockWait,
		Logger: o.Logger, Now: clock.Now, Progress: o.Progress, Yield: o.Yield,
	}
	if o.RelaxedTokens {
		b.TokenDurability = badgerstore.Relaxed
	}
	if onWrite := o.OnWrite; onWrite != nil {
		b.OnBatch = func(batch badgerstore.Batch) { onWrite(batch.Took, batch.Tokens+batch.Changes) }
	}
	return b
}
