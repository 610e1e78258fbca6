package badgerstore

import (
	"context"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"scopegate/authz"
)

// Bounds of one group. What is in flight fits into any transaction that Badger
// takes at MinMemory.
const (
	maxGroup      = 256
	maxGroupBytes = 128 << 10
)

// op is one write that waits for the committer.
type op struct {
	class opClass
	token *authz.AccessToken // of a token
	set   string             // its encoded grant set
	stage func(*batch) error // of anything else: puts it into the transaction
	done  chan error         // takes one answer
}

// opClass says how much disk an op needs, and what it is counted as.
type opClass int

const (
	classToken  opClass = iota // refused below the reserve
	classCreate                // a control change that is refused below the reserve
	classChange                // a control change that may use the reserve
	classNote                  // no control change, may use the reserve
)

// submit hands an op to the committer and waits for its answer.
func (s *Store) submit(ctx context.Context, o *op) error {
	if err := ended(ctx); err != nil {
		return err
	}
	o.done = make(chan error, 1)
	if err := s.send(ctx, o); err != nil {
		return err
	}
	select {
	case err := <-o.done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("%w: the outcome of the write is not known: %w", authz.ErrUnavailable, ctx.Err())
	}
}

func (s *Store) send(ctx context.Context, o *op) error {
	s.sending.RLock()
	defer s.sending.RUnlock()
	if s.closed {
		return authz.ErrClosed
	}
	select {
	case s.ops <- o:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%w: %w", authz.ErrUnavailable, ctx.Err())
	}
}

// run is the committer: the only goroutine that writes.
func (s *Store) run() {
	defer s.shut()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	watch := time.NewTicker(statfsEvery)
	defer watch.Stop()
	if s.opt.untended {
		tick.Stop()
		watch.Stop()
	}
	for {
		select {
		case o, ok := <-s.ops:
			if !ok {
				return
			}
			s.group(o)
		case call := <-s.calls:
			call()
		case <-watch.C:
			s.watch()
		case <-tick.C:
			s.tend(s.opt.Now())
		}
	}
}

// group commits the op and all that wait behind it.
func (s *Store) group(first *op) {
	b := s.newBatch()
	if b == nil {
		first.done <- s.unwell()
		return
	}
	s.gather(b, first)
	b.commit()
}

// gather adds what waits. The writers of the group before have just been
// answered, so those of them that come again get a moment to do so: one sync
// for all is worth more than the moment.
func (s *Store) gather(b *batch, first *op) {
	b.add(first)
	for yields := 0; len(b.waiting) < maxGroup && b.bytes < maxGroupBytes; {
		select {
		case o, ok := <-s.ops:
			if !ok {
				return
			}
			b.add(o)
			yields = 0
			continue
		default:
		}
		if yields++; yields > 1 {
			return
		}
		s.opt.Yield()
	}
}

// batch is one transaction in the making. Committer only.
type batch struct {
	s       *Store
	txn     *badger.Txn
	free    int64 // bytes of the disk
	full    bool  // nothing may be written
	scarce  bool  // nothing new may be written
	control control
	sets    map[string]setKey           // new ones, by encoded set
	before  map[clientKey]*authz.Client // changed ones as they were; nil: not there
	waiting []*op
	after   []func() // what becomes true when the batch is on disk
	tokens  int
	changes int
	bytes   int
	puts    bool  // it writes something, so that the transaction gets a version
	poison  error // the transaction is half written and must not be committed
}

// newBatch begins a batch; nil while writes are refused.
func (s *Store) newBatch() *batch {
	free := s.watch()
	if s.db == nil || s.broken.Load() != nil {
		return nil
	}
	b := &batch{s: s, txn: s.db.NewTransaction(true), control: s.com.control, free: free}
	b.full, b.scarce = s.disk.full(free)
	return b
}

// add stages an op, or answers it at once if it is refused.
func (b *batch) add(o *op) {
	if b.full || b.scarce && (o.class == classToken || o.class == classCreate) {
		o.done <- fmt.Errorf("%w: %d bytes are free in %s", authz.ErrFull, b.free, b.s.opt.Dir)
		return
	}
	var err error
	if o.class == classToken {
		err = b.stageToken(o)
	} else {
		err = o.stage(b)
	}
	if err != nil {
		o.done <- err
		return
	}
	switch o.class {
	case classToken:
		b.tokens++
	case classCreate, classChange:
		b.changes++
	}
	b.waiting = append(b.waiting, o)
}

// set puts a key into the transaction. An error means that the transaction
// holds a part of a change, so it poisons the batch.
func (b *batch) set(key, value []byte) error {
	b.bytes += len(key) + len(value)
	b.puts = true
	if err := b.txn.Set(key, value); err != nil {
		b.poison = err
		return fmt.Errorf("%w: %w", authz.ErrUnavailable, err)
	}
	return nil
}

// commit makes the batch durable and answers everybody in it.
func (b *batch) commit() {
	defer b.txn.Discard()
	if len(b.waiting) == 0 {
		return
	}
	began := time.Now()
	err := b.write()
	if err == nil {
		b.s.com.control = b.control
		b.s.durable.reach(b.control.last)
		for _, f := range b.after {
			f()
		}
	} else {
		b.s.fail(err)
		err = fmt.Errorf("%w: %w", authz.ErrUnavailable, err)
	}
	for _, o := range b.waiting {
		o.done <- err
	}
	b.s.opt.OnBatch(Batch{Tokens: b.tokens, Changes: b.changes, Took: time.Since(began), Err: err})
}

func (b *batch) write() error {
	if b.poison != nil {
		return b.poison
	}
	s := b.s
	if b.changes > 0 {
		if err := b.set(metaControl.key(), b.control.encode()); err != nil {
			return err
		}
	}
	s.durable.begin(b.before)
	if err := b.txn.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if b.puts {
		s.com.version = b.txn.ReadTs() + 1 // there is no other writer
	}
	if s.opt.TokenDurability == Relaxed && b.changes == 0 {
		s.com.unsynced = true
		return s.followLogs()
	}
	if err := s.opt.sync(s.db); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	if err := s.followLogs(); err != nil {
		return err
	}
	s.com.unsynced = false
	s.noteVersion()
	if b.changes > 0 {
		return s.com.ledger.write(b.control)
	}
	return nil
}

// noteVersion notes in the ledger that all that was written is on disk. That it
// cannot be noted costs nobody a token; what is noted is only older then.
func (s *Store) noteVersion() {
	if err := s.com.ledger.noteVersion(s.com.version); err != nil {
		s.log.Debug("tokens are not noted in the ledger", "error", err)
	}
}

// followLogs prepares a new write-ahead log, if there is one. That its blocks
// cannot be allocated is no failure of what was written; that its directory
// cannot be synced is.
func (s *Store) followLogs() error {
	unallocated, err := s.com.logs.follow(s.com.unsynced)
	if unallocated != nil && !s.disk.unallocated.Swap(true) {
		s.log.Error("no room for the store's write-ahead log; writes are refused until there is", "error", unallocated)
	}
	return err
}

// fail refuses all further writes until the engine was opened again: after a
// failed sync nobody knows what is on disk, and a later sync that succeeds
// says nothing of it.
func (s *Store) fail(err error) {
	s.broken.CompareAndSwap(nil, &err)
	s.log.Error("a write to the store failed; writes are refused until it was opened again", "error", err)
}

// exclusive runs f in the committer, between two groups.
func (s *Store) exclusive(ctx context.Context, f func() error) error {
	result := make(chan error, 1)
	select {
	case s.calls <- func() { result <- f() }:
	case <-s.done:
		return authz.ErrClosed
	case <-ctx.Done():
		return ended(ctx)
	}
	return <-result
}
