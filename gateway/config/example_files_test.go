package config_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"gopkg.in/yaml.v3"

	"scopegate/gateway/config"
)

const demoFile = "../../routes.yaml"

func examples(t testing.TB) []string {
	t.Helper()
	paths, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(paths) < 5 {
		t.Fatalf("examples are missing: %v %v", paths, err)
	}
	paths = slices.DeleteFunc(paths, func(path string) bool { return filepath.Base(path) == "clients.yaml" }) // is no routes file
	return append(paths, demoFile)
}

func TestDemoFileLoadsInAnEmptyEnvironment(t *testing.T) {
	c, problems := config.Load("routes.yaml", read(t, demoFile), config.Environment{})
	if problems != nil {
		t.Fatal(problems)
	}
	want := "routes.yaml: 4 routes (1 public), 1 upstream, 4 scopes"
	if got := c.Summary(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := c.Upstreams[0].Endpoints[0].Address().Reveal(); got != "127.0.0.1:9001" {
		t.Errorf("billing is at %s", got)
	}
}

func TestExamplesLoad(t *testing.T) {
	env := nothing()
	env.LookupEnv = func(name string) (string, bool) { return "Z2F0ZXdheTpzZWNyZXQ=", name == "LEGACY_BASIC" }
	for _, path := range examples(t) {
		if _, problems := config.Load(path, read(t, path), env); problems != nil {
			t.Errorf("%s:\n%v", path, problems)
		}
	}
}

func TestATypoInAKeyNeverOpensARoute(t *testing.T) {
	file := []rune(string(read(t, demoFile)))
	want := openRoutes(t, string(file))
	keys := keyPlaces(t, string(file))
	if len(keys) < 40 {
		t.Fatalf("only %d keys found", len(keys))
	}
	for _, key := range keys {
		for at := key.start; at < key.end; at++ {
			c := file[at]
			for _, typo := range []string{"", "x", string(c) + string(c), string(swapCase(c))} {
				if typo == string(c) {
					continue
				}
				text := string(file[:at]) + typo + string(file[at+1:])
				if got := openRoutes(t, text); got != "" && got != want {
					t.Errorf("key %q with %q for %q at %d: open are %s, not %s", string(file[key.start:key.end]), typo, c, at, got, want)
				}
			}
		}
	}
}

func TestALostCharacterNeverOpensARoute(t *testing.T) {
	file := string(read(t, demoFile))
	for at := range file {
		c, problems := config.Load("routes.yaml", []byte(file[:at]+file[at+1:]), config.Environment{})
		if problems != nil {
			continue
		}
		open := slices.DeleteFunc(slices.Clone(c.Routes), func(r config.RouteConfig) bool { return !r.Requirement().Public })
		if len(open) > 1 || len(open) == 1 && !strings.HasPrefix(open[0].Path.String(), "/s") && open[0].Path.String() != "/tatus" {
			t.Errorf("without %q at %d there are open routes: %+v", file[at], at, open)
		}
	}
}

// openRoutes lists the routes that need no token, with what they match; empty
// if the file does not load.
func openRoutes(t *testing.T, file string) string {
	t.Helper()
	c, problems := config.Load("routes.yaml", []byte(file), config.Environment{})
	if problems != nil {
		return ""
	}
	open := []string{}
	for _, r := range c.Routes {
		if requirement := r.Requirement(); requirement.Public || requirement.Empty() {
			open = append(open, fmt.Sprint(r.Name, " ", r.Host, r.Path, r.Methods))
		}
	}
	return fmt.Sprintf("%q", open)
}

type span struct{ start, end int }

// keyPlaces finds the keys of a file by their line and column.
func keyPlaces(t *testing.T, file string) []span {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(file), &document); err != nil {
		t.Fatal(err)
	}
	starts := []int{0}
	for i, c := range []rune(file) {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	var keys []span
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		for i, child := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 0 {
				start := starts[child.Line-1] + child.Column - 1
				keys = append(keys, span{start, start + len([]rune(child.Value))})
			}
			walk(child)
		}
	}
	walk(&document)
	return keys
}

func swapCase(c rune) rune {
	if unicode.IsUpper(c) {
		return unicode.ToLower(c)
	}
	return unicode.ToUpper(c)
}
