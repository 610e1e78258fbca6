package house_test

import (
	"go/ast"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxLines is where a file stops being a room that one sees at a glance.
const maxLines = 400

func TestEveryPackageHasOneCommentInDocGo(t *testing.T) {
	comments := map[string][]string{}
	for _, s := range sources(t) {
		if s.isTest {
			continue
		}
		comments[s.dir] = append(comments[s.dir], "")
		if s.ast.Doc == nil {
			continue
		}
		comments[s.dir] = append(comments[s.dir], s.path)
		if path.Base(s.path) != "doc.go" {
			t.Errorf("%s: the package comment belongs into doc.go", s.path)
		}
		if want := "Package " + s.ast.Name.Name + " "; s.ast.Name.Name != "main" && !strings.HasPrefix(s.ast.Doc.Text(), want) {
			t.Errorf("%s: the package comment begins with %q", s.path, want)
		}
	}
	for dir, files := range comments {
		files = slices.DeleteFunc(files, func(f string) bool { return f == "" })
		if len(files) != 1 {
			t.Errorf("package %s has %d package comments %v; doc.go has the one that says what it owns and what it refuses to know", dir, len(files), files)
		}
	}
}

func TestNoPackageHasAnInitFunction(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.ast.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init() runs before anybody can hand it what it needs; use a constructor", s.at(f))
			}
		}
	}
}

// A package variable is a sentinel or a table: filled where it is declared
// and never again.
func TestPackageVariablesAreNeverAssigned(t *testing.T) {
	declared := map[string]map[string]bool{}
	for _, s := range sources(t) {
		for _, spec := range packageVars(s.ast) {
			for _, name := range spec.Names {
				if declared[s.dir] == nil {
					declared[s.dir] = map[string]bool{}
				}
				declared[s.dir][name.Name] = true
			}
		}
	}
	for _, s := range sources(t) {
		if s.isTest {
			continue
		}
		outer := map[any]bool{}
		for _, spec := range packageVars(s.ast) {
			outer[spec] = true
		}
		for _, target := range assigned(s.ast) {
			local := target.Obj != nil && !outer[target.Obj.Decl]
			if !local && declared[s.dir][target.Name] {
				t.Errorf("%s: %s is a package variable: it belongs into a struct that somebody owns", s.at(target), target.Name)
			}
		}
	}
}

func TestTestsDoNotSleep(t *testing.T) {
	for _, s := range sources(t) {
		if !s.isTest && !isTestKit(s.dir) {
			continue
		}
		if slices.Contains(s.imports(), "testing/synctest") {
			continue // in a bubble a sleep takes no time and is exact
		}
		for _, call := range selections(s, "time", "Sleep") {
			t.Errorf("%s: a test that sleeps is slow where it passes and flaky where it fails; use synctest, a channel or a poll with a deadline", s.at(call))
		}
	}
}

func TestFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if !s.isTest && !ast.IsGenerated(s.ast) && s.lines > maxLines {
			t.Errorf("%s has %d lines, more than %d: it holds more than one thought", s.path, s.lines, maxLines)
		}
	}
}

// What is written here is done. The patterns are put together so that this
// file does not hold what it looks for.
func TestNothingHalfDoneAndNoSecretIsCheckedIn(t *testing.T) {
	banned := map[*regexp.Regexp]string{
		regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX)\b`):     "finish it, or say it in an issue",
		regexp.MustCompile(`-----BEGIN [A-Z ]*PRIVATE ` + `KEY-----`): "a private key is made when it is needed, tests included",
	}
	err := walk(func(name string, content []byte) error {
		for i, line := range strings.Split(string(content), "\n") {
			for pattern, why := range banned {
				if found := pattern.FindString(line); found != "" {
					t.Errorf("%s:%d: %q: %s", name, i+1, found, why)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// packageVars returns the declarations of a file's package variables.
func packageVars(f *ast.File) []*ast.ValueSpec {
	var specs []*ast.ValueSpec
	for _, d := range f.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, spec := range g.Specs {
			specs = append(specs, spec.(*ast.ValueSpec))
		}
	}
	return specs
}

// assigned returns the names that a file's statements assign to, or to a part
// of: x = ..., x.field = ..., x[i] = ..., x++.
func assigned(f *ast.File) []*ast.Ident {
	var names []*ast.Ident
	add := func(e ast.Expr) {
		for {
			switch x := e.(type) {
			case *ast.Ident:
				if x.Name != "_" {
					names = append(names, x)
				}
				return
			case *ast.SelectorExpr:
				e = x.X
			case *ast.IndexExpr:
				e = x.X
			case *ast.StarExpr:
				e = x.X
			case *ast.ParenExpr:
				e = x.X
			default:
				return
			}
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.AssignStmt:
			if x.Tok != token.DEFINE {
				for _, e := range x.Lhs {
					add(e)
				}
			}
		case *ast.IncDecStmt:
			add(x.X)
		}
		return true
	})
	return names
}
