package badgerstore

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/sys/unix"

	"scopegate/authz"
)

// maxHeader bounds the header of a backup in bytes.
const maxHeader = 64 << 10

// RestoreProgress is told how many bytes of the backup were read, and, after
// that, how many records of the store were read again.
type RestoreProgress func(bytes, records int64)

// Restore makes a store in dir, which must be empty or not there, from a
// backup. It is built beside it, in dir with ".restoring" appended, read again
// as a whole, and only then moved to its place: a backup that was cut or
// changed leaves nothing. A nil progress tells nobody. ErrInUse: another
// restore is at work in the directory around dir.
func Restore(ctx context.Context, r io.Reader, dir string, progress RestoreProgress) (err error) {
	if progress == nil {
		progress = func(int64, int64) {}
	}
	dir = filepath.Clean(dir)
	lock, err := lockRestore(dir)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	if err := mustBeEmpty(dir); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	beside := dir + ".restoring"
	if err := os.RemoveAll(beside); err != nil { // of a restore that was cut
		return fmt.Errorf("restore: %w", err)
	}
	if err := build(ctx, r, beside, progress); err != nil {
		return fmt.Errorf("restore: %w", errors.Join(err, os.RemoveAll(beside)))
	}
	// Not os.Rename, which refuses an empty directory as the target.
	if err := unix.Rename(beside, dir); err != nil {
		return fmt.Errorf("restore: the store is whole, but could not be moved to its place: %w", err)
	}
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}

func mustBeEmpty(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) > 0:
		return fmt.Errorf("the directory %s is not empty", dir)
	}
	return nil
}

// build makes the store and reads it again.
func build(ctx context.Context, r io.Reader, dir string, progress RestoreProgress) error {
	// At the epoch nothing has expired and no clock is noted: the store is what
	// the backup says, until it is opened for use.
	opt := Options{Dir: dir, Now: func() time.Time { return time.Unix(0, 0) }}.withDefaults()
	if err := ownDir(dir); err != nil {
		return err
	}
	db, err := openEngine(opt.engine(false))
	if err != nil {
		return err
	}
	load := &loader{disk: newDisk(opt), progress: func(bytes int64) { progress(bytes, 0) }, in: bufio.NewReaderSize(r, 256<<10), sum: sha256.New()}
	info, err := load.all(ctx, db)
	if err == nil {
		err = db.Sync()
	}
	if err := errors.Join(err, closeEngine(db)); err != nil {
		return err
	}
	l, err := makeLedger(dir, control{last: info.LastSeq, clients: info.Clients})
	if err != nil {
		return err
	}
	if err := l.close(); err != nil {
		return err
	}
	s, err := Open(ctx, opt)
	if err != nil {
		return err
	}
	_, err = s.checkAll(ctx, func(records int64) { progress(load.done, records) })
	return errors.Join(err, s.Close())
}

// loader reads a backup's stream into an engine.
type loader struct {
	disk     *disk
	progress func(int64)
	in       *bufio.Reader
	sum      hash.Hash
	done     int64
}

var errCut = errors.New("the backup is cut or was changed")

func (l *loader) all(ctx context.Context, db *badger.DB) (BackupInfo, error) {
	info, err := l.header()
	if err != nil {
		return info, err
	}
	wb := db.NewWriteBatch()
	defer wb.Cancel()
	for n := 0; ; n++ {
		key, err := l.text(64)
		if err != nil {
			return info, err
		}
		if len(key) == 0 {
			break
		}
		value, err := l.text(2 * maxDocument)
		if err != nil {
			return info, err
		}
		if err := wb.Set(key, value); err != nil {
			return info, err
		}
		if n%1000 == 0 {
			if err := l.pause(ctx); err != nil {
				return info, err
			}
		}
	}
	if err := l.end(); err != nil {
		return info, err
	}
	l.progress(l.done)
	return info, wb.Flush()
}

// pause looks up between records.
func (l *loader) pause(ctx context.Context) error {
	l.progress(l.done)
	if free := l.disk.look(); free < l.disk.floor {
		return fmt.Errorf("%w: %d bytes are free", authz.ErrFull, free)
	}
	return ctx.Err()
}

func (l *loader) header() (BackupInfo, error) {
	var info BackupInfo
	magic := make([]byte, len(backupMagic))
	if err := l.read(magic); err != nil || string(magic) != backupMagic {
		return info, errors.New("this is no backup of scopegate")
	}
	header, err := l.text(maxHeader)
	if err != nil {
		return info, err
	}
	if err := json.Unmarshal(header, &info); err != nil {
		return info, fmt.Errorf("%w: header: %w", errCut, err)
	}
	if info.Schema > schemaVersion {
		return info, fmt.Errorf("the backup was written by a newer scopegate (layout %d, this one knows up to %d)", info.Schema, schemaVersion)
	}
	return info, nil
}

// text reads a length and so many bytes, which are the caller's.
func (l *loader) text(limit uint64) ([]byte, error) {
	n, err := binary.ReadUvarint(l)
	if err != nil || n > limit {
		return nil, l.broken(err)
	}
	b := make([]byte, n)
	return b, l.read(b)
}

// end compares the sum, after which nothing may follow.
func (l *loader) end() error {
	want := l.sum.Sum(nil)
	got := make([]byte, len(want))
	if err := l.read(got); err != nil {
		return err
	}
	if !bytes.Equal(want, got) {
		return errCut
	}
	if _, err := l.in.ReadByte(); !errors.Is(err, io.EOF) {
		return errCut
	}
	return nil
}

func (l *loader) read(b []byte) error {
	n, err := io.ReadFull(l.in, b)
	l.sum.Write(b[:n])
	l.done += int64(n)
	if err != nil {
		return l.broken(err)
	}
	return nil
}

// ReadByte implements io.ByteReader for the lengths.
func (l *loader) ReadByte() (byte, error) {
	b, err := l.in.ReadByte()
	if err == nil {
		l.sum.Write([]byte{b})
		l.done++
	}
	return b, err
}

// broken tells a stream that ended from one that could not be read.
func (l *loader) broken(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errCut
	}
	return fmt.Errorf("read the backup: %w", err)
}
