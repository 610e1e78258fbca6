package route_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"scopegate/gateway/route"
)

// parseRoutes reads lines of "name METHODS [host]/path [slash] [cors]", where
// METHODS is a list with commas or "any". Empty lines and # are passed over.
func parseRoutes(text string) ([]*route.Route, error) {
	var routes []*route.Route
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		if len(fields) < 3 {
			return nil, fmt.Errorf("route line %q", line)
		}
		host, path := cutHost(fields[2])
		pattern, err := route.ParsePattern(path)
		if err != nil {
			return nil, err
		}
		r := &route.Route{Index: len(routes), Name: fields[0], Host: host, Pattern: pattern}
		if fields[1] != "any" {
			r.Methods = strings.Split(fields[1], ",")
		}
		for _, option := range fields[3:] {
			r.AllowEncodedSlash = r.AllowEncodedSlash || option == "slash"
			r.HasCORS = r.HasCORS || option == "cors"
		}
		routes = append(routes, r)
	}
	return routes, nil
}

func cutHost(target string) (host, path string) {
	i := strings.IndexByte(target, '/')
	if i < 0 {
		return target, ""
	}
	return target[:i], target[i:]
}

func mustTable(t testing.TB, text string) *route.Table {
	t.Helper()
	routes, err := parseRoutes(text)
	if err != nil {
		t.Fatal(err)
	}
	table, err := route.NewTable(routes)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// answer is what a front would say: a route's name, 400, 404 or 405.
func answer(table *route.Table, host, method, raw string) string {
	path, err := route.Canonical(raw)
	if err != nil {
		return "400"
	}
	return outcome(table.Match(host, method, &path))
}

// Each file of testdata holds routes, and lines "METHOD [host]/path -> answer".
// Each line must hold for the file's order of the routes and for others.
func TestTablesOfTestdata(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			routes, lines := readArchive(t, file)
			for seed := range uint64(4) {
				if seed > 0 {
					shuffle := rand.New(rand.NewPCG(seed, 0))
					shuffle.Shuffle(len(routes), func(i, j int) { routes[i], routes[j] = routes[j], routes[i] })
				}
				table, err := route.NewTable(routes)
				if err != nil {
					t.Fatal(err)
				}
				for _, line := range lines {
					checkLine(t, table, line)
				}
			}
		})
	}
}

func readArchive(t *testing.T, file string) (routes []*route.Route, lines []string) {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		switch f.Name {
		case "routes":
			if routes, err = parseRoutes(string(f.Data)); err != nil {
				t.Fatal(err)
			}
		case "want":
			for line := range strings.Lines(string(f.Data)) {
				if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
					lines = append(lines, line)
				}
			}
		default:
			t.Fatalf("%s holds a file %q", file, f.Name)
		}
	}
	if len(routes) == 0 || len(lines) == 0 {
		t.Fatalf("%s lacks routes or want", file)
	}
	return routes, lines
}

func checkLine(t *testing.T, table *route.Table, line string) {
	t.Helper()
	request, want, ok := strings.Cut(line, " -> ")
	method, target, ok2 := strings.Cut(request, " ")
	if !ok || !ok2 {
		t.Fatalf("line %q", line)
	}
	host, raw := cutHost(target)
	if got := answer(table, host, method, raw); got != want {
		t.Errorf("%s -> %s", request, got)
		t.Errorf("want%s%s", strings.Repeat(" ", len(request)), want)
	}
}

// tables for the oracle: every kind of overlap, small enough to hit often.
var (
	somePatterns = []string{
		"/", "/*", "/a", "/a/", "/a/*", "/a/b", "/a/b/*", "/a/{x}", "/a/{x}/", "/a/{x}/*", "/a/{x}/c", "/a/b/{y}", "/a/{x}/{y}",
		"/{x}", "/{x}/*", "/{x}/b", "/{x}/b/*", "/{x}/{y}", "/{x}/{y}/c", "/{x}/b/c/*", "/b/{x}/c/d", "/b/*", "/oauth", "/{x}/token",
	}
	someSegments = []string{"a", "b", "c", "d", "%61", "a%2fb", "b%2Fc", "", "ab", "oauth", "%6fauth", "token"}
	someMethods  = []string{"GET", "HEAD", "POST", "DELETE", "OPTIONS", "TRACE", "connect", "get"}
	someHosts    = []string{"", "x.example", "y.example"}
)

// someTable draws a table from bytes; routes that conflict are left out.
func someTable(t *testing.T, draw func(n int) int) (*route.Table, linear) {
	t.Helper()
	var routes []*route.Route
	var table *route.Table
	for range 1 + draw(12) {
		r := &route.Route{
			Index: len(routes), Name: fmt.Sprintf("r%d", len(routes)),
			Host: someHosts[draw(2)], Pattern: mustPattern(t, somePatterns[draw(len(somePatterns))]),
			AllowEncodedSlash: draw(2) == 1,
		}
		for range draw(3) {
			r.Methods = append(r.Methods, someMethods[draw(5)])
		}
		if bigger, err := route.NewTable(append(routes, r)); err == nil {
			table, routes = bigger, append(routes, r)
		}
	}
	return table, routes
}

func compareWithOracle(t *testing.T, draw func(n int) int) {
	t.Helper()
	table, oracle := someTable(t, draw)
	for range 8 {
		raw := ""
		for range 1 + draw(4) {
			raw += "/" + someSegments[draw(len(someSegments))]
		}
		host, method := someHosts[draw(3)], someMethods[draw(len(someMethods))]
		if _, err := route.Canonical(raw); err != nil {
			continue
		}
		if got, want := answer(table, host, method, raw), oracle.match(host, method, raw); got != want {
			for _, r := range oracle {
				t.Logf("%s %v %s%s slash=%t", r.Name, r.Methods, r.Host, r.Pattern, r.AllowEncodedSlash)
			}
			t.Fatalf("%s %s%s -> %s, the oracle says %s", method, host, raw, got, want)
		}
	}
}

func TestTheTableAgreesWithALinearMatcher(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		compareWithOracle(t, random.IntN)
	}
}

func FuzzMatch(f *testing.F) {
	for seed := range byte(8) {
		f.Add([]byte(strings.Repeat(string([]byte{seed, seed * 7, 3, 251 - seed}), 40)))
	}
	if data, err := os.ReadFile("testdata/order.txtar"); err == nil {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		compareWithOracle(t, func(n int) int {
			if len(data) == 0 {
				return 0
			}
			drawn := int(data[0]) % n
			data = data[1:]
			return drawn
		})
	})
}
