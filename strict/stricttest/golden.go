package stricttest

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Golden compares a generated page with the file that is checked in; with
// update it writes the file first.
func Golden(t testing.TB, path, got string, update bool) {
	t.Helper()
	if update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is old; run this test with -update (-old +new):\n%s", path, diff)
	}
}
