package clientfile_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"scopegate/authz"
	"scopegate/authz/clientfile"
	"scopegate/strict/stricttest"
)

var update = flag.Bool("update", false, "write what is found as what is wanted")

// wanted is what a case of testdata comes to: its problems, or the file as
// read; and whether the JSON Schema could tell.
var wanted = []string{"want.problems", "want.file", "want.schema"}

// secret is what the file "good" holds; it is made anew for each run, so that
// none is checked in.
func secret(t testing.TB) authz.SecretText {
	t.Helper()
	text, err := authz.NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// files reads the secret files "good" and "bad".
func files(good authz.SecretText) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		switch name {
		case "good":
			return []byte(good.Text() + "\n"), nil
		case "bad":
			return []byte("hunter2"), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
}

func TestCorpusComesToWhatItSays(t *testing.T) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) < 10 {
		t.Fatalf("testdata is missing: %v %v", paths, err)
	}
	schema, good := stricttest.Compile(t, clientfile.Schema), secret(t)
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			data := archive.Files[0].Data
			file, problems := clientfile.Load("clients.yaml", data, files(good))
			got := map[string]string{"want.schema": schema.Verdict(data) + "\n"}
			if file == nil {
				got["want.problems"] = problems.Error() + "\n"
			} else {
				got["want.file"] = shown(file, good)
			}
			if file != nil && got["want.schema"] != stricttest.Accepts+"\n" {
				t.Errorf("the schema %s what loads", got["want.schema"])
			}
			if all := fmt.Sprint(got); strings.Contains(all, "hunter2") || strings.Contains(all, good.Text()) {
				t.Errorf("what a secret file holds is told: %s", all)
			}
			compare(t, path, archive, got)
		})
	}
}

func shown(f *clientfile.File, good authz.SecretText) string {
	var b strings.Builder
	fmt.Fprintf(&b, "managed by %s\n", f.ManagedBy)
	for i := range f.Clients {
		c := f.Clients[i]
		confidential := c.Confidential == nil || *c.Confidential
		fmt.Fprintf(&b, "%s %q scopes %q grants %q confidential %t owner %q ttl %s limit %q cap %d addresses %q labels %q status %q\n", c.ID, c.Name,
			c.AllowedScopes, c.AllowedGrants, confidential, c.Owner, c.AccessTokenTTL, c.IssueLimit, c.MaxLiveTokens, c.Addresses, c.Labels, c.Status)
		for _, s := range c.Secrets {
			fmt.Fprintf(&b, "  secret file %q good %t hash %q key %q preview %q ends %s\n", s.File, s.Text == good, s.Hash, s.HashKeyID, s.Preview, s.ExpiresAt.Format("2006-01-02T15:04:05Z07:00"))
		}
	}
	return b.String()
}

func compare(t *testing.T, path string, archive *txtar.Archive, got map[string]string) {
	t.Helper()
	if *update {
		archive.Files = archive.Files[:1]
		for _, name := range wanted {
			if got[name] != "" {
				archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(got[name])})
			}
		}
		if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]string{}
	for _, f := range archive.Files[1:] {
		want[f.Name] = string(f.Data)
	}
	for _, name := range wanted {
		if diff := cmp.Diff(want[name], got[name]); diff != "" {
			t.Errorf("%s differs (-want +got):\n%s", name, diff)
		}
	}
}

func TestSchemaAndReferenceInDocsAreMadeFromTheTables(t *testing.T) {
	schema, err := clientfile.Schema()
	if err != nil {
		t.Fatal(err)
	}
	for path, got := range map[string]string{"clients.schema.json": string(schema), "clients-file.md": clientfile.Reference()} {
		stricttest.Golden(t, filepath.Join("../../docs", path), got, *update)
	}
}

func TestTheExampleLoads(t *testing.T) {
	data, err := os.ReadFile("../../examples/clients.yaml")
	if err != nil {
		t.Fatal(err)
	}
	good := secret(t)
	_, problems := clientfile.Load("clients.yaml", data, func(string) ([]byte, error) { return []byte(good.Text()), nil })
	if problems != nil {
		t.Error(problems)
	}
	if got := stricttest.Compile(t, clientfile.Schema).Verdict(data); got != stricttest.Accepts {
		t.Errorf("the schema %s it", got)
	}
}
