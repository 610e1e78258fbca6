package house_test

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// mapHead begins the map of a large package in its comment.
const mapHead = "Where what stands:"

// A package that says where things are says it of all of them: a map is worth
// something only if it is whole.
func TestTheMapOfAPackageNamesEachFile(t *testing.T) {
	maps := map[string]string{}
	for _, s := range sources(t) {
		if _, text, ok := strings.Cut(s.ast.Doc.Text(), mapHead); ok && !s.isTest {
			maps[s.dir] = text
		}
	}
	if maps["authz"] == "" {
		t.Error("authz has no map: whoever looks for something has to open more than forty files")
	}
	for _, s := range sources(t) {
		text, mapped := maps[s.dir]
		name := strings.TrimSuffix(path.Base(s.path), ".go")
		if !mapped || s.isTest || name == "doc" {
			continue
		}
		if !regexp.MustCompile(`\b` + regexp.QuoteMeta(name) + `\b`).MatchString(text) {
			t.Errorf("%s: the map in %s/doc.go does not say what it holds", s.path, s.dir)
		}
	}
}
