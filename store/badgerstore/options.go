package badgerstore

import (
	"log/slog"
	"runtime"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"scopegate/authz"
)

// Durability says when a stored token is acknowledged.
type Durability int

const (
	// Sync: a token is on disk when PutToken returns.
	Sync Durability = iota
	// Relaxed: a token survives the process, and the machine after about a
	// second. Control changes are synced all the same.
	Relaxed
)

// The defaults and bounds of Options.
const (
	DefaultMemory      = 64 << 20
	MinMemory          = 16 << 20
	MaxMemory          = 4 << 30
	DefaultDiskReserve = 128 << 20
	// EventRetention is how long events of the control log are kept.
	EventRetention = 90 * 24 * time.Hour
)

// Options say how a store is opened. Only Dir is needed.
type Options struct {
	Dir string // made with mode 0700 if it is not there; the store's alone

	// Memory is the knob of all of Badger's memory in bytes, DefaultMemory if
	// 0: half of it for memtables (an active one and two being written out),
	// a quarter for the indices of tables. Tables are read through the page
	// cache, uncompressed, so there is no block cache: what the store holds is
	// random bytes that do not compress.
	Memory          int64
	TokenDurability Durability
	// DiskReserve is how many bytes have to be free on the file system for new
	// tokens and clients, DefaultDiskReserve if 0. It is never less than half of
	// Memory, which negative values ask for: below that nothing at all is
	// written. Memory/2 more is kept in a file for opening on a full disk.
	DiskReserve int64
	LockWait    time.Duration // how long to wait for another process to close the store

	Logger *slog.Logger     // nil: silence
	Now    func() time.Time // nil: time.Now

	Progress func(step string) // told what Open is waiting for; nil: nobody
	OnBatch  func(Batch)       // told of each group of writes; nil: nobody
	OnSweep  func(Sweep)       // told of each sweep that dropped something; nil: nobody

	// Yield returns after those have run who are about to write, so that one
	// sync is for them as well; nil: runtime.Gosched.
	Yield func()

	// FreeBytes returns the free bytes of the file system; nil: statfs.
	FreeBytes func(dir string) (int64, error)

	// shadow: the tables belong to another directory (CheckDir), so none may ever
	// be deleted, nor anything be kept for later.
	shadow bool

	// For tests: nothing happens that they did not ask for, and syncs are held
	// up or fail; nil: (*badger.DB).Sync.
	untended bool
	sync     func(*badger.DB) error
	syncLog  func(path string) error
}

// Batch is one group of writes that was committed, or failed.
type Batch struct {
	Tokens  int // how many tokens were in it
	Changes int // how many control changes
	Took    time.Duration
	Err     error
}

// Sweep is one removal of expired hours.
type Sweep struct {
	Hours []authz.Hour
	Took  time.Duration // writes, and reads that memory cannot answer, waited so long
	Err   error
}

func (o Options) withDefaults() Options {
	if o.Memory == 0 {
		o.Memory = DefaultMemory
	}
	o.Memory = min(max(o.Memory, MinMemory), MaxMemory)
	switch {
	case o.DiskReserve == 0:
		o.DiskReserve = DefaultDiskReserve
	case o.DiskReserve < 0:
		o.DiskReserve = 0
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	if o.OnBatch == nil {
		o.OnBatch = func(Batch) {}
	}
	if o.OnSweep == nil {
		o.OnSweep = func(Sweep) {}
	}
	if o.Yield == nil {
		o.Yield = runtime.Gosched
	}
	if o.FreeBytes == nil {
		o.FreeBytes = freeBytes
	}
	if o.syncLog == nil {
		o.syncLog = syncFile
	}
	if o.sync == nil {
		o.sync = (*badger.DB).Sync
	}
	return o
}

// memtable returns the size of one memtable: 8 MiB at the default.
func (o Options) memtable() int64 { return min(o.Memory/8, 64<<20) }

// engine returns Badger's options, every size set by us. A quiet engine does not
// compact: it makes no table but from a full memtable.
func (o Options) engine(quiet bool) badger.Options {
	e := badger.DefaultOptions(o.Dir)
	e.Logger = engineLog{o.Logger}
	e.MetricsEnabled = false
	e.DetectConflicts = false // one writer
	e.NumVersionsToKeep = 1
	// The committer syncs once for each group. It is the only writer and a
	// group is one transaction, which is why Sync reaches all of it: Badger
	// changes logs before a transaction, never within.
	e.SyncWrites = false
	e.MemTableSize = o.memtable()
	e.NumMemtables = 2
	e.BaseTableSize = 2 << 20
	e.BaseLevelSize = 10 << 20
	e.NumCompactors = 2
	if quiet {
		e.NumCompactors = 0
		e.NumLevelZeroTablesStall = 1000 // nobody takes tables from level 0
	}
	e.NumGoroutines = 2
	e.Compression = options.None
	e.BlockCacheSize = 0
	e.IndexCacheSize = o.Memory / 4
	// Damage is looked for when tables are opened (inspect.go) and on each
	// read of a block.
	e.ChecksumVerificationMode = options.OnBlockRead
	// Every value is below the threshold (maxDocument), so the value log stays
	// empty and may be as small as Badger allows.
	e.ValueThreshold = 2 * maxDocument
	e.ValueLogFileSize = 1 << 20
	e.CompactL0OnClose = false
	return e
}
