package badgerstore_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

func checkOptions(dir string) badgerstore.CheckOptions {
	return badgerstore.CheckOptions{Dir: dir, Now: storetest.Now}
}

// crashed is the copy of a store that was running: with tables of an earlier
// life, and a log.
func crashed(t testing.TB) string {
	t.Helper()
	dir := filled(t)
	s := openWith(t, options(dir))
	issueMany(t, s, 100, storetest.Now().Add(-30*time.Minute))
	revoke(t, s, sample(8, storetest.Now().Add(time.Hour)))
	return copied(t, dir)
}

// content reads a directory with all below and beside it, but for the lock.
func content(t testing.TB, dir string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(filepath.Dir(dir), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == "lock" {
			return err
		}
		b, err := os.ReadFile(path)
		found[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestADirectoryIsCheckedAndNotChanged(t *testing.T) {
	dir := crashed(t)
	before := content(t, dir)
	var records int64
	o := checkOptions(dir)
	o.Progress = func(n int64) { records = n }
	for range 2 {
		report, err := badgerstore.CheckDir(t.Context(), o)
		want := badgerstore.Report{
			Layout: 2, Records: 160, Clients: 1, Tokens: 150, TokensExpired: 100, Revocations: 2, Sets: 1, Events: 3, FirstSeq: 1, LastSeq: 3, Acknowledged: 3,
			ClockSeen: storetest.Now(), HashKeys: map[string]int{"k1": 1},
		}
		if d := cmp.Diff(want, report); err != nil || d != "" {
			t.Errorf("%v (-want +got)\n%s", err, d)
		}
	}
	if records != 160 {
		t.Errorf("progress ended at %d records", records)
	}
	if d := cmp.Diff(before, content(t, dir)); d != "" {
		t.Error("the check changed the directory, or left something beside it")
	}
	if r, err := openWith(t, options(dir)).CheckAll(t.Context()); err != nil || r.Tokens != 150 {
		t.Errorf("the store then: %+v, %v", r, err)
	}
}

func TestDamageIsReportedWithItsFileAndTheWayOut(t *testing.T) {
	spoil := func(b []byte) []byte { b[len(b)/2] ^= 0x55; return b }
	for pattern, want := range map[string]string{
		"*.sst": ".sst: ", "MANIFEST": "the file MANIFEST", "ledger": "the file ledger", "*.mem": "the control log ends at 2",
	} {
		t.Run(pattern, func(t *testing.T) {
			dir := crashed(t)
			path := one(t, dir, pattern)
			damage(t, path, spoil)
			if pattern == "ledger" {
				damage(t, path, func(b []byte) []byte { return make([]byte, len(b)) })
			}
			if pattern == "*.mem" {
				damage(t, path, func(b []byte) []byte { return b[:len(b)/2][:200] })
			}
			before := content(t, dir)
			report, err := badgerstore.CheckDir(t.Context(), checkOptions(dir))
			if err == nil || len(report.Problems) != 1 || !strings.Contains(report.Problems[0], want) {
				t.Fatalf("%q, %v; want one problem with %q", report.Problems, err, want)
			}
			for _, want := range []string{dir + ":", "damaged", "scopegate restore --from FILE --data-dir DIR"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %q: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), ".checking") {
				t.Errorf("the error names the shadow: %v", err)
			}
			if d := cmp.Diff(before, content(t, dir)); d != "" {
				t.Error("the check changed the directory, or left something beside it")
			}
		})
	}
}

func TestEveryDamagedTableIsNamed(t *testing.T) {
	dir := t.TempDir()
	for n := range byte(3) {
		s := openWith(t, options(dir))
		issue(t, s, sample(n, storetest.Now().Add(time.Hour)))
		closed(t, s)
	}
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) < 3 {
		t.Fatalf("%v, %v", tables, err)
	}
	for _, path := range tables {
		damage(t, path, func(b []byte) []byte { b[0] ^= 1; return b })
	}
	report, err := badgerstore.CheckDir(t.Context(), checkOptions(dir))
	if err == nil || len(report.Problems) != len(tables) {
		t.Errorf("%q, %v; want %d problems", report.Problems, err, len(tables))
	}
}

func TestARunningStoreIsNotCheckedFromOutside(t *testing.T) {
	dir := t.TempDir()
	openWith(t, options(dir))
	if _, err := badgerstore.CheckDir(t.Context(), checkOptions(dir)); !errors.Is(err, badgerstore.ErrInUse) {
		t.Errorf("CheckDir = %v, want ErrInUse", err)
	}
	if _, err := badgerstore.CheckDir(t.Context(), checkOptions(filepath.Join(dir, "missing"))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("CheckDir = %v, want fs.ErrNotExist", err)
	}
}

// The store goes on while it is checked: nothing that is in flight is a problem.
func TestAStoreIsCheckedWhileItIsWritten(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	register(t, s)
	issueMany(t, s, 20_000, storetest.Now().Add(time.Hour))
	stop := issueAndRevoke(t, s)
	for range 3 {
		r, err := s.CheckAll(t.Context())
		if err != nil || r.Tokens < 20_000 || r.LastSeq < r.Acknowledged || r.Revocations != int64(r.LastSeq)-1 {
			t.Errorf("%+v, %v", r, err)
		}
	}
	stop()
}
