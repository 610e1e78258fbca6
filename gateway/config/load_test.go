package config_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/gateway/config"
)

const small = `version: 1
scopes: { a.read: Read a }
upstreams:
  a: { endpoints: [{ url: https://a.example }], tls: { ca_file: /ca.pem } }
routes:
  - { name: a, path: /a, upstream: a, require: { scopes: [a.read] } }
`

func load(t testing.TB, file string) *config.Config {
	t.Helper()
	c, problems := config.Load("routes.yaml", []byte(file), nothing())
	if problems != nil {
		t.Fatal(problems)
	}
	return c
}

func problems(t testing.TB, file string) config.Problems {
	t.Helper()
	c, problems := config.Load("routes.yaml", []byte(file), nothing())
	if c != nil || len(problems) == 0 {
		t.Fatalf("loaded %v with problems %v", c, problems)
	}
	return problems
}

func TestAFileBeyondTheSizeLimitIsNotRead(t *testing.T) {
	file := small + strings.Repeat("#", config.MaxFileSize)
	got := problems(t, file).Error()
	want := fmt.Sprintf("routes.yaml:1:1: the file has %d bytes, more than %d", len(file), config.MaxFileSize)
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestBytesThatAreNotUTF8AreFoundWhereTheyStand(t *testing.T) {
	got := problems(t, "version: 1\nscopes: { ä: \xff }\n").Error()
	if want := "routes.yaml:2:14: the file is not UTF-8"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOtherEncodingsAreNotGuessed(t *testing.T) {
	if got := problems(t, "\xff\xfev\x00e\x00").Error(); got != "routes.yaml:1:1: the file is not UTF-8" {
		t.Errorf("got %q", got)
	}
}

func TestAliasesThatExpandWithoutEndAreRefused(t *testing.T) {
	var file strings.Builder
	file.WriteString("version: 1\nroutes:\n  - &r\n    methods: [" + strings.Repeat("GET,", 2000) + "GET]\n")
	for range 2000 {
		file.WriteString("  - *r\n")
	}
	got := problems(t, file.String())
	if len(got) != 1 || !strings.Contains(got[0].Message, "more than 500000 values, counting what aliases repeat") {
		t.Errorf("got %d problems, first %v", len(got), got[0])
	}
}

func TestAnAliasBombInAKeyThatNobodyKnowsCostsNothing(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i < 'k'; i++ {
		bomb += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	if got := problems(t, bomb+small); len(got) != 10 {
		t.Errorf("got %d problems: %v", len(got), got)
	}
}

func TestOnlySoManyProblemsAreReported(t *testing.T) {
	var file strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&file, "key%d: x\n", i)
	}
	got := problems(t, file.String())
	if len(got) != 500 || got[499].Message != "there are more than 499 problems; these are the first" {
		t.Errorf("got %d, last %v", len(got), got[len(got)-1])
	}
}

func TestProblemsAreErrorsOnlyIfThereAreAny(t *testing.T) {
	var none config.Problems
	if err := none.Err(); err != nil {
		t.Errorf("no problems are the error %v", err)
	}
	var as config.Problems
	if err := problems(t, "version: 2\n").Err(); !errors.As(err, &as) || len(as) == 0 {
		t.Errorf("problems are the error %v", err)
	}
}

func TestProblemsHaveAJSONForm(t *testing.T) {
	got, err := json.Marshal(problems(t, strings.Replace(small, "version: 1", "version: 2", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"file":"routes.yaml","line":1,"column":10,"path":"version","message":"want the number 1, got the number 2"}]`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLaterProblemsAreReportedWhereTheValueStands(t *testing.T) {
	c := load(t, small)
	for path, want := range map[string]string{
		config.UpstreamPath("a", "tls", "ca_file"): "routes.yaml:4:65: upstreams.a.tls.ca_file: cannot be read",
		config.UpstreamPath("a", "timeout"):        "routes.yaml:4:6: upstreams.a.timeout: cannot be read",
		config.RoutePath(0, "path"):                "routes.yaml:6:22: routes[0].path: cannot be read",
		`scopes["a.read"]`:                         "routes.yaml:2:19: scopes[\"a.read\"]: cannot be read",
		"routes[7].path":                           "routes.yaml:6:3: routes[7].path: cannot be read",
		"":                                         "routes.yaml:1:1: cannot be read",
	} {
		if got := c.Problem(path, "cannot be read").String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTheManualsExampleOfAProblem(t *testing.T) {
	file := "version: 1\nscopes:\n  invoices.read: Read\nupstreams:\n  a: { endpoints: [{ url: http://a.example }] }\nroutes:\n" +
		"  - { name: a, path: /a, upstream: a, public: true }\n  - { name: b, path: /b, upstream: a, public: true }\n" +
		"  - name: c\n    path: /c\n    upstream: a\n    require:\n      scopes:\n      - invoice.read\n"
	want := `routes.yaml:14:9: routes[2].require.scopes[0]: unknown scope "invoice.read" (did you mean "invoices.read"?)`
	if got := problems(t, file).Error(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestRequirementOfARoute(t *testing.T) {
	id := authz.ClientID("5f4d7c1e-0b7a-4a52-8f3e-9a1d2c3b4e5f")
	c := load(t, strings.Replace(small, "{ scopes: [a.read] }",
		"{ scopes: [a.read], any_scope: [scopegate.introspect], clients: ["+string(id)+"] }", 1))
	want := authz.Requirement{
		Scopes:   authz.NewScopeSet("a.read"),
		AnyScope: authz.NewScopeSet("scopegate.introspect"),
		Clients:  map[authz.ClientID]struct{}{id: {}},
	}
	if diff := cmp.Diff(want, c.Routes[0].Requirement()); diff != "" {
		t.Error(diff)
	}
	var zero config.RouteConfig
	if requirement := zero.Requirement(); requirement.Public || !requirement.Empty() {
		t.Errorf("the zero route demands %+v", requirement)
	}
}

func TestRoutesGoIntoATable(t *testing.T) {
	c := load(t, strings.Replace(small, "path: /a,", "path: /a/*, strip_prefix: /a, methods: [GET],", 1))
	r, err := c.Routes[0].Route(0)
	if err != nil {
		t.Fatal(err)
	}
	if r.Name != "a" || r.Pattern.String() != "/a/*" || r.Rewrite == nil || !r.Requirement.Scopes.Has("a.read") {
		t.Errorf("got %+v", r)
	}
}

func TestCatalogueHoldsTheReservedScope(t *testing.T) {
	if got := load(t, small).Catalogue().String(); got != "a.read scopegate.introspect" {
		t.Errorf("got %q", got)
	}
}

func TestTheEffectiveConfigurationLoadsAgain(t *testing.T) {
	for _, c := range corpus(t) {
		first, _ := config.Load("routes.yaml", c.routes(t), c.environment())
		if first != nil {
			loadsAgain(t, first)
		}
	}
}

// loadsAgain loads the JSON form of a configuration: JSON is YAML.
func loadsAgain(t testing.TB, first *config.Config) {
	t.Helper()
	text := indented(t, first)
	if strings.Contains(text, "[redacted]") {
		return
	}
	second, problems := config.Load("routes.yaml", []byte(text), nothing())
	if problems != nil {
		t.Fatalf("%v\nof\n%s", problems, text)
	}
	if diff := cmp.Diff(text, indented(t, second)); diff != "" {
		t.Errorf("another configuration (-first +second):\n%s", diff)
	}
}
