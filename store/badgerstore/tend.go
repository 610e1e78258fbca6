package badgerstore

import (
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// What the committer does between groups, so that no operator has to.
const (
	minutely = time.Minute // the clock is written down, expired hours go
	hourly   = time.Hour   // old events go, the value log is collected
	// sweepGrace is how long after its last token's end an hour is kept.
	sweepGrace = 2 * time.Minute
	// restartEvery bounds how often the engine is opened again after failures.
	restartEvery = 5 * time.Second
	// trimChunk is how many events one transaction removes.
	trimChunk = 500
)

// tended says when the work of an interval was last done.
type tended struct {
	minute, hour, restarted time.Time
}

// due reports whether the interval has passed, and begins it anew. A clock
// that stepped back makes it due.
func due(last *time.Time, now time.Time, every time.Duration) bool {
	if passed := now.Sub(*last); passed >= 0 && passed < every {
		return false
	}
	*last = now
	return true
}

// tend does what is due. Committer only.
func (s *Store) tend(now time.Time) {
	s.seeClock(now)
	s.restart(now)
	if s.db == nil || s.broken.Load() != nil {
		return
	}
	s.syncRelaxed()
	s.makeRoom()
	if due(&s.com.tended.minute, now, minutely) && s.noteClock() == nil {
		s.sweep(now)
	}
	if due(&s.com.tended.hour, now, hourly) {
		s.trim(now)
		s.collect()
	}
}

func (s *Store) seeClock(now time.Time) { s.clock.Store(max(s.clock.Load(), now.Unix())) }

// noteClock writes down the latest clock seen.
func (s *Store) noteClock() error {
	s.seeClock(s.opt.Now())
	o := &op{class: classNote, done: make(chan error, 1), stage: func(b *batch) error {
		return b.set(metaClock.key(), encodeClock(s.ClockSeen()))
	}}
	b := s.newBatch()
	if b == nil {
		return s.absent()
	}
	b.add(o)
	b.commit()
	return <-o.done
}

// syncRelaxed makes durable what was acknowledged before it was.
func (s *Store) syncRelaxed() {
	if !s.com.unsynced {
		return
	}
	if err := s.opt.sync(s.db); err != nil {
		s.fail(fmt.Errorf("sync: %w", err))
		return
	}
	s.com.unsynced = false
	s.noteVersion()
}

// makeRoom allocates what could not be, once there is room for it.
func (s *Store) makeRoom() {
	if s.disk.unallocated.Load() && s.disk.look() >= s.disk.floor {
		if err := s.com.logs.find(); err == nil {
			s.disk.unallocated.Store(false)
			s.log.Info("there is room for the store's write-ahead log again")
		}
	}
	if err := s.disk.keepBallast(); err != nil {
		s.log.Debug("no ballast for the store", "error", err)
	}
}

// restart opens the engine again after a failed write. Opening reads the logs
// as they are on disk, which is the only way to know what is there.
func (s *Store) restart(now time.Time) {
	if s.broken.Load() == nil {
		return
	}
	if s.disk.look() < s.disk.floor || !due(&s.com.tended.restarted, now, restartEvery) {
		return
	}
	if err := s.reopen(); err != nil {
		s.log.Error("the store could not be opened again after a failed write", "error", advise(err))
		return
	}
	s.broken.Store(nil)
	s.log.Info("the store was opened again after a failed write")
}

// reopen closes the engine and opens it as the disk now asks. Readers wait.
func (s *Store) reopen() error {
	s.gate.Lock()
	defer s.gate.Unlock()
	if s.db != nil {
		err := closeEngine(s.db)
		s.db = nil
		if err != nil {
			s.log.Error("the store could not be closed to be opened again", "error", err)
		}
	}
	_ = s.com.ledger.close() // what it says is on disk
	s.com.ledger = nil
	return s.start()
}

// watch looks at the disk and returns its free bytes. Below the reserve the
// engine is opened again as a quiet one, since a compaction may begin at any
// time and must not meet a full disk; with a quarter more than the reserve it
// compacts again.
func (s *Store) watch() (free int64) {
	free = s.disk.look()
	enough := s.disk.reserve
	if s.com.quiet {
		enough += enough / 4
	}
	quiet := free < enough || s.opt.shadow
	if quiet == s.com.quiet || s.db == nil || s.broken.Load() != nil {
		return free
	}
	if quiet && !s.opt.shadow && free < s.disk.floor/2 {
		return free // closing makes a table, for which there is no room
	}
	if err := s.reopen(); err != nil {
		s.fail(fmt.Errorf("open again: %w", err))
	}
	s.log.Info("the free space of the store's disk has crossed its reserve", "free_bytes", free, "compacting", !s.com.quiet)
	return s.disk.look()
}

// sweep removes the hours whose last token has ended. Each goes by its prefix:
// Badger deletes whole tables and rewrites their edges, which gives the disk
// back at once; deleting key by key, or Badger's TTL, does not.
//
// Tokens go before revocations, so that a crash in between leaves no revoked
// token without its revocation. The clock was written down before, so that a
// clock that steps back afterwards is noticed, and so that what goes is not the
// newest that the ledger vouches for.
func (s *Store) sweep(now time.Time) {
	if s.disk.look() < s.disk.floor {
		return // rewriting the edges of an hour takes room before it gives any
	}
	hours, err := s.expiredHours(now)
	if len(hours) == 0 && err == nil {
		return
	}
	began := time.Now()
	if err == nil {
		err = errors.Join(s.dropHours(spaceToken, hours), s.dropHours(spaceRevocation, hours))
	}
	took := time.Since(began)
	s.opt.OnSweep(Sweep{Hours: hours, Took: took, Err: err})
	if err != nil {
		s.fail(fmt.Errorf("sweep: %w", err))
		return
	}
	s.log.Debug("swept expired hours", "hours", len(hours), "took", took)
}

func (s *Store) dropHours(space byte, hours []authz.Hour) error {
	prefixes := make([][]byte, 0, len(hours))
	for _, h := range hours {
		prefixes = append(prefixes, hourPrefix(space, h))
	}
	err := s.db.DropPrefix(prefixes...)
	return errors.Join(err, s.followLogs())
}

// isSwept reports whether an hour has ended long enough ago to go.
func isSwept(h authz.Hour, now time.Time) bool { return h.End().Add(sweepGrace).Before(now) }

// expiredHours lists the hours that hold something and are to go.
func (s *Store) expiredHours(now time.Time) ([]authz.Hour, error) {
	seen := map[authz.Hour]struct{}{}
	var hours []authz.Hour
	err := s.db.View(func(txn *badger.Txn) error {
		for _, space := range []byte{spaceToken, spaceRevocation} {
			it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{space}})
			for it.Rewind(); it.Valid(); {
				key, err := parseHashKey(space, it.Item().KeyCopy(nil))
				if err != nil {
					it.Close()
					return err
				}
				if !isSwept(key.Hour, now) {
					break
				}
				if _, ok := seen[key.Hour]; !ok {
					seen[key.Hour] = struct{}{}
					hours = append(hours, key.Hour)
				}
				it.Seek(hourPrefix(space, key.Hour+1))
			}
			it.Close()
		}
		return nil
	})
	return hours, err
}

// trim removes events that are older than EventRetention; the newest stays.
func (s *Store) trim(now time.Time) {
	for {
		o := &op{class: classNote, done: make(chan error, 1)}
		more := false
		o.stage = func(b *batch) (err error) {
			more, err = b.stageTrim(now.Add(-EventRetention))
			return err
		}
		b := s.newBatch()
		if b == nil {
			return
		}
		b.add(o)
		b.commit()
		if err := <-o.done; err != nil {
			s.log.Warn("old events could not be removed", "error", err)
			return
		}
		if !more {
			return
		}
	}
}

// stageTrim removes a chunk of the events before the given time.
func (b *batch) stageTrim(before time.Time) (more bool, err error) {
	c := b.control
	if c.first >= c.last {
		return false, nil
	}
	events, err := readEvents(b.txn, c.first, c.last, trimChunk)
	if err != nil {
		return false, classify(err)
	}
	for _, e := range events {
		if e.Seq == c.last || !e.Change.At.Before(before) {
			break
		}
		if err := b.txn.Delete(eventKey(e.Seq).key()); err != nil {
			b.poison = err
			return false, classify(err)
		}
		b.control.first = e.Seq + 1
	}
	if b.control.first == c.first {
		return false, nil
	}
	return b.control.first-c.first == trimChunk, b.set(metaControl.key(), b.control.encode())
}

// collect runs Badger's value log collection; our values are not in it, so
// this finds work only in a store that another layout left behind.
func (s *Store) collect() {
	err := s.db.RunValueLogGC(0.5)
	if err != nil && !errors.Is(err, badger.ErrNoRewrite) && !errors.Is(err, badger.ErrRejected) {
		s.log.Warn("value log collection failed", "error", err)
	}
}
