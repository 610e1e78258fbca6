//go:build linux

package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/bench/report"
)

func sample() *report.Report {
	var r report.Report
	r.List("How", "with care")
	r.Table("What", []string{"a", "b"}, [][]string{{"1", "2"}})
	return &r
}

const sampleMarkdown = "How.\n\n- with care\n\nWhat.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"

func TestMarkdownFillsItsSectionAndLeavesTheRest(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	begin, end := report.Marks("peers")
	if err := os.WriteFile(file, []byte("before\n"+begin+"\nold\n"+end+"\nafter\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := "before\n" + begin + "\n\n" + sampleMarkdown + "\n" + end + "\nafter\n"
	for range 2 { // the second time changes nothing
		if err := sample().Markdown(file, "peers"); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, string(got)); d != "" {
			t.Error(d)
		}
	}
}

func TestMarkdownMakesAFileThatIsNotThere(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	if err := sample().Markdown(file, "peers"); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sampleMarkdown, string(got)); d != "" {
		t.Error(d)
	}
}

func TestMarkdownRefusesASectionWithoutAnEnd(t *testing.T) {
	file := filepath.Join(t.TempDir(), "page.md")
	begin, _ := report.Marks("peers")
	if err := os.WriteFile(file, []byte(begin+"\nmine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := sample().Markdown(file, "peers"); err == nil || !strings.Contains(err.Error(), "without") {
		t.Errorf("error %v", err)
	}
}

func TestSpreadHasTheMiddleAndTheEnds(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   report.Spread
	}{
		{nil, report.Spread{}},
		{[]float64{3, 1, 2}, report.Spread{Median: 2, Min: 1, Max: 3}},
		{[]float64{4, 1, 2, 3}, report.Spread{Median: 2.5, Min: 1, Max: 4}},
	} {
		if d := cmp.Diff(c.want, report.SpreadOf(c.values)); d != "" {
			t.Errorf("%v: %s", c.values, d)
		}
	}
}
