//go:build unix

package rawio_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"scopegate/gateway/rawio"
)

// pair returns the two ends of a connection.
func pair(t *testing.T, network string) (near, far net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if near, err = net.Dial(network, l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { near.Close(); far.Close() })
	return near, far
}

func TestMoreThanASocketTakesAtOncePassesBothWays(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			near, far := pair(t, network)
			c := rawio.Wrap(near)
			if _, wrapped := c.(*rawio.Conn); !wrapped {
				t.Fatalf("a %T is not wrapped", near)
			}
			wrote := make(chan error, 1)
			go func() {
				n, err := c.Write(sent)
				if err == nil && n != len(sent) {
					err = io.ErrShortWrite
				}
				wrote <- errors.Join(err, c.(*rawio.Conn).CloseWrite())
			}()
			go func() { _, _ = io.Copy(far, far); far.Close() }()
			back, err := io.ReadAll(c)
			if err != nil || !bytes.Equal(back, sent) {
				t.Errorf("%d of %d bytes came back: %v", len(back), len(sent), err)
			}
			if err := <-wrote; err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDeadlinesAreKept(t *testing.T) {
	near, _ := pair(t, "tcp")
	c := rawio.Wrap(near)
	_ = c.SetDeadline(time.Unix(1, 0))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading: %v", err)
	}
	_ = c.SetDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("reading until a deadline: %v", err)
	}
	var network net.Error
	if _, err := c.Write(make([]byte, 64<<20)); !errors.As(err, &network) || !network.Timeout() {
		t.Errorf("writing what nobody reads: %v", err)
	}
}

func TestAResetIsAnErrorAsOfPackageNet(t *testing.T) {
	near, far := pair(t, "tcp")
	c := rawio.Wrap(near)
	_ = far.(*net.TCPConn).SetLinger(0)
	far.Close()
	var op *net.OpError
	if _, err := c.Read(make([]byte, 1)); !errors.As(err, &op) || !errors.Is(err, syscall.ECONNRESET) || op.Op != "read" {
		t.Errorf("reading: %v", err)
	}
	if _, err := c.Write([]byte("x")); !errors.As(err, &op) || !errors.Is(err, syscall.EPIPE) || op.Op != "write" {
		t.Errorf("writing: %v", err)
	}
}

func TestClosingEndsARead(t *testing.T) {
	near, _ := pair(t, "tcp")
	c := rawio.Wrap(near)
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}()
	c.Close()
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}

func TestWhatIsNoSocketStaysAsItIs(t *testing.T) {
	a, b := net.Pipe()
	defer a.Close()
	defer b.Close()
	if c := rawio.Wrap(a); c != a {
		t.Errorf("a pipe became a %T", c)
	}
}

func TestQuietSeesDataAndTheEndAndTakesNothing(t *testing.T) {
	near, far := pair(t, "tcp")
	raw, err := near.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	quiet := func() (q bool) { _ = raw.Control(func(fd uintptr) { q = rawio.Quiet(int(fd)) }); return q }
	// heard waits until the poller says that there is something.
	heard := func() { _ = raw.Read(func(fd uintptr) bool { return !rawio.Quiet(int(fd)) }) }
	if !quiet() {
		t.Error("a connection on which nothing happened is not quiet")
	}
	_, _ = far.Write([]byte("x"))
	heard()
	if quiet() {
		t.Error("quiet with a byte to read")
	}
	if n, err := near.Read(make([]byte, 2)); n != 1 || err != nil {
		t.Errorf("%d bytes left, %v", n, err)
	}
	if !quiet() {
		t.Error("not quiet once all is read")
	}
	far.Close()
	heard()
	if quiet() {
		t.Error("quiet behind the end")
	}
}
