package badgerstore_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

func TestDamagedStoreIsRefusedWithTheWayOut(t *testing.T) {
	flip := func(at func(int) int) func([]byte) []byte {
		return func(b []byte) []byte { b[at(len(b))] ^= 0x55; return b }
	}
	cases := []struct {
		name    string
		pattern string
		spoil   func([]byte) []byte // nil: the file goes
	}{
		{"the first byte of a table", "*.sst", flip(func(int) int { return 0 })},
		{"the middle of a table", "*.sst", flip(func(n int) int { return n / 2 })},
		{"the end of a table", "*.sst", flip(func(n int) int { return n - 1 })},
		{"a table cut in half", "*.sst", func(b []byte) []byte { return b[:len(b)/2] }},
		{"a table of zeros", "*.sst", func(b []byte) []byte { return make([]byte, len(b)) }},
		{"an empty table", "*.sst", func([]byte) []byte { return nil }},
		{"no table", "*.sst", nil},
		{"the head of the manifest", "MANIFEST", flip(func(int) int { return 0 })},
		{"the end of the manifest", "MANIFEST", flip(func(n int) int { return n - 1 })},
		{"a manifest without changes", "MANIFEST", func(b []byte) []byte { return b[:8] }},
		{"an empty manifest", "MANIFEST", func([]byte) []byte { return nil }},
		{"no manifest", "MANIFEST", nil},
		{"no ledger", "ledger", nil},
		{"a ledger of zeros", "ledger", func(b []byte) []byte { return make([]byte, len(b)) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := filled(t)
			path := one(t, dir, c.pattern)
			if c.spoil == nil {
				if err := os.Remove(path); err != nil {
					t.Fatalf("Remove: %v", err)
				}
			} else {
				damage(t, path, c.spoil)
			}
			s, err := badgerstore.Open(t.Context(), options(dir))
			if err == nil {
				closed(t, s)
				t.Fatal("a damaged store was opened")
			}
			for _, want := range []string{dir, "damaged", "scopegate restore --from FILE --data-dir DIR"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
		})
	}
}

// Badger reads a log into one memtable and ends the process if it does not fit.
func TestACrashedStoreIsOpenedWithLessMemory(t *testing.T) {
	dir := t.TempDir()
	opt := options(dir)
	opt.Memory = badgerstore.DefaultMemory
	s := openWith(t, opt)
	register(t, s)
	const tokens = 40_000
	issueMany(t, s, tokens, storetest.Now().Add(time.Hour))
	for _, memory := range []int64{badgerstore.MinMemory, badgerstore.DefaultMemory, 2 * badgerstore.DefaultMemory} {
		opt := options(copied(t, dir))
		opt.Memory = memory
		s := openWith(t, opt)
		if r, err := s.CheckAll(t.Context()); err != nil || r.Tokens != tokens || r.Clients != 1 {
			t.Errorf("with %d bytes: %+v, %v", memory, r, err)
		}
	}
}

// A store that ends before what was acknowledged has lost changes, perhaps
// revocations: the copy of yesterday's tables under today's ledger is such.
func TestLostChangesAreNoticed(t *testing.T) {
	dir := filled(t)
	earlier := t.TempDir()
	if err := os.CopyFS(filepath.Join(earlier, "copy"), os.DirFS(dir)); err != nil {
		t.Fatalf("copy: %v", err)
	}
	s := openWith(t, options(dir))
	revoke(t, s, sample(8, storetest.Now().Add(time.Hour)))
	closed(t, s)
	ledger, err := os.ReadFile(filepath.Join(dir, "ledger"))
	if err != nil {
		t.Fatalf("ReadFile: %v", err)
	}
	damage(t, filepath.Join(earlier, "copy", "ledger"), func([]byte) []byte { return ledger })
	_, err = badgerstore.Open(t.Context(), options(filepath.Join(earlier, "copy")))
	if err == nil || !strings.Contains(err.Error(), "changes were lost") {
		t.Errorf("Open = %v, want an error that says that changes were lost", err)
	}
}

// Badger cuts a write-ahead log at the first entry that it cannot read.
func TestDamagedLogLosesNoRevocationSilently(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, options(dir))
	register(t, s)
	tok := sample(1, storetest.Now().Add(time.Hour))
	revoke(t, s, tok)
	crashed := copied(t, dir)
	closed(t, openWith(t, options(copied(t, crashed))))
	damageKey(t, one(t, crashed, "*.mem"), badgerstore.RevokeKey(tok.Key))
	_, err := badgerstore.Open(t.Context(), options(crashed))
	if err == nil || !strings.Contains(err.Error(), "changes were lost") {
		t.Errorf("Open = %v, want an error that says that changes were lost", err)
	}
}

func TestNewerLayoutIsRefused(t *testing.T) {
	dir := t.TempDir()
	s := openWith(t, options(dir))
	if err := s.Raw(t.Context(), badgerstore.SchemaKey, []byte{0, 0, 0, 99}); err != nil {
		t.Fatalf("Raw: %v", err)
	}
	closed(t, s)
	_, err := badgerstore.Open(t.Context(), options(dir))
	if err == nil || !strings.Contains(err.Error(), "newer scopegate (layout 99") {
		t.Errorf("Open = %v, want an error that names the newer layout", err)
	}
}

func TestGapInTheControlLogIsFound(t *testing.T) {
	dir := filled(t)
	s := openWith(t, options(dir))
	if err := s.Raw(t.Context(), badgerstore.EventKey(1), nil); err != nil {
		t.Fatalf("Raw: %v", err)
	}
	if _, err := s.Events(t.Context(), 0, 10); !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("Events = %v, want ErrUnavailable", err)
	}
	if _, err := s.CheckAll(t.Context()); err == nil || !strings.Contains(err.Error(), "event 2 stands where 1 should") {
		t.Errorf("CheckAll = %v, want the gap named", err)
	}
	if err := s.Raw(t.Context(), badgerstore.EventKey(2), nil); err != nil {
		t.Fatalf("Raw: %v", err)
	}
	closed(t, s)
	if _, err := badgerstore.Open(t.Context(), options(dir)); err == nil || !strings.Contains(err.Error(), "control log ends at 0") {
		t.Errorf("Open = %v, want an error that says where the control log ends", err)
	}
}

func TestCheckAllCounts(t *testing.T) {
	s := openWith(t, options(filled(t)))
	stranger := sample(200, storetest.Now().Add(time.Hour))
	stranger.ClientID = "ffffffff-ffff-4fff-bfff-ffffffffffff"
	issue(t, s, stranger)
	got, err := s.CheckAll(t.Context())
	want := badgerstore.Report{
		Layout: 2, Records: 59, Clients: 1, Events: 2, Tokens: 51, Revocations: 1, Sets: 1, Orphans: 1, FirstSeq: 1, LastSeq: 2, Acknowledged: 2,
		ClockSeen: storetest.Now(), HashKeys: map[string]int{"k1": 1},
	}
	if d := cmp.Diff(want, got); err != nil || d != "" {
		t.Errorf("CheckAll: %v (-want +got)\n%s", err, d)
	}
}

func TestSecondProcessIsToldWhoHoldsTheStore(t *testing.T) {
	dir := t.TempDir()
	first := openWith(t, options(dir))
	opt := options(dir)
	opt.LockWait = time.Millisecond
	_, err := badgerstore.Open(t.Context(), opt)
	if err == nil {
		t.Fatal("two stores were opened on one directory")
	}
	for _, want := range []string{dir, "process ", "running server"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	opt.LockWait, opt.Progress = time.Hour, func(string) { cancel() }
	if _, err := badgerstore.Open(ctx, opt); !errors.Is(err, context.Canceled) {
		t.Errorf("Open = %v, want the context's error", err)
	}
	opt.Progress = func(step string) {
		if strings.Contains(step, "waiting") {
			closed(t, first)
		}
	}
	opt.LockWait = time.Minute
	closed(t, openWith(t, opt))
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	old := syscall.Umask(0)
	t.Cleanup(func() { syscall.Umask(old) })
	dir := filepath.Join(t.TempDir(), "made")
	s := openWith(t, options(dir))
	register(t, s)
	closed(t, s)
	if err := os.Chmod(one(t, dir, "*.sst"), 0o644); err != nil {
		t.Fatalf("Chmod: %v", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatalf("Chmod: %v", err)
	}
	openWith(t, options(dir))
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if e.IsDir() {
			want = 0o700
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", filepath.Base(path), info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("WalkDir: %v", err)
	}
}
