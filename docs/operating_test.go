package docs_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"testing"

	"scopegate/authz"
)

var reasonRow = regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (the backend's|[0-9]+) \\| (?:`([a-z_]+)` )?\\| \\S")

// TestThePageOfReasonsHasThemAll compares the table with the closed set, in
// its order. What the caller of a preflight, or one that left, reads is not
// an error.
func TestThePageOfReasonsHasThemAll(t *testing.T) {
	text, err := os.ReadFile("operating.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range reasonRow.FindAllStringSubmatch(string(text), -1) {
		got = append(got, fmt.Sprintf("%s, status %s, error %q", m[1], m[2], m[3]))
	}
	var want []string
	for i := range authz.Reasons() {
		r := authz.Reason(i)
		if r == authz.ReasonNone {
			continue // is in no log line
		}
		status, public := strconv.Itoa(r.Status()), r.PublicError()
		if r.Status() == 0 {
			status = "the backend's"
		}
		if r.Status() < 400 || r == authz.ReasonClientGone {
			public = ""
		}
		want = append(want, fmt.Sprintf("%s, status %s, error %q", r, status, public))
	}
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			t.Fatalf("row %d of the table of reasons: the page has %v, the code %v", i, got[min(i, len(got)):], want[min(i, len(want)):])
		}
	}
}
