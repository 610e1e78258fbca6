package badgerstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// lockPoll is how often a held lock is tried again.
const lockPoll = 50 * time.Millisecond

// lockName is the file of a directory that is locked.
const lockName = "lock"

// ErrInUse: another process has the store open, or an engine is still closing.
var ErrInUse = errors.New("in use")

// dirLock is an advisory lock (flock) on the file "lock" of a directory; the
// kernel frees it when its process ends, however that ends.
type dirLock struct{ file *os.File }

// lockDir takes the lock, and waits up to the given time for who holds it: a
// rolling restart starts the new process before the old one has gone.
func lockDir(ctx context.Context, dir string, wait time.Duration, progress func(string)) (*dirLock, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock it: %w", err)
	}
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	poll := time.NewTicker(lockPoll)
	defer poll.Stop()
	for told := false; ; told = true {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			l := &dirLock{f}
			l.sign()
			return l, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock it: %w", err)
		}
		holder := lockHolder(f)
		if !told {
			progress(fmt.Sprintf("waiting up to %s for the store in %s, which %s has open", wait, dir, holder))
		}
		select {
		case <-poll.C:
		case <-deadline.C:
			_ = f.Close()
			return nil, fmt.Errorf("%w: it is open in %s; waited %s for it: stop that process, or talk to the running server instead of opening its store", ErrInUse, holder, wait)
		case <-ctx.Done():
			_ = f.Close()
			return nil, fmt.Errorf("wait for it, which %s has open: %w", holder, ctx.Err())
		}
	}
}

// sign writes down who holds the lock, for the words of others. It may fail on
// a full disk; the lock holds all the same.
func (l *dirLock) sign() {
	if err := l.file.Truncate(0); err == nil {
		_, _ = l.file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
}

func lockHolder(f *os.File) string {
	b := make([]byte, 32)
	n, _ := f.ReadAt(b, 0)
	pid, err := strconv.Atoi(strings.TrimSpace(string(b[:n])))
	if err != nil {
		return "another process"
	}
	return fmt.Sprintf("process %d", pid)
}

func (l *dirLock) release() error { return l.file.Close() }
