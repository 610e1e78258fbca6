package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"scopegate/authz/admin"
)

// RFC 8707 section 2, as the token endpoint and the guarded routes serve it.
func TestATokenBoundToAResourceOpensOnlyThatResourcesRoutes(t *testing.T) {
	const billing, reports = "https://api.example.com/billing", "https://api.example.com/reports"
	routes := strings.ReplaceAll(oneRoute, "path: /invoices/*,", "path: /invoices/*, resource: "+billing+",") +
		"  - { name: reports, path: /reports, resource: " + reports + ", require: { scopes: [invoices.read] }, upstream: billing }\n" +
		"  - { name: plain, path: /plain, require: { scopes: [invoices.read] }, upstream: billing }\n"
	p := serveInProcess(t, routes, nil)
	c := p.register("worker")

	const passed = http.StatusBadGateway // nobody listens behind the routes
	cases := []struct {
		name     string
		resource []string
		want     map[string]int
	}{
		{"none", nil, map[string]int{"/invoices/1": passed, "/reports": passed, "/plain": passed}},
		{"one", []string{"resource", billing}, map[string]int{"/invoices/1": passed, "/reports": 401, "/plain": 401}},
		{
			"both, one twice",
			[]string{"resource", billing, "resource", reports, "resource", billing},
			map[string]int{"/invoices/1": passed, "/reports": passed, "/plain": 401},
		},
	}
	for _, tc := range cases {
		token := p.token(c, tc.resource...)
		for path, want := range tc.want {
			if status, code := p.get(path, token); status != want || want == 401 && code != "invalid_token" {
				t.Errorf("%s: %s: %d %s, want %d", tc.name, path, status, code, want)
			}
		}
	}
	for _, unknown := range []string{"https://api.example.com", billing + "/", billing + "?x", "https://API.example.com/billing", "x"} {
		if status, _, body := p.ask(c, "resource", billing, "resource", unknown); status != http.StatusBadRequest || body["error"] != "invalid_target" {
			t.Errorf("%q: %d %v", unknown, status, body)
		}
	}
	if status, _, body := p.ask(c, "scope", "invoices.read", "scope", "invoices.read"); status != http.StatusBadRequest || body["error"] != "invalid_request" {
		t.Errorf("a repeated scope: %d %v", status, body)
	}
}

// An operator who looks into a problem of a bound token makes one like it.
func TestTokensIssueBindsToResources(t *testing.T) {
	const billing, reports = "https://api.example.com/billing", "https://api.example.com/reports"
	routes := strings.ReplaceAll(oneRoute, "path: /invoices/*,", "path: /invoices/*, resource: "+billing+",") +
		"  - { name: reports, path: /reports, resource: " + reports + ", require: { scopes: [invoices.read] }, upstream: billing }\n" +
		"  - { name: plain, path: /plain, require: { scopes: [invoices.read] }, upstream: billing }\n"
	p := serveInProcess(t, routes, nil)
	c := p.register("worker")

	var bound, free admin.Token
	p.json(&bound, "tokens", "issue", c.Client.ID, "--resource", reports, "--resource", billing, "--resource", reports)
	p.json(&free, "tokens", "issue", c.Client.ID)
	if want := []string{billing, reports}; !slices.Equal(bound.Resources, want) || free.Resources != nil {
		t.Errorf("bound to %v and %v, want %v and none", bound.Resources, free.Resources, want)
	}
	for token, want := range map[string]int{bound.AccessToken: http.StatusUnauthorized, free.AccessToken: http.StatusBadGateway} {
		if status, _ := p.get("/plain", token); status != want {
			t.Errorf("/plain: %d, want %d", status, want)
		}
		if status, _ := p.get("/reports", token); status != http.StatusBadGateway {
			t.Errorf("/reports: %d", status)
		}
	}
	if out := p.cli("audit", "--client", c.Client.ID); !strings.Contains(out, `bound to "`+billing+" "+reports+`"`) {
		t.Errorf("the control log does not say what the token is bound to:\n%s", out)
	}
	if out := p.cli("tokens", "issue", c.Client.ID, "--resource", billing); !strings.Contains(out, billing) {
		t.Errorf("not shown: %s", out)
	}
	p.refused(exitFailed, "a requested resource is unknown", "tokens", "issue", c.Client.ID, "--resource", "https://api.example.com/other")
	p.refused(exitFailed, "a requested resource is unknown", "tokens", "issue", c.Client.ID, "--resource", "")
}
