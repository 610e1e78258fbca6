package openapi_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"scopegate/gateway/config"
	"scopegate/gateway/openapi"
)

var update = flag.Bool("update", false, "write what is found as what is wanted")

func TestEachDocumentComesToItsRoutesAndProblems(t *testing.T) {
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
			routes, problems := openapi.Import("openapi.yaml", archive.Files[0].Data)
			got := map[string]string{"want.yaml": string(routes), "want.problems": problems.Error()}
			if got["want.problems"] != "" {
				got["want.problems"] += "\n"
			}
			checkGood(t, routes)
			if *update {
				archive.Files = archive.Files[:1]
				for _, name := range []string{"want.yaml", "want.problems"} {
					archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
				}
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want := map[string]string{}
			for _, f := range archive.Files[1:] {
				want[f.Name] = string(f.Data)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// checkGood loads what was made: it is a good file, and opens nothing.
func checkGood(t testing.TB, routes []byte) {
	t.Helper()
	if routes == nil {
		return
	}
	cfg, problems := config.Load("routes.yaml", routes, config.Environment{})
	if len(problems) > 0 {
		t.Fatalf("%s\n%s", problems, routes)
	}
	for i := range cfg.Routes {
		r := &cfg.Routes[i]
		if demand := r.Requirement(); demand.Public || demand.Empty() {
			t.Errorf("route %s is open", r.Name)
		}
	}
}

func FuzzImport(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		routes, problems := openapi.Import("openapi.yaml", data)
		if routes == nil && len(problems) == 0 {
			t.Error("no routes, and no word why")
		}
		if len(problems) > 0 && problems[len(problems)-1].File == "routes.yaml" {
			t.Errorf("what is made is no good file: %s", problems)
		}
		checkGood(t, routes)
	})
}
