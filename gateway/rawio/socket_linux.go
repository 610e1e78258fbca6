//go:build linux && (amd64 || arm64)

package rawio

import (
	"syscall"
	"unsafe"
)

// Read reads what a socket has, up to len(p) bytes; 0 and no error is the
// end. EAGAIN: it has nothing yet.
func Read(fd int, p []byte) (int, syscall.Errno) {
	return call(syscall.SYS_RECVFROM, fd, p, syscall.MSG_DONTWAIT)
}

// Write writes what a socket takes of p, which may be less than all. EAGAIN:
// it takes nothing yet. A peer that is gone is EPIPE and no signal.
func Write(fd int, p []byte) (int, syscall.Errno) {
	return call(syscall.SYS_SENDTO, fd, p, syscall.MSG_DONTWAIT|syscall.MSG_NOSIGNAL)
}

// Quiet reports whether a socket is open and has nothing to read. It reads
// nothing.
func Quiet(fd int) bool {
	var b [1]byte
	_, err := call(syscall.SYS_RECVFROM, fd, b[:], syscall.MSG_DONTWAIT|syscall.MSG_PEEK)
	return err == syscall.EAGAIN || err == syscall.EINTR
}

// call is recvfrom or sendto without an address: less work for the kernel
// than read and write, which are for files too.
func call(number uintptr, fd int, p []byte, flags uintptr) (int, syscall.Errno) {
	n, _, err := syscall.RawSyscall6(number, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
	if err != 0 {
		return 0, err
	}
	return int(n), 0
}
