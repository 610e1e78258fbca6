package clientfile_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rogpeppe/go-internal/txtar"

	"scopegate/authz/clientfile"
)

var lineBreak = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

// A file either loads, and then says the same once it is written again, or has
// problems, each with a place in it.
func FuzzLoad(f *testing.F) {
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		f.Fatalf("no testdata: %v", err)
	}
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(archive.Files[0].Data)
	}
	good := secret(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		file, problems := clientfile.Load("clients.yaml", data, files(good))
		lines := len(lineBreak.FindAll(data, -1)) + 1
		if file == nil {
			if len(problems) == 0 {
				t.Error("neither a file nor a problem")
			}
			for _, p := range problems {
				if p.Line < 1 || p.Line > lines || p.Col < 1 || strings.ContainsAny(p.Message, "\n\r") {
					t.Errorf("%q of %d lines", p, lines)
				}
			}
			return
		}
		for i := range file.Clients {
			file.Clients[i].Secrets = nil
		}
		text, err := file.Write()
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, problems := clientfile.Load("clients.yaml", text, nil)
		if problems != nil {
			t.Fatalf("%v\n%s", problems, text)
		}
		confidential := cmp.Transformer("confidential", func(b *bool) bool { return b == nil || *b })
		if diff := cmp.Diff(file.Clients, again.Clients, cmpopts.EquateEmpty(), confidential); diff != "" {
			t.Errorf("(-first +second):\n%s", diff)
		}
	})
}
