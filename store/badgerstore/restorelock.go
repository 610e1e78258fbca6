package badgerstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// lockRestore keeps others from restoring into the same place. The lock is on
// the directory around it, since a restore replaces the place itself; like
// dirLock it ends with its process. ErrInUse: somebody holds it.
func lockRestore(dir string) (*dirLock, error) {
	around := filepath.Dir(dir)
	if err := os.MkdirAll(around, 0o700); err != nil {
		return nil, err
	}
	f, err := os.Open(around)
	if err != nil {
		return nil, err
	}
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return &dirLock{f}, nil
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.EWOULDBLOCK):
			_ = f.Close()
			return nil, fmt.Errorf("the directory %s is %w by another restore: wait for its end, or end it", around, ErrInUse)
		default:
			_ = f.Close()
			return nil, fmt.Errorf("lock the directory %s: %w", around, err)
		}
	}
}
