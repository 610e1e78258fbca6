package gateway_test

import (
	"net/netip"
	"strings"
	"testing"

	"scopegate/authz"
	"scopegate/gateway"
	"scopegate/gateway/gatewaytest"
)

const explainedRoutes = `
version: 1
scopes: { a:read: Read }
upstreams: { legacy: { endpoints: [{ url: "${UPSTREAM}" }] } }
routes:
  - { name: plain, path: /plain, require: { scopes: [a:read] }, upstream: legacy }
  - { name: inside, path: /inside, require: { scopes: [a:read] }, addresses: { allow: [10.0.0.0/8] }, upstream: legacy }
  - { name: open, path: /open, public: true, addresses: { deny: [10.0.0.0/8] }, upstream: legacy }
  - { name: billing, path: /billing, resource: https://api.example/billing, require: { scopes: [a:read] }, upstream: legacy }
  - { name: bounded, path: /bounded, require: { scopes: [a:read] }, limits: { rate: 1/s, body: 1KiB }, upstream: legacy }
`

// Addresses and resources are judged as a request's are: a token of this kind
// gets the same answer.
func TestExplainJudgesAddressesAndResources(t *testing.T) {
	h := gatewaytest.New(t, explainedRoutes)
	in, out := netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("192.0.2.1")
	addresses, err := authz.ParseAddresses([]string{"10.0.0.0/8"})
	if err != nil {
		t.Fatal(err)
	}
	read := authz.NewScopeSet("a:read")
	live := func(status authz.Status, scopes *authz.ScopeSet) *authz.LiveClient {
		return &authz.LiveClient{ID: gatewaytest.Bob, Status: status, AllowedScopes: scopes, Addresses: addresses}
	}
	billing, other := []string{"https://api.example/billing"}, []string{"https://api.example/other"}
	for _, tc := range []struct {
		name string
		path string
		q    gateway.Question
		want authz.Reason
	}{
		{"an address that is listed", "/inside", gateway.Question{Scopes: read, From: in}, authz.ReasonAllowed},
		{"one that is not", "/inside", gateway.Question{Scopes: read, From: out}, authz.ReasonAddressNotAllowed},
		{"one that is not, without a token", "/inside", gateway.Question{From: out}, authz.ReasonAddressNotAllowed},
		{"one that is not said", "/inside", gateway.Question{Scopes: read}, authz.ReasonAllowed},
		{"one that is denied, on a public route", "/open", gateway.Question{From: in}, authz.ReasonAddressNotAllowed},
		{"another, on a public route", "/open", gateway.Question{From: out}, authz.ReasonPublic},
		{"bound to the route's resource", "/billing", gateway.Question{Scopes: read, Resources: billing}, authz.ReasonAllowed},
		{"bound to another", "/billing", gateway.Question{Scopes: read, Resources: other}, authz.ReasonOtherResource},
		{"bound to none", "/billing", gateway.Question{Scopes: read}, authz.ReasonAllowed},
		{"bound, on a route of none", "/plain", gateway.Question{Scopes: read, Resources: billing}, authz.ReasonOtherResource},
		{"the resource counts before the scopes", "/plain", gateway.Question{Scopes: authz.NewScopeSet(), Resources: billing}, authz.ReasonOtherResource},
		{"a client from its own addresses", "/plain", gateway.Question{Scopes: read, Live: live(authz.StatusActive, read), From: in}, authz.ReasonAllowed},
		{"a client from elsewhere", "/plain", gateway.Question{Scopes: read, Live: live(authz.StatusActive, read), From: out}, authz.ReasonAddressNotAllowed},
		{"a client that is disabled", "/plain", gateway.Question{Scopes: read, Live: live(authz.StatusDisabled, read)}, authz.ReasonClientDisabled},
		{"a client that is revoked", "/plain", gateway.Question{Scopes: read, Live: live(authz.StatusRevoked, read)}, authz.ReasonClientRevoked},
		{"a scope that was taken from the client", "/plain", gateway.Question{Scopes: read, Live: live(authz.StatusActive, authz.NewScopeSet())}, authz.ReasonInsufficientScope},
	} {
		tc.q.Method, tc.q.Path = "GET", tc.path
		if e, _ := h.Gateway.Explain(tc.q); e.Verdict != tc.want || e.Status != tc.want.Status() {
			t.Errorf("%s: %s (%d), want %s", tc.name, e.Verdict, e.Status, tc.want)
		}
	}
}

func TestExplainSaysWhatItDoesNotKnow(t *testing.T) {
	h := gatewaytest.New(t, explainedRoutes)
	read, from := authz.NewScopeSet("a:read"), netip.MustParseAddr("10.1.2.3")
	client := &authz.LiveClient{Status: authz.StatusActive, AllowedScopes: read}
	for _, tc := range []struct {
		name string
		path string
		q    gateway.Question
		want string
	}{
		{"nothing is left out of a refusal", "/plain", gateway.Question{}, ""},
		{"the list of a route", "/inside", gateway.Question{}, "the route's list of addresses"},
		{"no list, once it is said from where", "/inside", gateway.Question{From: from}, ""},
		{"a token and its client", "/plain", gateway.Question{Scopes: read}, "whether the token lives|the client: its status"},
		{"a token", "/plain", gateway.Question{Scopes: read, Live: client}, "whether the token lives"},
		{"limits", "/bounded", gateway.Question{Scopes: read, Live: client}, "whether the token lives|rates, concurrency|the length of the body: 1024 bytes"},
		{"a public route has no token", "/open", gateway.Question{}, "the route's list of addresses"},
	} {
		tc.q.Method, tc.q.Path = "GET", tc.path
		e, _ := h.Gateway.Explain(tc.q)
		want := strings.FieldsFunc(tc.want, func(r rune) bool { return r == '|' })
		if len(e.NotJudged) != len(want) {
			t.Errorf("%s: %q, want %q", tc.name, e.NotJudged, want)
			continue
		}
		for i := range want {
			if !strings.HasPrefix(e.NotJudged[i], want[i]) {
				t.Errorf("%s: %q, want %q", tc.name, e.NotJudged[i], want[i])
			}
		}
	}
	e, _ := h.Gateway.Explain(gateway.Question{Method: "GET", Path: "/plain", Scopes: read, Resources: []string{"https://nowhere.example"}})
	if !strings.Contains(e.Why, `no route belongs to the resource "https://nowhere.example"`) {
		t.Errorf("why: %s", e.Why)
	}
}
