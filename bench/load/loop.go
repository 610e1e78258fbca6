//go:build linux

package load

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// loop waits for sockets, on one thread.
type loop struct {
	epoll   int
	members []member // by descriptor
	events  [256]unix.EpollEvent
	idle    time.Duration // that it waited in wait
}

// member is who is told that a descriptor can be read.
type member interface{ readable() }

func newLoop() (*loop, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll: %w", err)
	}
	return &loop{epoll: fd}, nil
}

func (l *loop) join(fd int, m member) error {
	for len(l.members) <= fd {
		l.members = append(l.members, nil)
	}
	l.members[fd] = m
	return unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
}

func (l *loop) leave(fd int) {
	l.members[fd] = nil
	_ = unix.Close(fd)
}

// turn serves all that is readable. It waits for the first up to timeout
// milliseconds, or for ever if that is negative.
func (l *loop) turn(timeout int) error {
	var before time.Time
	if timeout != 0 {
		before = time.Now()
	}
	n, err := unix.EpollWait(l.epoll, l.events[:], timeout)
	if timeout != 0 {
		l.idle += time.Since(before)
	}
	if err != nil && err != unix.EINTR {
		return fmt.Errorf("epoll wait: %w", err)
	}
	for i := range max(n, 0) {
		// One before may have closed it.
		if m := l.members[l.events[i].Fd]; m != nil {
			m.readable()
		}
	}
	return nil
}

// read and write go round the scheduler: the sockets never block, and a call
// takes less time than telling the scheduler of it.
func read(fd int, p []byte) (int, error) {
	return raw(unix.SYS_READ, fd, p)
}

func write(fd int, p []byte) (int, error) {
	return raw(unix.SYS_WRITE, fd, p)
}

func raw(call uintptr, fd int, p []byte) (int, error) {
	n, _, errno := syscall.RawSyscall(call, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// dial connects to a loopback address; the socket does not block after.
func dial(addr string) (int, error) {
	ap, err := netip.ParseAddrPort(addr)
	if err != nil {
		return 0, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("socket: %w", err)
	}
	if err := unix.Connect(fd, &unix.SockaddrInet4{Addr: ap.Addr().As4(), Port: int(ap.Port())}); err != nil {
		_ = unix.Close(fd)
		return 0, fmt.Errorf("connecting to %s: %w", addr, err)
	}
	return fd, ready(fd)
}

// listen opens a loopback listener that does not block.
func listen() (fd int, addr string, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return 0, "", fmt.Errorf("socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, "", fmt.Errorf("bind: %w", err)
	}
	if err := unix.Listen(fd, 1024); err != nil {
		return 0, "", fmt.Errorf("listen: %w", err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, "", fmt.Errorf("getsockname: %w", err)
	}
	port := name.(*unix.SockaddrInet4).Port
	return fd, net.JoinHostPort("127.0.0.1", fmt.Sprint(port)), nil
}

// ready makes a connection answer at once and never block.
func ready(fd int) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	return unix.SetNonblock(fd, true)
}
