package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"

	"scopegate/authz"
)

// openRoom is how many free bytes an opening needs for the first pages of new
// files; see disk.go for why it must not be tried with less.
const openRoom = 2 << 20

// Open opens the store in a directory, or makes one if the directory is empty.
//
// It narrows the umask of the process to 0077, since Badger makes files at any
// time and gives them no mode of its own.
func Open(ctx context.Context, opt Options) (*Store, error) {
	s, err := open(ctx, opt)
	if err != nil {
		return nil, fmt.Errorf("open the store in %s: %w", opt.Dir, advise(err))
	}
	return s, nil
}

func open(ctx context.Context, opt Options) (*Store, error) {
	opt = opt.withDefaults()
	unix.Umask(0o077)
	if err := ownDir(opt.Dir); err != nil {
		return nil, err
	}
	lock, err := lockDir(ctx, opt.Dir, opt.LockWait, opt.Progress)
	if err != nil {
		return nil, err
	}
	s := &Store{
		opt: opt, log: opt.Logger, lock: lock, ops: make(chan *op, 4*maxGroup), calls: make(chan func()), done: make(chan struct{}),
		disk: newDisk(opt), com: committer{logs: logs{dir: opt.Dir, sync: opt.syncLog}},
	}
	if !opt.shadow { // else it was, where it stands
		err = inspect(opt)
	}
	if err == nil {
		err = s.start()
	}
	if err != nil {
		_ = lock.release()
		return nil, err
	}
	if !opt.shadow {
		if err := s.noteClock(); err != nil {
			s.log.Warn("the clock could not be noted in the store", "error", err)
		}
	}
	go s.run()
	return s, nil
}

func newDisk(opt Options) *disk {
	room := 4 * opt.memtable()
	return &disk{dir: opt.Dir, reserve: max(opt.DiskReserve, room), floor: room, ballast: room, free: opt.FreeBytes}
}

// advise tells what to do about a damaged store.
func advise(err error) error {
	if errors.Is(err, errDamaged) {
		return fmt.Errorf("%w; move the directory away and restore a backup: scopegate restore --from FILE --data-dir DIR", err)
	}
	return err
}

// ownDir makes the directory, and makes it and its files the owner's alone.
func ownDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil && info.Mode().Perm() != 0o600 {
			if err := os.Chmod(filepath.Join(dir, e.Name()), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// start opens the engine, a quiet one on a scarce disk, and checks that it is
// the whole store.
func (s *Store) start() error {
	free := s.disk.look()
	quiet, tight := free < s.disk.reserve || s.opt.shadow, free < s.disk.floor
	if tight {
		if err := s.disk.dropBallast(); err != nil {
			s.log.Warn("the ballast of the store could not be removed", "error", err)
		}
	}
	if free := s.disk.look(); free < openRoom {
		return fmt.Errorf("%w: %d bytes are free, opening needs %d", authz.ErrFull, free, openRoom)
	}
	s.opt.Progress("opening the store in " + s.opt.Dir)
	s.com.quiet = quiet
	logs := logNames(s.opt.Dir)
	if err := fold(s.opt, quiet); err != nil {
		return err
	}
	err := s.take(quiet, false)
	if errors.Is(err, errUnacknowledged) {
		// The log holds changes that nobody was told of: their sync failed, or
		// the process ended before it. They may be in the page cache only, so
		// they must not be shown. Closing has written them anew, as tables.
		err = s.take(quiet, true)
	}
	if errors.Is(err, errLost) {
		return fmt.Errorf("%w; its write-ahead logs were %s", err, logs)
	}
	if err != nil {
		return err
	}
	if s.opt.shadow {
		return nil
	}
	if tight {
		s.disk.saveBallast()
	} else if err := s.disk.keepBallast(); err != nil {
		s.log.Warn("no ballast for the store", "error", err)
	}
	return nil
}

// errLost: the store ends before what was acknowledged.
var errLost = fmt.Errorf("%w: changes were lost", errDamaged)

// errUnacknowledged: the control log goes on beyond the ledger.
var errUnacknowledged = errors.New("it holds changes that were not acknowledged")

// take opens the engine and takes it into use, or closes it again. What the
// ledger does not vouch for is taken only if it is known to be on disk.
func (s *Store) take(quiet, onDisk bool) error {
	db, err := openEngine(s.opt.engine(quiet))
	if err != nil {
		return unopened(err)
	}
	err = s.adopt(db, onDisk)
	if err == nil {
		return nil
	}
	_ = s.com.ledger.close()
	s.com.ledger = nil
	if closing := closeEngine(db); closing != nil && errors.Is(err, errUnacknowledged) {
		return fmt.Errorf("write what was not acknowledged: %w", closing)
	}
	return err
}

// openEngine opens Badger, which panics on some damage. It is ErrInUse while
// another engine has the directory.
func openEngine(opt badger.Options) (db *badger.DB, err error) {
	if err := engineFree(opt.Dir); err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			db, err = nil, fmt.Errorf("storage engine: %.300v", r)
		}
	}()
	return badger.Open(opt)
}

// unopened is what an error of openEngine says of the store: that it is
// damaged, unless somebody merely has it open.
func unopened(err error) error {
	if errors.Is(err, ErrInUse) {
		return err
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// adopt reads what the committer has to know and takes the engine into use.
func (s *Store) adopt(db *badger.DB, onDisk bool) error {
	found, err := readFoundation(db)
	if err != nil {
		return err
	}
	l, acknowledged, err := openLedger(s.opt.Dir)
	switch {
	case errors.Is(err, errNoLedger) && found.fresh:
		if l, err = makeLedger(s.opt.Dir, found.control); err != nil {
			return fmt.Errorf("make the ledger: %w", err)
		}
	case errors.Is(err, errNoLedger):
		return fmt.Errorf("%w: the file %s is missing", errDamaged, ledgerName)
	case err != nil:
		return fmt.Errorf("read the ledger: %w", err)
	}
	s.com.ledger = l
	if found.control.last < acknowledged.last || found.control.clients < acknowledged.clients {
		return fmt.Errorf("%w: the control log ends at %d with %d clients, acknowledged were %d with %d",
			errLost, found.control.last, found.control.clients, acknowledged.last, acknowledged.clients)
	}
	switch beyond := found.control.last > acknowledged.last && !found.fresh; {
	case beyond && !onDisk:
		return errUnacknowledged
	case beyond:
		if err := l.write(found.control); err != nil {
			return err
		}
	}
	if found.fresh {
		if err := layFoundation(db); err != nil {
			return fmt.Errorf("make the store: %w", err)
		}
	}
	if err := s.com.logs.find(); err != nil {
		s.disk.unallocated.Store(true)
		s.log.Warn("no room for the store's write-ahead log; writes are refused until there is", "error", err)
	}
	s.compareVersions(db.MaxVersion())
	s.com.control, s.com.layout, s.sets, s.db = found.control, found.layout, found.sets, db
	s.durable.reach(found.control.last)
	s.life++
	s.clock.Store(max(s.clock.Load(), found.clock.Unix()))
	return nil
}

// compareVersions tells of tokens that are gone: Badger cut a log whose end it
// could not read. No control change is gone, or the store would not be opened.
func (s *Store) compareVersions(newest uint64) {
	s.com.version = newest
	noted := s.com.ledger.version()
	if newest >= noted {
		return
	}
	s.lost.Store(noted - newest)
	s.log.Error("the store's log has lost its end, and with it tokens that were issued; who holds one gets 401 and may ask for another",
		"lost_writes", noted-newest)
	s.noteVersion() // so that it is told once
}

// foundation is what is read of a store when it is opened.
type foundation struct {
	fresh   bool // there is nothing in it yet
	layout  uint32
	control control
	clock   time.Time
	sets    *sets
}

func readFoundation(db *badger.DB) (foundation, error) {
	f := foundation{layout: schemaVersion, control: control{first: 1}, clock: time.Unix(0, 0), sets: newSets()}
	err := db.View(func(txn *badger.Txn) error {
		version, err := readMeta(txn, metaSchema, decodeSchema)
		if errors.Is(err, authz.ErrNotFound) {
			return f.readEmpty(txn)
		}
		if err != nil {
			return err
		}
		if version > schemaVersion {
			return fmt.Errorf("it was written by a newer scopegate (layout %d, this one knows up to %d): use that one", version, schemaVersion)
		}
		f.layout = version
		if f.control, err = readMeta(txn, metaControl, decodeControl); err != nil {
			return err
		}
		if f.clock, err = readMeta(txn, metaClock, decodeClock); err != nil {
			return err
		}
		if err := f.verifyControl(txn); err != nil {
			return err
		}
		return f.readSets(txn)
	})
	return f, err
}

func readMeta[T any](txn *badger.Txn, key metaKey, decode func([]byte) (T, error)) (T, error) {
	b, err := read(txn, key.key())
	if err != nil {
		var none T
		return none, err
	}
	return decode(b)
}

// readEmpty accepts a store without a schema version only if it holds nothing.
func (f *foundation) readEmpty(txn *badger.Txn) error {
	it := txn.NewIterator(badger.IteratorOptions{})
	defer it.Close()
	if it.Rewind(); it.Valid() {
		return fmt.Errorf("%w: it holds records but no layout version", errDamaged)
	}
	f.fresh = true
	return nil
}

// verifyControl checks that the control log ends where it says, and that no
// client is missing.
func (f *foundation) verifyControl(txn *badger.Txn) error {
	it := txn.NewIterator(badger.IteratorOptions{Reverse: true})
	it.Seek(eventKey(^authz.Seq(0)).key())
	newest := authz.Seq(0)
	if it.ValidForPrefix([]byte{spaceEvent}) {
		key, err := parseEventKey(it.Item().KeyCopy(nil))
		if err != nil {
			it.Close()
			return err
		}
		newest = authz.Seq(key)
	}
	it.Close()
	if newest != f.control.last {
		return fmt.Errorf("%w: the control log ends at %d, not at %d", errDamaged, newest, f.control.last)
	}
	clients := uint64(0)
	prefix := []byte{spaceClient}
	keys := txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
	defer keys.Close()
	for keys.Rewind(); keys.Valid(); keys.Next() {
		clients++
	}
	if clients != f.control.clients {
		return fmt.Errorf("%w: it holds %d clients, not %d", errDamaged, clients, f.control.clients)
	}
	return nil
}

func (f *foundation) readSets(txn *badger.Txn) error {
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{spaceSet}, PrefetchValues: true, PrefetchSize: 100})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		id, err := parseSetKey(it.Item().KeyCopy(nil))
		if err != nil {
			return err
		}
		b, err := it.Item().ValueCopy(nil)
		if err != nil {
			return err
		}
		g, err := decodeSet(b)
		if err != nil {
			return err
		}
		f.sets.add(id, string(b), g)
	}
	return nil
}

// layFoundation writes the first records of a new store.
func layFoundation(db *badger.DB) error {
	err := db.Update(func(txn *badger.Txn) error {
		return errors.Join(
			txn.Set(metaSchema.key(), encodeSchema(schemaVersion)),
			txn.Set(metaControl.key(), control{first: 1}.encode()),
			txn.Set(metaClock.key(), encodeClock(time.Unix(0, 0))),
		)
	})
	if err != nil {
		return err
	}
	return db.Sync()
}
