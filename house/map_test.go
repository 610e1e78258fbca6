package house_test

import (
	"path"
	"regexp"
	"strings"
	"testing"
)

// mapHead begins the map of a large package in its comment.
const mapHead = "Where what stands:"

// unmapped is how many files a package may have without one.
const unmapped = 33

// A package that says where things are says it of all of them: a map is worth
// something only if it is whole.
func TestTheMapOfAPackageNamesEachFile(t *testing.T) {
	maps := map[string]string{}
	for _, s := range sources(t) {
		if _, text, ok := strings.Cut(s.ast.Doc.Text(), mapHead); ok && !s.isTest {
			maps[s.dir] = text
		}
	}
	files := map[string]int{}
	for _, s := range sources(t) {
		if !s.isTest {
			files[s.dir]++
		}
	}
	for dir, n := range files {
		if n > unmapped && maps[dir] == "" {
			t.Errorf("%s has %d files and no map in its package comment, %q: whoever looks for something has to open them all", dir, n, mapHead)
		}
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
