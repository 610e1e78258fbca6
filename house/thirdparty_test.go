package house_test

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// A guest is a third-party module and the rooms where its name may be spoken.
type guest struct {
	module string
	rooms  []string // none: in tests only
	why    string
}

// wider are modules that any room which is not closed to third parties may
// use: they are the standard library's own workshop.
const wider = "golang.org/x/"

// The guests. One name lives in one room, so that replacing it touches one
// room. A new one needs a decision record under docs/adr and a line here.
var guests = []guest{
	{"github.com/labstack/echo/v4", []string{"authz/oauth", "authz/admin", "cmd/scopegate"}, "the framework of the fixed endpoints and of the servers that cmd builds; no access decision is made with its router"},
	{"github.com/dgraph-io/badger/v4", []string{"store/badgerstore"}, "the embedded engine; no type of it crosses authz.Store"},
	{"github.com/dgraph-io/ristretto/v2", []string{"store/badgerstore"}, "badger's own allocator, of which its options speak"},
	{"gopkg.in/yaml.v3", []string{"strict", "gateway/config", "gateway/openapi"}, "our own files are read by the tables of one room, strictly, and config has kinds of its own; OpenAPI documents of others in another, leniently, so that neither bends to the other"},
	{"github.com/prometheus/client_golang", []string{"metrics"}, "metrics are made through typed methods only"},
	{"github.com/spf13/cobra", []string{"cmd/scopegate"}, "the command line"},
	{"github.com/spf13/pflag", []string{"cmd/scopegate"}, "the command line"},
	{"github.com/fsnotify/fsnotify", []string{"cmd/scopegate"}, "a changed routes.yaml is a reason to reload, which cmd does"},
	{"github.com/coreos/go-systemd/v22", []string{"cmd/scopegate"}, "readiness, watchdog and handed-over sockets are process life"},
	{"github.com/KimMachineGun/automemlimit", []string{"cmd/scopegate"}, "the memory limit is process life"},
	{"github.com/google/go-cmp", nil, "comparisons in tests"},
	{"github.com/rogpeppe/go-internal", nil, "testscript: end-to-end scripts"},
	{"github.com/anishathalye/porcupine", nil, "checks recorded histories for linearizability"},
	{"github.com/santhosh-tekuri/jsonschema/v6", nil, "judges the generated schema from outside"},
	{"github.com/prometheus/common", nil, "reads our own metrics as a scraper would"},
	{"go.uber.org/goleak", nil, "finds goroutines without an owner"},
}

func TestEachThirdPartyNameLivesWhereItMay(t *testing.T) {
	for _, s := range sources(t) {
		r := roomOf(s.dir)
		if r == nil {
			continue
		}
		for _, path := range s.imports() {
			if !isThirdParty(path) || strings.HasPrefix(path, wider) {
				continue
			}
			g := guestOf(path)
			switch {
			case g == nil:
				t.Errorf("%s imports %s, an unknown guest: add it to thirdparty_test.go with its room and its reason", s.path, path)
			case s.isTest || isTestKit(s.dir) || measures(r):
				// Tests may speak to whom they need.
			case len(g.rooms) == 0:
				t.Errorf("%s imports %s outside a test: %s", s.path, path, g.why)
			case !slices.ContainsFunc(g.rooms, func(name string) bool { return name == r.name }):
				t.Errorf("%s imports %s, which lives in %s: %s", s.path, path, strings.Join(g.rooms, ", "), g.why)
			}
		}
	}
}

func TestEveryGuestOfTheTableIsRequiredByTheModule(t *testing.T) {
	gomod, err := os.ReadFile("../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range guests {
		if !strings.Contains(string(gomod), "\t"+g.module+" v") && !strings.Contains(string(gomod), "require "+g.module+" v") {
			t.Errorf("%s is in the table but not in go.mod: the rule about it guards nothing", g.module)
		}
		for _, name := range g.rooms {
			if r := roomOf(name); r == nil || r.name != name {
				t.Errorf("%s lives in %s, which is no room", g.module, name)
			}
		}
	}
}

func TestProductionCodeDoesNotImportTesting(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest || isTestKit(s.dir) {
			continue
		}
		for _, path := range s.imports() {
			if path == "testing" || strings.HasPrefix(path, "testing/") || path == "net/http/httptest" {
				t.Errorf("%s imports %s: it would put test flags into the product; test kits are packages whose name ends in \"test\"", s.path, path)
			}
		}
	}
}

// isTestKit tells packages such as storetest, which exist for other tests.
func isTestKit(dir string) bool { return strings.HasSuffix(dir, "test") }

// measures tells the rooms that are no part of the product.
func measures(r *room) bool { return optional[r.name] }

func isThirdParty(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return strings.Contains(first, ".")
}

func guestOf(path string) *guest {
	for i := range guests {
		if m := guests[i].module; path == m || strings.HasPrefix(path, m+"/") {
			return &guests[i]
		}
	}
	return nil
}
