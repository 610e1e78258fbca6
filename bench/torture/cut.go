//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// disk is an ext4 image on a loop device whose power can be cut.
type disk struct {
	image, device, mount string
}

// ext4Shutdown is EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32), and noLogFlush its
// flag that leaves even the journal as it is: what was not synced is lost
// (fs/ext4/ext4.h).
const (
	ext4Shutdown = 0x8004587d
	noLogFlush   = 2
)

func newDisk(ctx context.Context, dir string) (*disk, error) {
	d := &disk{image: filepath.Join(dir, "disk.img"), mount: filepath.Join(dir, "disk")}
	if err := errors.Join(os.MkdirAll(d.mount, 0o700), os.WriteFile(d.image, nil, 0o600), os.Truncate(d.image, 1<<30)); err != nil {
		return nil, err
	}
	if _, err := tool(ctx, "mkfs.ext4", "-q", "-F", d.image); err != nil {
		return nil, err
	}
	device, err := tool(ctx, "losetup", "--find", "--show", d.image)
	if err != nil {
		return nil, err
	}
	d.device = device
	return d, d.plug()
}

func tool(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", name, err, out)
	}
	if n := len(out); n > 0 && out[n-1] == '\n' {
		out = out[:n-1]
	}
	return string(out), nil
}

// plug mounts the disk; the journal is replayed.
func (d *disk) plug() error {
	if err := unix.Mount(d.device, d.mount, "ext4", 0, ""); err != nil {
		return fmt.Errorf("mount %s: %w", d.device, err)
	}
	return nil
}

// cut ends all writing to the device at once.
func (d *disk) cut() error {
	f, err := os.Open(d.mount)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	flags := uint32(noLogFlush)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), ext4Shutdown, uintptr(unsafe.Pointer(&flags))); errno != 0 {
		return fmt.Errorf("EXT4_IOC_SHUTDOWN: %w", errno)
	}
	return nil
}

// unplug unmounts; what the kernel held in memory is gone with it.
func (d *disk) unplug() error {
	var err error
	for range 100 {
		if err = unix.Unmount(d.mount, 0); !errors.Is(err, unix.EBUSY) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	return fmt.Errorf("unmount: %w", err)
}

func (d *disk) remove(ctx context.Context) error {
	_ = unix.Unmount(d.mount, unix.MNT_DETACH) // it may be unmounted
	_, err := tool(ctx, "losetup", "--detach", d.device)
	return err
}

// cuts cuts the power under the data directory at random moments of the load.
func (s *stage) cuts(ctx context.Context) error {
	return s.cutPower(ctx, "cut", 0)
}

// relaxedLoss is how old a token may be that a power cut takes with
// --token-durability=relaxed: the store syncs every second, and a busy machine
// may let it wait.
const relaxedLoss = 2 * time.Second

// relaxed cuts the power while tokens are acknowledged before they are on
// disk: those of the last moments may be gone, and nothing else.
func (s *stage) relaxed(ctx context.Context) error {
	return s.cutPower(ctx, "relaxed", relaxedLoss, "--token-durability", "relaxed")
}

// cutPower has the data directory on a disk of its own. The routes file and
// the log are on another one.
func (s *stage) cutPower(ctx context.Context, name string, loss time.Duration, extra ...string) (err error) {
	at, err := s.newSite(name)
	if err != nil {
		return err
	}
	d, err := newDisk(ctx, at.dir)
	if err != nil {
		return fmt.Errorf("power cuts need root and loop devices: %w", err)
	}
	defer func() { err = errors.Join(err, d.remove(context.WithoutCancel(ctx))) }()
	at.data, at.extra = filepath.Join(d.mount, "data"), extra
	t, err := newScenario(at, s.seed)
	if err != nil {
		return err
	}
	defer t.stopBackend()
	err = t.rounds(ctx, s.power, s.longest, func(r *server) error {
		if loss > 0 {
			t.tokensOnly.Store(true)
			defer t.tokensOnly.Store(false)
			t.letUnsynced(r, loss)
		}
		began := time.Now()
		err := d.cut()
		r.kill()
		if loss > 0 {
			t.mayLose(began.Add(-loss), time.Now(), began)
		}
		return errors.Join(err, d.unplug(), d.plug())
	})
	lines := t.lines()
	if loss > 0 {
		lines = append(lines, t.losses())
	}
	s.report.List(fmt.Sprintf("%d power cuts %s", len(t.ready), strings.Join(extra, " ")), lines...)
	return errorsOr(err, t.soon())
}

// letUnsynced lets the load go on without changes of clients, each of which
// would sync the tokens before it: for a moment, or as long as tokens may stay
// unsynced.
func (t *scenario) letUnsynced(r *server, longest time.Duration) {
	moment := time.NewTimer(time.Duration(t.random.Int64N(int64(longest))))
	defer moment.Stop()
	select {
	case <-moment.C:
	case <-r.ended:
	}
}
