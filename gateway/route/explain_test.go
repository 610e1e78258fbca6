package route_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/gateway/route"
)

// told is an explanation as text, a line for each thing that it says.
func told(e route.Explanation) string {
	var text strings.Builder
	fmt.Fprintf(&text, "%s: %s\n", e.Outcome, e.Why)
	if e.Path != "" {
		fmt.Fprintf(&text, "path %s%s\n", e.Host, e.Path)
	}
	if e.Allow != "" {
		fmt.Fprintf(&text, "allow %s\n", e.Allow)
	}
	for _, c := range e.Captures {
		fmt.Fprintf(&text, "%s = %s\n", c.Name, c.Decoded)
	}
	if e.Target != "" {
		fmt.Fprintf(&text, "to %s\n", e.Target)
	}
	for _, c := range e.Candidates {
		mark := "-"
		if c.Chosen {
			mark = "+"
		}
		fmt.Fprintf(&text, "%s %s: %s\n", mark, c.Route.Name, c.Why)
	}
	return text.String()
}

func TestExplanations(t *testing.T) {
	routes, err := parseRoutes(`
root     any        /*                               slash
status   any        /status
tree     any        /invoices/*
read     GET        /invoices/{id}
write    PUT        /invoices/{id}
lines    any        /invoices/{id}/lines
api      any        api.example.com/invoices/*
other    any        other.example.com/invoices/*
`)
	if err != nil {
		t.Fatal(err)
	}
	routes[1].Requirement.Public = true
	routes[3].Requirement.Scopes = authz.NewScopeSet("invoices.read")
	if routes[3].Rewrite, err = route.ParseRewrite(routes[3].Pattern, "", "/v2/{id}"); err != nil {
		t.Fatal(err)
	}
	table, err := route.NewTable(routes)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ request, want string }{
		{"GET /invoices/%37", `
found: route "read" judges the request
path /invoices/7
id = 7
to /v2/%37
- api: only for host "api.example.com"
- other: only for host "other.example.com"
+ read: most specific
- write: does not take "GET"
- tree: less specific than /invoices/{id}
- root: less specific than /invoices/{id}
`},
		{"DELETE /invoices/7", `
method not allowed: the most specific path takes GET, HEAD, PUT, not "DELETE"
path /invoices/7
allow GET, HEAD, PUT
- api: only for host "api.example.com"
- other: only for host "other.example.com"
- read: does not take "DELETE"
- write: does not take "DELETE"
- tree: less specific than /invoices/{id}
- root: less specific than /invoices/{id}
`},
		{"GET API.example.com:80/invoices/7", `
found: route "api" judges the request
path api.example.com/invoices/7
to /invoices/7
+ api: most specific
- other: only for host "other.example.com"
- read: /invoices/* has the request's host
- write: /invoices/* has the request's host
- tree: /invoices/* has the request's host
- root: /invoices/* has the request's host
`},
		{"GET /status", `
found: route "status" judges the request; it is public
path /status
to /status
+ status: most specific
- root: less specific than /status
`},
		{"TRACE /status", `
method not allowed: TRACE never passes
path /status
allow DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT
- status: does not take "TRACE"
- root: less specific than /status
`},
		{"GET /%6fauth/token", `
no route: the path belongs to the authorization server
path /oauth/token
`},
		{"GET /invoices/../status", `
no route: path: "/../status" is a dot segment
`},
		{"GET a,b/status", `
bad host: the host "a,b" is neither a name nor an address
path /status
`},
		{"GET /status/a%2fb", `
found: route "root" judges the request
path /status/a%2Fb
to /status/a%2fb
+ root: most specific
`},
		{"GET /invoices/a%2fb", `
encoded slash refused: path: "%2f" is an encoded slash; a route accepts it only with allow_encoded_slash: true
path /invoices/a%2Fb
- api: only for host "api.example.com"
- other: only for host "other.example.com"
- read: does not allow an encoded slash
- write: does not take "GET"
- tree: less specific than /invoices/{id}
- root: less specific than /invoices/{id}
`},
		{"GET /invoices%2f7", `
encoded slash refused: path: "%2f" is an encoded slash, and with a plain one another route judges the path
path /invoices%2F7
- root: with a plain slash another route judges the path
`},
	}
	for _, test := range tests {
		t.Run(test.request, func(t *testing.T) {
			method, target, _ := strings.Cut(test.request, " ")
			host, raw := cutHost(target)
			e := table.Explain(host, method, raw)
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), told(e)); diff != "" {
				t.Error(diff)
			}
			if (e.Route == nil) != (e.Requirement == nil) {
				t.Errorf("route %v, requirement %v", e.Route, e.Requirement)
			}
		})
	}
}

func TestExplainAgreesWithMatch(t *testing.T) {
	table := mustTable(t, bigTable(40))
	for _, raw := range []string{"/svc1/v1/items/2", "/svc1/v1/x", "/svc99/v1", "/svc1/v1/items/a%2fb"} {
		for _, method := range []string{"GET", "PATCH", "TRACE"} {
			m, e := table.Match("", method, mustPath(t, raw)), table.Explain("", method, raw)
			if e.Outcome != m.Outcome || e.Route != m.Route || e.Allow != m.Allow {
				t.Errorf("%s %s: %v %v, Match says %v %v", method, raw, e.Outcome, e.Route, m.Outcome, m.Route)
			}
		}
	}
}
