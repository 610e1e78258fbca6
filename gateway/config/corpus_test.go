package config_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"scopegate/gateway/config"
	"scopegate/strict/stricttest"
)

var update = flag.Bool("update", false, "write what is found as what is wanted")

// wanted is what a case comes to: want.problems, or want.summary and want.json
// (the effective configuration). want.schema says whether the JSON Schema could
// tell: many mistakes only show to a reader of the whole file.
var wanted = []string{"want.problems", "want.schema", "want.summary", "want.json"}

// A case of testdata: routes.yaml, with variables in env and further files.
type corpusCase struct {
	name    string
	path    string
	archive *txtar.Archive
}

func corpus(t testing.TB) []corpusCase {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	cases := make([]corpusCase, len(paths))
	for i, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		cases[i] = corpusCase{strings.TrimSuffix(filepath.Base(path), ".txtar"), path, archive}
	}
	return cases
}

func (c *corpusCase) file(name string) (string, bool) {
	for _, f := range c.archive.Files {
		if f.Name == name {
			return string(f.Data), true
		}
	}
	return "", false
}

func (c *corpusCase) routes(t testing.TB) []byte {
	t.Helper()
	routes, ok := c.file("routes.yaml")
	if !ok {
		t.Fatalf("%s: no routes.yaml", c.path)
	}
	return []byte(routes)
}

// environment holds the NAME=value lines of env; files are those of the archive.
func (c *corpusCase) environment() config.Environment {
	variables := map[string]string{}
	lines, _ := c.file("env")
	for line := range strings.Lines(lines) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		variables[name] = value
	}
	return config.Environment{
		LookupEnv: func(name string) (string, bool) { v, ok := variables[name]; return v, ok },
		ReadFile: func(name string) ([]byte, error) {
			if content, ok := c.file(name); ok {
				return []byte(content), nil
			}
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		},
	}
}

func TestCorpusComesToWhatItSays(t *testing.T) {
	schema := stricttest.Compile(t, config.Schema)
	for _, c := range corpus(t) {
		t.Run(c.name, func(t *testing.T) {
			loaded, problems := config.Load("routes.yaml", c.routes(t), c.environment())
			got := map[string]string{}
			if loaded == nil {
				got["want.problems"] = problems.Error() + "\n"
			} else {
				got["want.summary"] = loaded.Summary() + "\n"
				got["want.json"] = indented(t, loaded)
			}
			got["want.schema"] = schema.Verdict(c.routes(t)) + "\n"
			if loaded != nil && got["want.schema"] != stricttest.Accepts+"\n" {
				t.Errorf("the schema does not accept what loads: %s", got["want.schema"])
			}
			if *update {
				c.write(t, got)
			}
			for _, name := range wanted {
				want, _ := c.file(name)
				if diff := cmp.Diff(want, got[name]); diff != "" {
					t.Errorf("%s differs (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

// write puts what was found into the case's file.
func (c *corpusCase) write(t *testing.T, got map[string]string) {
	t.Helper()
	var files []txtar.File
	for _, f := range c.archive.Files {
		if !strings.HasPrefix(f.Name, "want.") {
			files = append(files, f)
		}
	}
	for _, name := range wanted {
		if text := got[name]; text != "" {
			files = append(files, txtar.File{Name: name, Data: []byte(text)})
		}
	}
	c.archive.Files = files
	if err := os.WriteFile(c.path, txtar.Format(c.archive), 0o644); err != nil {
		t.Fatal(err)
	}
}

func indented(t testing.TB, v any) string {
	t.Helper()
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := json.Indent(&b, data, "", "  "); err != nil {
		t.Fatal(err)
	}
	return b.String() + "\n"
}

func nothing() config.Environment {
	return config.Environment{
		LookupEnv: func(string) (string, bool) { return "", false },
		ReadFile:  func(string) ([]byte, error) { return nil, errors.New("no files here") },
	}
}
