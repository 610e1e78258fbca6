//go:build unix && !(linux && (amd64 || arm64))

package rawio

import (
	"errors"
	"syscall"
)

// Read is read(2) through package syscall.
func Read(fd int, p []byte) (int, syscall.Errno) { return result(syscall.Read(fd, p)) }

// Write is write(2) through package syscall.
func Write(fd int, p []byte) (int, syscall.Errno) { return result(syscall.Write(fd, p)) }

// Quiet reports whether a socket is open and has nothing to read. It reads
// nothing.
func Quiet(fd int) bool {
	var b [1]byte
	_, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err == syscall.EAGAIN || err == syscall.EINTR
}

func result(n int, err error) (int, syscall.Errno) {
	if err == nil {
		return n, 0
	}
	number, ok := errors.AsType[syscall.Errno](err)
	if !ok {
		number = syscall.EIO
	}
	return 0, number
}
