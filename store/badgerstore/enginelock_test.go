package badgerstore_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scopegate/store/badgerstore"
)

func TestAnEngineThatIsStillClosingIsNoDamage(t *testing.T) {
	opt := options(t.TempDir())
	s := openWith(t, opt)
	register(t, s)
	if err := s.LeaveLock(); err != nil {
		t.Fatal(err)
	}
	stillClosing := func(whose string) {
		t.Helper()
		_, err := badgerstore.Open(t.Context(), opt)
		if !errors.Is(err, badgerstore.ErrInUse) {
			t.Fatalf("Open = %v, want ErrInUse", err)
		}
		for _, want := range []string{opt.Dir, whose + " has its engine open", "still closing", "nothing is damaged", "try again"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%q is missing in: %v", want, err)
			}
		}
		if strings.Contains(err.Error(), "restore") {
			t.Errorf("it advises to restore a backup: %v", err)
		}
	}
	stillClosing("this process")
	holder := filepath.Join(opt.Dir, "LOCK")
	for content, whose := range map[string]string{"1\n": "process 1", "": "another process"} {
		if err := os.WriteFile(holder, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		stillClosing(whose)
	}

	_ = s.Close() // says that the lock is gone
	again := openWith(t, opt)
	if _, err := again.Client(t.Context(), worker); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
