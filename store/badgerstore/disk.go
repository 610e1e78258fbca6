package badgerstore

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Badger writes its logs and tables through memory maps of sparse files: on a
// full disk such a write is no error but a SIGBUS that kills the process
// (badger issues 1682 and 1801). So that there is always room where it writes:
//
//   - below the reserve nothing new is taken in, and below the floor nothing at
//     all: what is in flight then still fits;
//   - the blocks of each write-ahead log are allocated before a second group is
//     written to it;
//   - a ballast file keeps room for opening and closing on a full disk, when
//     logs and tables are made; it goes for as long as that takes;
//   - below the reserve the engine does not compact (Store.watch).
//
// What remains: a neighbour that takes the whole reserve before a table that is
// being written is done. At the defaults the store outlives one that fills the
// disk with 400 MB a second; one that fills it as fast as memory can be copied
// may kill it. What was acknowledged is there all the same, and a start on the
// full disk works, for which the ballast has to be there: it is not given up
// for anything that a start can do without. A guess at how fast the space falls
// before closing the engine was tried and changed nothing.

// statfsEvery bounds how often readers ask the file system for its free space;
// the committer asks before each group.
const statfsEvery = 100 * time.Millisecond

const ballastName = "ballast"

// disk watches the free space of the file system that holds the store.
type disk struct {
	dir     string
	reserve int64 // free bytes below which nothing new is taken in
	floor   int64 // free bytes below which nothing is written
	ballast int64 // size of the ballast file
	free    func(dir string) (int64, error)

	asked atomic.Int64 // Unix nanoseconds of the last look
	last  atomic.Int64 // free bytes then
	// unallocated: a log's blocks could not be allocated, so nothing may be
	// written until they are.
	unallocated atomic.Bool
}

func freeBytes(dir string) (int64, error) {
	var st unix.Statfs_t
	if err := unix.Statfs(dir, &st); err != nil {
		return 0, fmt.Errorf("free space of %s: %w", dir, err)
	}
	return int64(st.Bavail) * st.Bsize, nil
}

// room returns the free bytes, at most statfsEvery old. An error counts as
// none: in doubt nothing is written.
func (d *disk) room() int64 {
	now := time.Now().UnixNano()
	if asked := d.asked.Load(); asked != 0 && now-asked < int64(statfsEvery) && now >= asked {
		return d.last.Load()
	}
	return d.look()
}

func (d *disk) look() int64 {
	free, err := d.free(d.dir)
	if err != nil {
		free = 0
	}
	d.last.Store(free)
	d.asked.Store(time.Now().UnixNano())
	return free
}

// full reports whether writes are refused with so many free bytes: all of
// them, or only new records.
func (d *disk) full(free int64) (all, new bool) {
	if d.unallocated.Load() {
		return true, true
	}
	return free < d.floor, free < d.reserve
}

// dropBallast gives the ballast's room back to the file system.
func (d *disk) dropBallast() error {
	err := os.Remove(filepath.Join(d.dir, ballastName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	d.look()
	return err
}

// keepBallast makes the ballast file, or makes it whole again, if there is
// ample room for it.
func (d *disk) keepBallast() error {
	st, err := os.Stat(filepath.Join(d.dir, ballastName))
	if err == nil && st.Size() == d.ballast || d.look() < d.reserve+2*d.ballast {
		return nil
	}
	return d.makeBallast(d.ballast)
}

// saveBallast makes the largest ballast that there is room for, on a disk that
// is all but full: what an opening or closing has left over.
func (d *disk) saveBallast() {
	for size := d.ballast; size >= openRoom; size /= 2 {
		if d.makeBallast(size) == nil {
			return
		}
	}
}

func (d *disk) makeBallast(size int64) error {
	path := filepath.Join(d.dir, ballastName)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("make the ballast: %w", err)
	}
	defer func() { _ = f.Close() }()
	if err := unix.Fallocate(int(f.Fd()), 0, 0, size); err != nil {
		_ = os.Remove(path)
		return fmt.Errorf("make the ballast: %w", err)
	}
	return nil
}

// allocate gives a sparse file all its blocks. A file system that cannot
// allocate (EOPNOTSUPP) leaves the floor as the only guard.
func allocate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("allocate: %w", err)
	}
	defer func() { _ = f.Close() }()
	st, err := f.Stat()
	if err != nil || st.Size() == 0 {
		return err
	}
	err = unix.Fallocate(int(f.Fd()), unix.FALLOC_FL_KEEP_SIZE, 0, st.Size())
	if err != nil && !errors.Is(err, unix.EOPNOTSUPP) {
		return fmt.Errorf("allocate %d bytes of %s: %w", st.Size(), filepath.Base(path), err)
	}
	return nil
}

func syncDir(dir string) error {
	return syncFile(dir)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return f.Sync()
}

// logs follows Badger's write-ahead logs (00001.mem and so on, one at a time),
// which it makes when the one before is full. Committer only.
type logs struct {
	dir  string
	last int                     // number of the newest log
	sync func(path string) error // of a log that is full
}

// find looks for the newest log, and allocates every sparse file of Badger's.
func (l *logs) find() error {
	entries, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch ext := filepath.Ext(e.Name()); ext {
		case ".mem":
			n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), ext))
			if err != nil {
				continue
			}
			if l.last = max(l.last, n); n < l.last {
				continue
			}
		case ".vlog":
		default:
			continue
		}
		if err := allocate(filepath.Join(l.dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncDir(l.dir)
}

// logNames lists the write-ahead logs of a directory, for the words of an error.
func logNames(dir string) string {
	paths, _ := filepath.Glob(filepath.Join(dir, "*.mem"))
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	if len(paths) == 0 {
		return "none"
	}
	return strings.Join(paths, ", ")
}

// follow allocates and makes durable a log that is there since the last call.
// If the log before may hold what is not synced, that is synced, too: Badger
// syncs the newest only. Its first error is of the allocation only.
func (l *logs) follow(unsynced bool) (unallocated, err error) {
	for {
		path := l.path(l.last + 1)
		if _, err := os.Lstat(path); err != nil {
			return unallocated, nil
		}
		if unsynced {
			// One that is gone is in a table, which Badger syncs.
			if err := l.sync(l.path(l.last)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return unallocated, err
			}
		}
		// The entry of a new file in its directory has to be synced too, or
		// what is synced inside of it may be gone with it.
		l.last++
		unallocated = errors.Join(unallocated, allocate(path))
		if err := syncDir(l.dir); err != nil {
			return unallocated, err
		}
	}
}

func (l *logs) path(n int) string { return filepath.Join(l.dir, fmt.Sprintf("%05d.mem", n)) }

// diskBytes returns the bytes that the directory's files take up on disk.
func diskBytes(dir string) int64 {
	var total int64
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		var st unix.Stat_t
		if unix.Lstat(filepath.Join(dir, e.Name()), &st) == nil {
			total += st.Blocks * 512
		}
	}
	return total
}
