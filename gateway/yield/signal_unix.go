//go:build unix && !linux

package yield

import (
	"os"
	"syscall"
)

// newSignal returns a pipe. What is in it is read each time, or else the poller
// would not tell of it again.
func newSignal() (*signal, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	return &signal{waits: r, sends: w, one: []byte{1}}, nil
}

// taken is called when the poller has told of it, or may have. Nobody would
// tell a second time after a read that was interrupted.
func (*signal) taken(fd uintptr) (done bool) {
	for {
		_, err := syscall.Read(int(fd), make([]byte, 1))
		if err != syscall.EINTR {
			return err != syscall.EAGAIN
		}
	}
}
