package diff_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"scopegate/authz"
	"scopegate/gateway/config"
	"scopegate/gateway/route"
)

// TestNothingWidensUnsaid compares random files by trying every short path
// with every token: what one caller can reach with the new file and not with
// the old must be reported as widening, and what narrows as narrowing.
func TestNothingWidensUnsaid(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 11))
	compared := 0
	for range 400 {
		oldText, nextText := randomRoutes(random), randomRoutes(random)
		old, next := loadOrNil(oldText), loadOrNil(nextText)
		if old == nil || next == nil {
			continue // two routes that conflict
		}
		compared++
		gains, losses := tried(t, old, next), tried(t, next, old)
		report := compare(t, old, next)
		narrows := strings.Contains("\n"+strings.Join(report.Words(1000), "\n"), "\nnarrows: ")
		if gains != "" && !report.Widens() {
			t.Fatalf("%s is gained but not told: %v\nold:\n%s\nnew:\n%s", gains, report.Words(1000), oldText, nextText)
		}
		if losses != "" && !narrows {
			t.Fatalf("%s is lost but not told: %v\nold:\n%s\nnew:\n%s", losses, report.Words(1000), oldText, nextText)
		}
		if gains == "" && report.Widens() || losses == "" && narrows {
			t.Fatalf("nothing is gained (%s) or lost (%s), but told: %v\nold:\n%s\nnew:\n%s", gains, losses, report.Words(1000), oldText, nextText)
		}
	}
	if compared < 100 {
		t.Errorf("only %d pairs of files were good", compared)
	}
}

func randomRoutes(random *rand.Rand) string {
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	var b strings.Builder
	for i := range 1 + random.IntN(4) {
		path := pick("/*", "/p", "/p/*", "/p/", "/{n}", "/p/{n}", "/{n}/q", "/p/q", "/{n}/*", "/{n}/{m}")
		demand := pick("require: { scopes: [a] }", "require: { scopes: [a, b] }", "require: { any_scope: [a, b] }", "public: true", "require: { scopes: [b] }")
		fmt.Fprintf(&b, "  - { name: r%d, path: \"%s\", %s %s upstream: legacy%s }\n", i, path, pick("", "methods: [GET],", "methods: [POST],", "methods: [GET, POST],"), demand+",", pick("", "", ", host: h.example"))
	}
	return b.String()
}

func loadOrNil(routes string) *config.Config {
	cfg, problems := config.Load("routes.yaml", []byte(head+routes), config.Environment{})
	if len(problems) > 0 {
		return nil
	}
	return cfg
}

// tried returns a request that passes by next and not by old, if there is one.
func tried(t *testing.T, old, next *config.Config) string {
	t.Helper()
	a, b := tableOf(t, old), tableOf(t, next)
	tokens := []*authz.ScopeSet{nil, authz.NewScopeSet("a"), authz.NewScopeSet("b"), authz.NewScopeSet("a", "b")}
	for _, host := range []string{"h.example", "i.example"} {
		for _, method := range []string{"GET", "POST", "DELETE"} {
			for _, text := range []string{"/", "/p", "/z", "/p/", "/z/", "/p/q", "/p/z", "/z/q", "/z/z", "/p/q/", "/z/z/", "/p/q/z", "/z/z/z", "/p/z/z", "/z/q/z"} {
				path, err := route.Canonical(text)
				if err != nil {
					t.Fatal(err)
				}
				for _, token := range tokens {
					if passes(b, host, method, &path, token) && !passes(a, host, method, &path, token) {
						return fmt.Sprint(host, " ", method, " ", text, " with ", token)
					}
				}
			}
		}
	}
	return ""
}

func passes(table *route.Table, host, method string, path *route.Path, token *authz.ScopeSet) bool {
	m := table.Match(host, method, path)
	if m.Route == nil {
		return false
	}
	r := &m.Route.Requirement
	return r.Public || token != nil && r.Judge("", token) == authz.ReasonAllowed
}

func tableOf(t *testing.T, cfg *config.Config) *route.Table {
	t.Helper()
	var routes []*route.Route
	for i := range cfg.Routes {
		r, err := cfg.Routes[i].Route(i)
		if err != nil {
			t.Fatal(err)
		}
		routes = append(routes, r)
	}
	table, err := route.NewTable(routes)
	if err != nil {
		t.Fatal(err)
	}
	return table
}
