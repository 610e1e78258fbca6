package badgerstore_test

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"scopegate/store/badgerstore"
)

// Two at once built in one directory and took each other's files away.
func TestASecondRestoreIntoOnePlaceIsRefusedWhileTheFirstRuns(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	register(t, s)
	stream, _ := backup(t, s)
	dir := filepath.Join(t.TempDir(), "data", "store")
	in, out := io.Pipe()
	first := make(chan error, 1)
	go func() {
		err := badgerstore.Restore(t.Context(), in, dir, nil)
		_ = in.CloseWithError(io.ErrClosedPipe) // nobody reads any more
		first <- err
	}()
	if _, err := out.Write(stream[:1]); err != nil { // it reads, so it is at work
		t.Fatal(err)
	}
	err := badgerstore.Restore(t.Context(), bytes.NewReader(stream), dir, nil)
	if !errors.Is(err, badgerstore.ErrInUse) || !strings.Contains(err.Error(), "another restore") {
		t.Errorf("the second: %v", err)
	}
	if _, err := out.Write(stream[1:]); err != nil {
		t.Error(err)
	}
	_ = out.Close()
	if err := <-first; err != nil {
		t.Errorf("the first: %v", err)
	}
	openWith(t, options(dir))
	if err := badgerstore.Restore(t.Context(), bytes.NewReader(stream), dir, nil); err == nil || errors.Is(err, badgerstore.ErrInUse) {
		t.Errorf("a third, after the first: %v", err)
	}
}

func TestARestoreThatFailedLeavesThePlaceFree(t *testing.T) {
	s := openWith(t, options(t.TempDir()))
	register(t, s)
	stream, _ := backup(t, s)
	dir := filepath.Join(t.TempDir(), "store")
	if err := badgerstore.Restore(t.Context(), bytes.NewReader(stream[:len(stream)/2]), dir, nil); err == nil {
		t.Error("half a backup is restored")
	}
	if err := badgerstore.Restore(t.Context(), bytes.NewReader(stream), dir, nil); err != nil {
		t.Errorf("then the whole one: %v", err)
	}
}
