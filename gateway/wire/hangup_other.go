//go:build !linux

package wire

import "golang.org/x/sys/unix"

// hungUp looks whether the other side's end is the next thing to read. Behind
// a pipelined request it is not seen.
func hungUp(fd int) bool {
	var next [1]byte
	n, _, err := unix.Recvfrom(fd, next[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
	return n == 0 && err == nil || err != nil && err != unix.EAGAIN && err != unix.EINTR
}
