//go:build !linux

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

// taken is called when the poller has told of it, or may have.
func (s *signal) taken(fd uintptr) (done bool) {
	_, err := syscall.Read(int(fd), make([]byte, 1))
	return err != syscall.EAGAIN && err != syscall.EINTR
}
