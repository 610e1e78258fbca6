package store

import (
	"context"
	"errors"
	"fmt"
	"io"

	"scopegate/authz"
	"scopegate/store/badgerstore"
)

// BackupInfo says what is in a backup.
type BackupInfo = badgerstore.BackupInfo

// Report counts what a store holds.
type Report = badgerstore.Report

// ErrNoDisk: the store is in memory, so that there is nothing to copy.
var ErrNoDisk = errors.New("the store is in memory only")

// Backup writes a copy of the store as it is at one instant, while it goes on
// being used. After an error what was written is no backup.
func (s *Store) Backup(ctx context.Context, w io.Writer) (BackupInfo, error) {
	if s.disk == nil {
		return BackupInfo{}, fmt.Errorf("back up: %w", ErrNoDisk)
	}
	return s.disk.Backup(ctx, w)
}

// ErrInUse: another process has the store's directory open.
var ErrInUse = badgerstore.ErrInUse

// CheckDir checks a directory that no process has open, and changes nothing in
// it. The error of a damaged one names the problems and the way out, and so does the
// report; ErrInUse, and fs.ErrNotExist where there is no store. progress, if
// not nil, is told how many records were read.
func CheckDir(ctx context.Context, dir string, progress func(records int64)) (Report, error) {
	return badgerstore.CheckDir(ctx, badgerstore.CheckOptions{Dir: dir, Progress: progress})
}

// ErrClockNotAhead: there is no noted time to set back.
var ErrClockNotAhead = badgerstore.ErrClockNotAhead

// ClockReset says what ResetClock did.
type ClockReset = badgerstore.ClockReset

// ResetClock sets the latest time that the store of a directory has noted back
// to that of the clock, and ends all tokens, so that nothing which expired by
// the wrong time comes back. ch says who does it, and why. ErrInUse, ErrClockNotAhead,
// and fs.ErrNotExist where there is no store.
func ResetClock(ctx context.Context, dir string, ch authz.Change) (ClockReset, error) {
	return badgerstore.ResetClock(ctx, badgerstore.ResetOptions{Dir: dir, Change: ch})
}

// CheckAll reads every record of the engine, while it goes on being used; the
// error names what is wrong.
func (s *Store) CheckAll(ctx context.Context) (Report, error) {
	if s.disk == nil {
		return Report{}, fmt.Errorf("check: %w", ErrNoDisk)
	}
	return s.disk.CheckAll(ctx)
}

// LostWrites returns how many groups of tokens that were acknowledged were not
// there when the store was opened, since the end of its log was destroyed; 0:
// none is known of.
func (s *Store) LostWrites() uint64 {
	if s.disk == nil {
		return 0
	}
	return s.disk.LostWrites()
}

// DiskBytes returns what the store takes on disk; 0 in memory.
func (s *Store) DiskBytes() int64 {
	if s.disk == nil {
		return 0
	}
	return s.disk.DiskBytes()
}

// VerifyBackup reads a backup to its end and returns what is in it; the error
// says that it is not whole.
func VerifyBackup(r io.Reader) (BackupInfo, error) { return badgerstore.VerifyBackup(r) }

// Restore makes a store in dir, which must be empty or not there, from a
// backup; nothing is left of one that is cut or changed. progress, if not nil,
// is told how many bytes were read, and then how many records were read again.
// ErrInUse: another restore is at work in the directory around dir.
func Restore(ctx context.Context, r io.Reader, dir string, progress func(bytes, records int64)) error {
	return badgerstore.Restore(ctx, r, dir, progress)
}
