package gateway_test

import (
	"testing"

	"scopegate/authz"
	"scopegate/gateway"
	"scopegate/gateway/gatewaytest"
)

func TestExplainSaysWhatARequestWouldHear(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes+`  - { name: strip, path: "/old/*", strip_prefix: /old, require: { scopes: [a:read], clients: [11111111-1111-4111-8111-111111111111] }, upstream: legacy }
`)
	read := authz.NewScopeSet("a:read")
	for _, tc := range []struct {
		name     string
		q        gateway.Question
		verdict  authz.Reason
		route    string
		final    string
		upstream string
	}{
		{"allowed", gateway.Question{Method: "GET", Path: "/a/7", Scopes: read}, authz.ReasonAllowed, "read", "/a/7", "legacy"},
		{"no token", gateway.Question{Method: "GET", Path: "/a/7"}, authz.ReasonNoToken, "read", "/a/7", "legacy"},
		{"a scope is missing", gateway.Question{Method: "POST", Path: "/a/7", Scopes: read}, authz.ReasonInsufficientScope, "write", "/a/7", "legacy"},
		{"public", gateway.Question{Method: "GET", Path: "/public/x"}, authz.ReasonPublic, "public", "/public/x", "legacy"},
		{"no route", gateway.Question{Method: "GET", Path: "/b"}, authz.ReasonNoRoute, "", "", ""},
		{"wrong method", gateway.Question{Method: "DELETE", Path: "/a/7"}, authz.ReasonMethodNotAllowed, "", "", ""},
		{"bad path", gateway.Question{Method: "GET", Path: "/a/../b"}, authz.ReasonBadPath, "", "", ""},
		{"bad host", gateway.Question{Method: "GET", Host: "a b", Path: "/a/7"}, authz.ReasonBadRequest, "", "", ""},
		{"reserved", gateway.Question{Method: "POST", Path: "/oauth/token"}, authz.ReasonNoRoute, "", "", ""},
		{"another client's", gateway.Question{Method: "GET", Path: "/old/x", Scopes: read}, authz.ReasonClientNotAllowed, "strip", "/x", "legacy"},
		{"its client", gateway.Question{Method: "GET", Path: "/old/x", Scopes: read, Client: gatewaytest.Alice}, authz.ReasonAllowed, "strip", "/x", "legacy"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e, ok := h.Gateway.Explain(tc.q)
			if !ok {
				t.Fatal("no snapshot")
			}
			name := ""
			if e.Route != nil {
				name = e.Route.Name
			}
			if e.Verdict != tc.verdict || name != tc.route || e.Final != tc.final || e.Upstream != tc.upstream {
				t.Errorf("got %s %q %q %q, want %s %q %q %q", e.Verdict, name, e.Final, e.Upstream, tc.verdict, tc.route, tc.final, tc.upstream)
			}
			if e.Why == "" {
				t.Error("it does not say why")
			}
		})
	}
	routes := h.Gateway.Routes()
	if len(routes) != 4 || routes[3].Name != "strip" || routes[3].Clients != 1 || !routes[2].Public {
		t.Errorf("routes: %+v", routes)
	}
}
