package badgerstore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// engineLockName is the file in which Badger writes down whose process holds
// its own lock, an flock on the directory.
const engineLockName = "LOCK"

// engineFree returns an ErrInUse while an engine holds Badger's lock. The
// directory's own lock is ours by then, so that it is none that serves: one of
// this process whose closing was given up (closeLimit), one of a process that
// is about to end, or a tool of Badger's. Badger would refuse to open, in words
// that cannot be told from those of damage.
func engineFree(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // and with it the lock
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); !errors.Is(err, unix.EWOULDBLOCK) {
		return nil // what else is wrong with it, Badger finds out
	}
	whose := "another process"
	if b, err := os.ReadFile(filepath.Join(dir, engineLockName)); err == nil {
		if pid, err := strconv.Atoi(strings.TrimSpace(string(b))); err == nil {
			whose = fmt.Sprintf("process %d", pid)
			if pid == os.Getpid() {
				whose = "this process"
			}
		}
	}
	return fmt.Errorf("%w: %s has its engine open, which is still closing; nothing is damaged: wait for it to close, and try again", ErrInUse, whose)
}
