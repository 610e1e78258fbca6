package gateway_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/gateway/gatewaytest"
)

const meteredRoutes = plainRoutes + `
  - { name: any, path: /any, require: { any_scope: [a:read, a:write] }, upstream: legacy }
  - { name: all, path: /all, require: { scopes: [a:read, a:write] }, upstream: legacy }
  - { name: listed, path: /listed, require: { clients: [22222222-2222-4222-8222-222222222222] }, upstream: legacy }
  - { name: q, path: /q, require: { scopes: [a:read] }, quota: { requests: 1, per: day }, upstream: legacy }
`

// used says what the client of a token used: its requests, then each scope's uses.
func used(h *gatewaytest.Harness, token string) string {
	u := h.World.Meter(token).Usage(time.Now())
	words := []string{fmt.Sprint(u.Total.Requests)}
	for _, s := range u.Scopes {
		words = append(words, fmt.Sprintf("%s=%d", s.Scope, s.Uses))
	}
	return strings.Join(words, " ")
}

func TestAScopeIsUsedWhereARouteThatAsksForItLetsItPass(t *testing.T) {
	for _, c := range []struct{ name, method, path, token, want string }{
		{"the scope that the route asks for", "GET", "/a/7", "both", "1 a:read=1 a:write=0"},
		{"all that the route asks for", "GET", "/all", "both", "1 a:read=1 a:write=1"},
		{"of the alternatives, those that the token has", "GET", "/any", "write", "1 a:read=0 a:write=1"},
		{"of the alternatives, all that the token has", "GET", "/any", "both", "1 a:read=1 a:write=1"},
		{"a refusal uses none", "POST", "/a/7", "read", "1 a:read=0 a:write=0"},
		{"another client's list uses none", "GET", "/listed", "both", "1 a:read=0 a:write=0"},
		{"a route that asks for a client uses none", "GET", "/listed", "bob", "1 a:read=0 a:write=0"},
		{"a public route does not ask who it is", "GET", "/public/x", "both", "0 a:read=0 a:write=0"},
		{"no route", "GET", "/nothing", "both", "0 a:read=0 a:write=0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := gatewaytest.New(t, meteredRoutes)
			x, _ := newExchange(c.method, c.path, c.token)
			h.Gateway.Serve(t.Context(), x)
			if got := used(h, c.token); got != c.want {
				t.Errorf("used: %s, want %s", got, c.want)
			}
		})
	}
}

func TestADeadTokenAndALimitUseNothing(t *testing.T) {
	h := gatewaytest.New(t, meteredRoutes)
	for _, token := range []string{"revoked", "expired", "unknown", ""} {
		x, _ := newExchange("GET", "/a/7", token)
		h.Gateway.Serve(t.Context(), x)
	}
	if got := used(h, "read"); got != "0 a:read=0 a:write=0" {
		t.Errorf("dead tokens used: %s", got)
	}
	for range 3 {
		x, _ := newExchange("GET", "/q", "read")
		h.Gateway.Serve(t.Context(), x)
	}
	if got := used(h, "read"); got != "3 a:read=1 a:write=0" {
		t.Errorf("three requests, of which the quota let one pass, used: %s", got)
	}
}

func TestTheRequirementsInForceAreTold(t *testing.T) {
	h := gatewaytest.New(t, meteredRoutes)
	var got []string
	for _, r := range h.Gateway.Requirements() {
		got = append(got, fmt.Sprintf("%s %t %s|%s %d", r.Route, r.Requirement.Public, r.Requirement.Scopes, r.Requirement.AnyScope, len(r.Requirement.Clients)))
	}
	want := []string{
		"read false a:read| 0", "write false a:write| 0", "public true | 0",
		"any false |a:read a:write 0", "all false a:read a:write| 0", "listed false | 1", "q false a:read| 0",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s", strings.Join(got, "\n"))
	}
	if asked := authz.AskedScopes(h.Gateway.Requirements()); asked.String() != "a:read a:write" {
		t.Errorf("asked: %s", asked)
	}
}
