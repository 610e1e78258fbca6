package house_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// modulePath is the prefix of our own import paths.
const modulePath = "scopegate"

// source is one Go file of the tree.
type source struct {
	path   string // from the root of the repository, with slashes
	dir    string // the package's folder, from the root
	isTest bool
	lines  int
	fset   *token.FileSet
	ast    *ast.File
}

// imports returns the file's import paths.
func (s *source) imports() []string {
	paths := make([]string, 0, len(s.ast.Imports))
	for _, spec := range s.ast.Imports {
		p, _ := strconv.Unquote(spec.Path.Value)
		paths = append(paths, p)
	}
	return paths
}

// at says where in the repository a node stands.
func (s *source) at(n ast.Node) string {
	return s.path + ":" + strconv.Itoa(s.fset.Position(n.Pos()).Line)
}

// tree parses every Go file of the module, once.
var tree = sync.OnceValues(func() ([]*source, error) {
	var sources []*source
	fset := token.NewFileSet()
	err := walk(func(name string, content []byte) error {
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		file, err := parser.ParseFile(fset, name, content, parser.ParseComments)
		if err != nil {
			return err
		}
		sources = append(sources, &source{
			path: name, dir: path.Dir(name), isTest: strings.HasSuffix(name, "_test.go"),
			lines: strings.Count(string(content), "\n"), fset: fset, ast: file,
		})
		return nil
	})
	return sources, err
})

// sources returns the parsed tree or ends the test.
func sources(t *testing.T) []*source {
	t.Helper()
	files, err := tree()
	if err != nil {
		t.Fatalf("parse the tree: %v", err)
	}
	return files
}

// walk hands over each text file of the module: no hidden folder but .ci, no
// testdata, nothing that a build or a run leaves behind, no module within.
func walk(visit func(name string, content []byte) error) error {
	root := os.DirFS("..")
	return fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name != "." && leftOut(name, d.Name()) {
				return fs.SkipDir
			}
			return nil
		}
		if !readable(name) {
			return nil
		}
		content, err := fs.ReadFile(root, name)
		if err != nil {
			return err
		}
		return visit(name, content)
	})
}

func leftOut(name, base string) bool {
	switch base {
	case "testdata", "vendor", "node_modules", "bin", "data":
		return true
	}
	if strings.HasPrefix(base, ".") && base != ".ci" {
		return true
	}
	_, err := os.Stat(filepath.Join("..", name, "go.mod"))
	return err == nil
}

func readable(name string) bool {
	switch path.Ext(name) {
	case ".go", ".md", ".yaml", ".yml", ".sh", ".service", ".socket", ".txtar":
		return true
	}
	switch path.Base(name) {
	case "Makefile", "Dockerfile", "LICENSE", "run", "demo":
		return true
	}
	return false
}
