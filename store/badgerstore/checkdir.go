package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// shadowSuffix is what is appended to the name of a directory for the copy in
// which it is checked.
const shadowSuffix = ".checking"

// CheckOptions say what is checked.
type CheckOptions struct {
	Dir      string
	Now      func() time.Time    // nil: time.Now
	Progress func(records int64) // told how many records were read; nil: nobody
}

// CheckDir checks a directory that no process has open, as the next start would
// read it: the manifest and the checksums of all tables, the ledger, and then
// every record as CheckAll does. ErrInUse if a process has it open, fs.ErrNotExist if there is
// no store. The error of a damaged store says so and names the way out.
//
// Nothing in the directory is changed but the file "lock". Badger writes when it
// opens a directory: it cuts logs at the first entry that it cannot read, and
// moves what they hold into tables. So it opens a shadow, in Dir with
// ".checking" appended, which has copies of all files but the tables, and
// links to those. That takes about as much disk as the logs do.
func CheckDir(ctx context.Context, o CheckOptions) (Report, error) {
	if o.Progress == nil {
		o.Progress = func(int64) {}
	}
	report, err := checkDir(ctx, o)
	if err != nil {
		return report, fmt.Errorf("check the store in %s: %w", o.Dir, advise(err))
	}
	return report, nil
}

func checkDir(ctx context.Context, o CheckOptions) (report Report, err error) {
	if _, err := os.Stat(o.Dir); err != nil {
		return report, err
	}
	lock, err := lockDir(ctx, o.Dir, 0, func(string) {})
	if err != nil {
		return report, err
	}
	defer func() { err = errors.Join(err, lock.release()) }()
	opt := Options{Dir: o.Dir, DiskReserve: -1, Now: o.Now, untended: true, shadow: true}
	if err := inspect(opt.withDefaults()); err != nil {
		report.Problems = problemsOf(err)
		return report, err
	}
	shadow := filepath.Clean(o.Dir) + shadowSuffix
	if err := os.RemoveAll(shadow); err != nil { // of a check that was cut
		return report, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(shadow)) }()
	if err := makeShadow(ctx, o.Dir, shadow); err != nil {
		return report, err
	}
	opt.Dir = shadow
	s, err := open(ctx, opt)
	if err != nil {
		report.Problems = problemsOf(err)
		return report, err
	}
	report, err = s.checkAll(ctx, o.Progress)
	report.LostWrites = s.LostWrites()
	return report, errors.Join(err, s.Close())
}

// makeShadow fills the shadow. Nothing of it is worth a sync.
func makeShadow(ctx context.Context, dir, shadow string) error {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if err := os.Mkdir(shadow, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := ended(ctx); err != nil {
			return err
		}
		from, to := filepath.Join(dir, e.Name()), filepath.Join(shadow, e.Name())
		switch {
		case e.Name() == lockName || e.Name() == ballastName || !e.Type().IsRegular():
		case filepath.Ext(e.Name()) == ".sst":
			err = os.Symlink(from, to)
		default:
			err = copyFile(from, to)
		}
		if err != nil {
			return fmt.Errorf("copy %s: %w", e.Name(), err)
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
