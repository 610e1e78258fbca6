package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/live"
	"scopegate/store/memstore"
)

// Options are what Open hands on to the engine and the view. Zero values are
// the engine's and the view's defaults.
type Options struct {
	Memory        int64 // of the engine, in bytes
	TokenMemory   int64 // of the view, in bytes
	DiskReserve   int64 // free bytes that are kept; negative: none
	RelaxedTokens bool  // tokens are acknowledged before they are on disk
	LockWait      time.Duration
	Logger        *slog.Logger                          // nil: silence
	Wall          func() time.Time                      // nil: time.Now
	Progress      func(step string)                     // told what Open waits for; nil: nobody
	OnWrite       func(took time.Duration, records int) // told of each group of writes; nil: nobody
}

// Store is an opened notebook: an authz.Store and authz.TokenSource whose
// clock never steps back behind what the engine has seen.
type Store struct {
	*live.Store
	Clock *authz.Clock

	disk *badgerstore.Store // nil: in memory
}

// ErrNoDisk: the store is in memory and has nothing to back up.
var ErrNoDisk = errors.New("the store is in memory only")

// Open opens the store that url names: `badger:///path` or a plain path for the
// embedded engine, `memory:` for one that forgets.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	if o.Wall == nil {
		o.Wall = time.Now
	}
	scheme, rest, found := strings.Cut(url, ":")
	switch {
	case url == "memory:":
		return over(ctx, memstore.New(), nil, authz.NewClock(o.Wall, time.Time{}), o)
	case found && scheme == "badger" && strings.HasPrefix(rest, "///"):
		return openBadger(ctx, rest[len("//"):], o)
	case found && !strings.Contains(scheme, "/") && strings.HasPrefix(rest, "//"):
		return nil, fmt.Errorf("store %s:...: unknown kind; use badger:///path, a path, or memory:", scheme)
	case url == "":
		return nil, errors.New("no store was named")
	}
	return openBadger(ctx, url, o)
}

func openBadger(ctx context.Context, dir string, o Options) (*Store, error) {
	durability := badgerstore.Sync
	if o.RelaxedTokens {
		durability = badgerstore.Relaxed
	}
	engine, err := badgerstore.Open(ctx, badgerstore.Options{
		Dir: dir, Memory: o.Memory, TokenDurability: durability, DiskReserve: o.DiskReserve, LockWait: o.LockWait,
		Logger: o.Logger, Now: o.Wall, Progress: o.Progress,
		OnBatch: func(b badgerstore.Batch) {
			if o.OnWrite != nil {
				o.OnWrite(b.Took, b.Tokens+b.Changes)
			}
		},
	})
	if err != nil {
		return nil, err
	}
	return over(ctx, engine, engine, authz.NewClock(o.Wall, engine.ClockSeen()), o)
}

func over(ctx context.Context, engine authz.Store, disk *badgerstore.Store, clock *authz.Clock, o Options) (*Store, error) {
	view, err := live.Open(ctx, engine, live.Options{TokenMemory: o.TokenMemory, Now: clock.Now, Logger: o.Logger})
	if err != nil {
		return nil, errors.Join(err, engine.Close())
	}
	return &Store{Store: view, Clock: clock, disk: disk}, nil
}

// DiskBytes returns what the store takes on disk.
func (s *Store) DiskBytes() int64 {
	if s.disk == nil {
		return 0
	}
	return s.disk.DiskBytes()
}

// Backup writes a consistent copy while the store goes on being used.
func (s *Store) Backup(ctx context.Context, w io.Writer) (badgerstore.BackupInfo, error) {
	if s.disk == nil {
		return badgerstore.BackupInfo{}, ErrNoDisk
	}
	return s.disk.Backup(ctx, w)
}

// CheckAll reads every record and reports what there is, or what is wrong.
func (s *Store) CheckAll(ctx context.Context) (badgerstore.Report, error) {
	if s.disk == nil {
		return badgerstore.Report{}, ErrNoDisk
	}
	return s.disk.CheckAll(ctx)
}

// VerifyBackup reads a backup to its end and says whether it is whole.
func VerifyBackup(r io.Reader) (badgerstore.BackupInfo, error) { return badgerstore.VerifyBackup(r) }

// Restore makes a store in an empty directory from a backup.
func Restore(ctx context.Context, r io.Reader, dir string, progress func(done int64)) error {
	return badgerstore.Restore(ctx, r, dir, progress)
}
