package yield

import (
	"encoding/binary"
	"os"

	"golang.org/x/sys/unix"
)

// newSignal returns an event counter. The poller tells of each addition to it,
// so that nobody has to read it: it has room for some 10^19.
func newSignal() (*signal, error) {
	fd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	f := os.NewFile(uintptr(fd), "eventfd")
	return &signal{waits: f, sends: f, one: binary.NativeEndian.AppendUint64(nil, 1)}, nil
}

// taken is called when the poller has told of it.
func (*signal) taken(uintptr) (done bool) { return true }
