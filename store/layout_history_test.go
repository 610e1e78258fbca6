package store_test

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"scopegate/store"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// A directory and a backup of each layout that was ever released are kept, so
// that every later version proves that it opens and restores them. A new layout
// gets new files, written once by
//
//	go test -count=1 -run OfOlderLayouts ./store -args -keep-layout testdata/layout-N.tar.gz -keep-backup testdata/backup-N
//
// and never again: a file that is rewritten proves nothing about the past.
var (
	keepLayout = flag.String("keep-layout", "", "write a directory of today's layout to this new file")
	keepBackup = flag.String("keep-backup", "", "write a backup of today's layout to this new file")
)

func TestDirectoriesOfOlderLayoutsAreOpened(t *testing.T) {
	if *keepLayout != "" {
		packLayout(t, *keepLayout)
	}
	kept, err := filepath.Glob("testdata/layout-*.tar.gz")
	if err != nil || len(kept) == 0 {
		t.Fatalf("no layouts are kept: %v", err)
	}
	for _, file := range kept {
		t.Run(filepath.Base(file), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "store")
			unpack(t, file, dir)
			for range 2 { // migrated, and opened again
				s := open(t, dir, store.Options{})
				isFurnished(t, s)
				isMetered(t, s, filepath.Base(file) != "layout-1.tar.gz")
				report, err := s.CheckAll(t.Context())
				if err != nil || report.Clients != 1 || report.Tokens != 3 || report.Revocations != 1 || report.Events != 2 || report.Usages != 1 {
					t.Errorf("check: %+v, %v", report, err)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestBackupsOfOlderLayoutsAreRestored(t *testing.T) {
	if *keepBackup != "" {
		writeBackup(t, *keepBackup)
	}
	kept, err := filepath.Glob("testdata/backup-*")
	if err != nil || len(kept) == 0 {
		t.Fatalf("no backups are kept: %v", err)
	}
	for _, file := range kept {
		t.Run(filepath.Base(file), func(t *testing.T) {
			in, err := os.Open(file)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close() }()
			dir := filepath.Join(t.TempDir(), "store")
			if err := store.Restore(t.Context(), in, dir, nil); err != nil {
				t.Fatal(err)
			}
			s := open(t, dir, store.Options{})
			isFurnished(t, s)
			isMetered(t, s, filepath.Base(file) != "backup-1")
			report, err := s.CheckAll(t.Context())
			if err != nil || report.Clients != 1 || report.Tokens != 3 || report.Revocations != 1 || report.Events != 2 {
				t.Errorf("check: %+v, %v", report, err)
			}
		})
	}
}

// writeBackup keeps a backup of what furnish makes.
func writeBackup(t *testing.T, file string) {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "store"), store.Options{})
	furnish(t, s)
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Backup(t.Context(), out)
	if err := errors.Join(err, out.Close()); err != nil {
		t.Fatal(err)
	}
}

// isMetered checks what was kept of the client's uses, and keeps it again in
// today's layout. Layout 1 had no usages.
func isMetered(t *testing.T, s *store.Store, kept bool) {
	t.Helper()
	u := s.Meter(id).Usage(storetest.Now())
	switch {
	case len(u.Scopes) != 1 || u.Scopes[0].Scope != "invoices.read":
		t.Errorf("scopes: %+v", u.Scopes)
	case kept && (u.Total.Requests != 1 || u.Scopes[0].Uses != 1 || !u.LastUsedAt.Equal(storetest.Now())):
		t.Errorf("what was counted is gone: %+v", u)
	case !kept && u.Total.Requests != 0:
		t.Errorf("counted where nothing was: %+v", u)
	}
	if err := s.FlushUsage(t.Context()); err != nil {
		t.Error(err)
	}
}

// packLayout keeps what furnish makes, without the ballast.
func packLayout(t *testing.T, file string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "store")
	s, err := store.Open(t.Context(), dir, store.Options{Memory: badgerstore.MinMemory, DiskReserve: -1, Wall: storetest.Now})
	if err != nil {
		t.Fatal(err)
	}
	furnish(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	out, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	zip := gzip.NewWriter(out)
	archive := tar.NewWriter(zip)
	if err := errors.Join(archive.AddFS(os.DirFS(dir)), archive.Close(), zip.Close(), out.Close()); err != nil {
		t.Fatal(err)
	}
}

func unpack(t *testing.T, file, dir string) {
	t.Helper()
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	zip, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for archive := tar.NewReader(zip); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		b, err := io.ReadAll(archive)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(header.Name)), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
