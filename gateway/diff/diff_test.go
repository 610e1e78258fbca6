package diff_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"scopegate/authz"
	"scopegate/gateway/config"
	"scopegate/gateway/diff"
)

var update = flag.Bool("update", false, "write what is found as what is wanted")

// head stands before the routes of a case that has no head of its own.
const head = `version: 1
scopes: { a: A, b: B, c: C, admin: All }
upstreams:
  legacy: { endpoints: [ { url: http://127.0.0.1:9001 } ] }
  second: { endpoints: [ { url: http://127.0.0.1:9002 } ] }
routes:
`

func load(t testing.TB, text string) *config.Config {
	t.Helper()
	if !strings.HasPrefix(text, "version:") {
		text = head + text
	}
	cfg, problems := config.Load("routes.yaml", []byte(text), config.Environment{})
	if len(problems) > 0 {
		t.Fatalf("%s\n%s", problems, text)
	}
	return cfg
}

func compare(t testing.TB, old, next *config.Config) diff.Report {
	t.Helper()
	report, err := diff.Compare(old, next)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func TestEachCaseSaysWhoGainsAndWhoLoses(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{}
			for _, f := range archive.Files {
				files[f.Name] = string(f.Data)
			}
			report := compare(t, load(t, files["old"]), load(t, files["new"]))
			got := strings.Join(append(report.Words(100), report.Summary(), ""), "\n")
			if *update {
				archive.Files = append(archive.Files[:2:2], txtar.File{Name: "want", Data: []byte(got)})
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if d := cmp.Diff(files["want"], got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if again := compare(t, load(t, files["new"]), load(t, files["new"])); len(again) > 0 {
				t.Errorf("a file differs from itself: %v", again)
			}
		})
	}
}

func TestClientsAreNamedByWhatTheyHold(t *testing.T) {
	client := func(id, name string, scopes ...authz.Scope) diff.Client {
		return diff.Client{ID: authz.ClientID(id), Name: name, Scopes: authz.NewScopeSet(scopes...)}
	}
	clients := []diff.Client{
		client("11111111-1111-4111-8111-111111111111", "reader", "a"),
		client("22222222-2222-4222-8222-222222222222", "writer", "b"),
		client("33333333-3333-4333-8333-333333333333", "both", "a", "b"),
	}
	old := load(t, "  - { name: r, path: /r, require: { scopes: [a] }, upstream: legacy }\n")
	next := load(t, "  - { name: r, path: /r, require: { scopes: [b] }, upstream: legacy }\n")
	report := compare(t, old, next)
	report.Name(clients)
	got := map[diff.Effect][]string{}
	for _, c := range report {
		got[c.Effect] = c.Clients
	}
	want := map[diff.Effect][]string{
		diff.Widens:  {"writer (22222222-2222-4222-8222-222222222222)"},
		diff.Narrows: {"reader (11111111-1111-4111-8111-111111111111)"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestAScopeThatLeavesTheCatalogueNamesItsHolders(t *testing.T) {
	text := "  - { name: r, path: /r, require: { scopes: [a] }, upstream: legacy }\n"
	old := load(t, text)
	next := load(t, strings.Replace(head, "b: B, ", "", 1)+text)
	report := compare(t, old, next)
	report.Name([]diff.Client{{ID: "22222222-2222-4222-8222-222222222222", Name: "writer", Scopes: authz.NewScopeSet("b")}})
	if len(report) != 1 || len(report[0].Clients) != 1 || report.Widens() {
		t.Errorf("got %+v", report)
	}
}

func TestALongReportIsCut(t *testing.T) {
	report := diff.Report{{Words: "one", Effect: diff.Widens}, {Words: "two", Effect: diff.Neither}, {Words: "three", Effect: diff.Neither}}
	want := []string{"widens: one", "and 2 more"}
	if d := cmp.Diff(want, report.Words(1)); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
