//go:build torture

package badgerstore_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// A full disk is a SIGBUS in programs that write through memory maps, so the
// torture runs in a process of its own, on a small file system of its own.
//
//	go test -tags torture -run TestFullDisk ./store/badgerstore
const tortureDir = "BADGERSTORE_TORTURE_DIR"

func TestFullDiskKillsNothing(t *testing.T) {
	if dir := os.Getenv(tortureDir); dir != "" {
		torture(t, dir)
		return
	}
	dir := t.TempDir()
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, "size=192m"); err != nil {
		t.Skipf("needs the right to mount a small file system (run as root): %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			t.Errorf("unmount: %v", err)
		}
	})
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestFullDiskKillsNothing$", "-test.v", "-test.timeout=180s")
	cmd.Env = append(os.Environ(), tortureDir+"="+dir)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the process ended with %v:\n%s", err, out[max(0, len(out)-8000):])
	}
}

// filler takes the room of a file system away, and gives it back.
type filler string

// fill takes all that is left, as a neighbour that writes 100 MB a second.
func (f filler) fill(t *testing.T) {
	t.Helper()
	file, err := os.OpenFile(string(f), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatalf("fill: %v", err)
	}
	defer func() { _ = file.Close() }()
	pace := time.NewTicker(10 * time.Millisecond)
	defer pace.Stop()
	for chunk := make([]byte, 1<<20); len(chunk) > 0; <-pace.C {
		if _, err := file.Write(chunk); err != nil {
			if chunk = chunk[:len(chunk)/2]; !errors.Is(err, unix.ENOSPC) {
				t.Fatalf("fill: %v", err)
			}
		}
	}
}

func (f filler) empty(t *testing.T) {
	t.Helper()
	if err := os.Remove(string(f)); err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("empty: %v", err)
	}
}

func torture(t *testing.T, mount string) {
	dir := filepath.Join(mount, "store")
	opt := badgerstore.Options{Dir: dir, Memory: badgerstore.MinMemory, DiskReserve: 48 << 20, Now: storetest.Now}
	f := filler(filepath.Join(mount, "filler"))
	s := openWith(t, opt)
	register(t, s)
	known := sample(0xfe, storetest.Now().Add(time.Hour))
	issue(t, s, known)
	revoke(t, s, known)
	var acknowledged sync.Map
	for round := range 6 {
		stop := writeOn(t, s, round, &acknowledged)
		f.fill(t)
		until(t, s, authz.ErrFull)
		readsGoOn(t, s, known)
		stop()
		if round%2 == 1 {
			closed(t, s)
			f.fill(t)
			s = openWith(t, opt) // on a full disk
			readsGoOn(t, s, known)
			if err := s.PutToken(t.Context(), sample(1, storetest.Now().Add(time.Hour))); !errors.Is(err, authz.ErrFull) {
				t.Errorf("PutToken = %v on a full disk, want ErrFull", err)
			}
		}
		f.empty(t)
		until(t, s, nil) // without a restart
		tend(t, s, storetest.Now())
		issue(t, s, sample(byte(round), storetest.Now().Add(time.Hour)))
	}
	n := 0
	acknowledged.Range(func(key, _ any) bool {
		n++
		if _, err := s.Token(t.Context(), key.(authz.TokenKey)); err != nil {
			t.Errorf("an acknowledged token is gone: %v", err)
		}
		return true
	})
	r, err := s.CheckAll(t.Context())
	if err != nil || n == 0 {
		t.Errorf("CheckAll = %+v, %v", r, err)
	}
	fmt.Println("acknowledged", n, r)
}

func readsGoOn(t *testing.T, s *badgerstore.Store, known authz.AccessToken) {
	t.Helper()
	if got, err := s.Token(t.Context(), known.Key); err != nil || !got.Revoked {
		t.Errorf("Token = %+v, %v", got, err)
	}
	if _, err := s.Client(t.Context(), worker); err != nil {
		t.Errorf("Client: %v", err)
	}
}

// writeOn writes until it is stopped, and notes what was acknowledged.
func writeOn(t *testing.T, s *badgerstore.Store, round int, acknowledged *sync.Map) (stop func()) {
	var wg sync.WaitGroup
	var ended atomic.Bool
	var written atomic.Int64
	enough := make(chan struct{})
	for w := range 32 {
		wg.Go(func() {
			for n := 0; !ended.Load(); n++ {
				tok := sample(byte(w), storetest.Now().Add(time.Hour))
				tok.Key.Hash[1], tok.Key.Hash[2], tok.Key.Hash[3], tok.Key.Hash[4] = byte(n>>8), byte(n), byte(n>>16), byte(round+1)
				err := s.PutToken(t.Context(), tok)
				switch {
				case err == nil:
					acknowledged.Store(tok.Key, true)
					if written.Add(1) == 20_000 {
						close(enough)
					}
				case !errors.Is(err, authz.ErrFull) && !errors.Is(err, authz.ErrUnavailable):
					t.Errorf("PutToken: %v", err)
					return
				}
			}
		})
	}
	<-enough
	return func() { ended.Store(true); wg.Wait() }
}
