package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// Store implements authz.Store on Badger.
type Store struct {
	opt  Options
	log  *slog.Logger
	lock *dirLock
	disk *disk
	sets *sets

	durable durable
	clock   atomic.Int64          // the latest clock seen, Unix seconds
	broken  atomic.Pointer[error] // why writes are refused until the engine is opened again

	gate sync.RWMutex  // held by readers; taken to exchange or close the engine
	db   *badger.DB    // nil: could not be opened again
	life int           // how often db was opened
	lost atomic.Uint64 // groups of acknowledged tokens that an opening did not find

	sending sync.RWMutex // held while an op is sent; taken to close
	closed  bool
	ops     chan *op
	calls   chan func() // run by the committer between two groups
	done    chan struct{}
	closing sync.Once
	ended   error

	com committer // touched by the committer's goroutine only
}

var _ authz.Store = (*Store)(nil)

// committer is what the one writer knows.
type committer struct {
	control  control // as on disk
	layout   uint32  // as on disk
	version  uint64  // Badger's, of the newest transaction
	ledger   *ledger
	logs     logs
	unsynced bool // relaxed tokens were written since the last sync
	quiet    bool // the engine does not compact
	tended   tended
}

// Close waits for running writes, writes out what is in memory and frees the
// directory. A second Close returns nil.
func (s *Store) Close() error {
	first := false
	s.closing.Do(func() { first = true })
	if !first {
		<-s.done
		return nil
	}
	s.sending.Lock()
	s.closed = true
	close(s.ops)
	s.sending.Unlock()
	<-s.done
	return s.ended
}

// shut is the committer's last act.
func (s *Store) shut() {
	defer close(s.done)
	if err := s.noteClock(); err != nil {
		s.log.Warn("the clock could not be noted in the store", "error", err)
	}
	s.gate.Lock()
	defer s.gate.Unlock()
	tight := s.disk.look() < s.disk.floor
	if tight {
		_ = s.disk.dropBallast() // closing makes a table, and then frees the logs
	}
	var err error
	switch {
	case s.db == nil:
	case tight && s.disk.look() < s.disk.floor/2:
		s.log.Warn("no room to write out what is in memory; the store's logs hold it and are read at the next start")
	default:
		err = closeEngine(s.db)
		if tight {
			s.disk.saveBallast()
		}
	}
	s.db = nil
	s.ended = errors.Join(err, s.com.ledger.close(), s.lock.release())
	if s.ended != nil {
		s.ended = fmt.Errorf("close the store in %s: %w", s.opt.Dir, s.ended)
	}
}

// closeLimit bounds how long closing may take: Badger tries for ever to write
// out its memory to a disk that fails.
const closeLimit = 20 * time.Second

func closeEngine(db *badger.DB) error {
	result := make(chan error, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				result <- fmt.Errorf("storage engine: %v", r)
			}
		}()
		result <- db.Close()
	}()
	limit := time.NewTimer(closeLimit)
	defer limit.Stop()
	select {
	case err := <-result:
		return err
	case <-limit.C:
		return fmt.Errorf("storage engine did not close within %s; its logs are read again at the next start", closeLimit)
	}
}

// Check implements authz.Store.
func (s *Store) Check(ctx context.Context) error {
	if err := s.view(ctx, func(*badger.Txn) error { return nil }); err != nil {
		return err
	}
	if err := s.unwell(); err != nil {
		return err
	}
	free := s.disk.room()
	if _, scarce := s.disk.full(free); scarce {
		return fmt.Errorf("%w: %d bytes are free in %s, the reserve is %d", authz.ErrFull, free, s.opt.Dir, s.disk.reserve)
	}
	return nil
}

// unwell returns why writes are refused, if they are.
func (s *Store) unwell() error {
	if cause := s.broken.Load(); cause != nil {
		return fmt.Errorf("%w: an earlier write failed: %w", authz.ErrUnavailable, *cause)
	}
	return nil
}

// ClockSeen returns the latest time that the store knows to have been: it
// outlives the process, so that a clock that stepped back is noticed at start.
func (s *Store) ClockSeen() time.Time { return time.Unix(s.clock.Load(), 0).UTC() }

// LostWrites returns how many groups of writes that were acknowledged, of
// tokens or other records that are no control changes, were not there when the
// store was opened: the end of its log was destroyed. 0: none is known of.
func (s *Store) LostWrites() uint64 { return s.lost.Load() }

// DiskBytes returns how many bytes the store takes up on disk.
func (s *Store) DiskBytes() int64 { return diskBytes(s.opt.Dir) }

// view runs f on a consistent view of the store. Whatever goes wrong inside
// the engine is ErrUnavailable to the caller.
func (s *Store) view(ctx context.Context, f func(*badger.Txn) error) (err error) {
	if err := ended(ctx); err != nil {
		return err
	}
	s.gate.RLock()
	defer s.gate.RUnlock()
	if s.db == nil {
		return s.absent()
	}
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: storage engine: %v", authz.ErrUnavailable, r)
		}
	}()
	return classify(s.db.View(f))
}

// absent says why there is no engine.
func (s *Store) absent() error {
	if err := s.unwell(); err != nil {
		return err
	}
	return authz.ErrClosed
}

func ended(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", authz.ErrUnavailable, err)
	}
	return nil
}

// classify lets the errors of authz through and hides the engine's behind
// ErrUnavailable.
func classify(err error) error {
	for _, known := range []error{nil, authz.ErrNotFound, authz.ErrConflict, authz.ErrUnavailable, authz.ErrFull, authz.ErrClosed} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", authz.ErrUnavailable, err)
}

// read returns the value of a key; ErrNotFound.
func read(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, authz.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}
