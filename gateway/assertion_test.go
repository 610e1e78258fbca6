package gateway_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"scopegate/authz"
	"scopegate/authz/assertion"
	"scopegate/gateway/exchange"
	"scopegate/gateway/gatewaytest"
)

const assertingRoutes = `
version: 1
oauth: { issuer: "https://api.example.com" }
scopes: { a:read: Read }
upstreams:
  signed:
    endpoints: [{ url: "${UPSTREAM}" }]
    principal_assertion: { audience: "https://billing.internal", ttl: 20s }
  second:
    endpoints: [{ url: "${UPSTREAM}" }]
    principal_assertion: { audience: "https://reports.internal" }
  plain: { endpoints: [{ url: "${UPSTREAM}" }] }
routes:
  - { name: signed, path: "/partner/*", strip_prefix: /partner, require: { scopes: [a:read] }, upstream: signed }
  - { name: second, path: "/second", require: { scopes: [a:read] }, upstream: second }
  - { name: plain, path: /plain, require: { scopes: [a:read] }, upstream: plain }
  - { name: public, path: /public, public: true, upstream: signed }
`

// forgeries are fields by which a caller would speak in an assertion's name.
var forgeries = []exchange.Field{
	{Name: "X-Principal-Assertion", Value: "forged"},
	{Name: "x_principal_assertion", Value: "forged"},
	{Name: "X.Principal.Assertion", Value: "forged"},
	{Name: "X-Principal-Assertion_", Value: "forged"},
	{Name: "X-PRINCIPAL~ASSERTION", Value: ""},
	{Name: "Connection", Value: "X-Principal-Assertion"},
}

// sent returns what the upstream would read under names that fold to the
// assertion's.
func sent(t *testing.T, h *gatewaytest.Harness, x *exchange.Exchange) (values []string) {
	t.Helper()
	if r := h.Gateway.ServeWithoutUpstream(t.Context(), x, func(fields []exchange.Field) {
		for _, f := range fields {
			if exchange.EqualFolded(strings.Trim(f.Name, "_"), "x-principal-assertion") {
				values = append(values, strings.Clone(f.Value))
			}
		}
	}); r != authz.ReasonAllowed && r != authz.ReasonPublic {
		t.Fatal(r)
	}
	return values
}

func claimsOf(t *testing.T, text string) (c assertion.Claims) {
	t.Helper()
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("%q is no assertion", text)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(payload, &c); err != nil {
		t.Fatal(err)
	}
	return c
}

func TestAnAssertionIsBoundToAudienceMethodAndThePathThatTheUpstreamSees(t *testing.T) {
	h := gatewaytest.New(t, assertingRoutes)
	x, _ := newExchange("PATCH", "/partner/a%20b", "read", forgeries...)
	x.Query, x.HasQuery = "page=2", true
	x.Fields = append(x.Fields, exchange.Field{Name: "X-Request-Id", Value: "r-1"})
	before := time.Now().Unix()
	values := sent(t, h, x)
	if len(values) != 1 {
		t.Fatalf("the upstream reads %q", values)
	}
	got := claimsOf(t, values[0])
	want := assertion.Claims{
		Issuer: "https://api.example.com", Audience: "https://billing.internal", Subject: string(gatewaytest.Alice), ClientID: string(gatewaytest.Alice),
		Scope: "a:read", GrantType: "client_credentials", OwnerType: "tenant", OwnerID: "42", RequestID: "r-1", Method: "PATCH", Path: "/a%20b",
	}
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(assertion.Claims{}, "TokenID", "ID", "IssuedAt", "ExpiresAt")); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if now := time.Now().Unix(); got.IssuedAt < before || got.IssuedAt > now || got.ExpiresAt != got.IssuedAt+20 {
		t.Errorf("from %d to %d, now is %d", got.IssuedAt, got.ExpiresAt, now)
	}
	if len(got.TokenID) != 16 || strings.Contains(gatewaytest.TokenText("read"), got.TokenID) {
		t.Errorf("token_id %q", got.TokenID)
	}
}

func TestEachAssertionIsOfItsUpstreamAndOfItsRequest(t *testing.T) {
	h := gatewaytest.New(t, assertingRoutes)
	ids := map[string]bool{}
	for range 3 {
		x, _ := newExchange("GET", "/second", "bob")
		c := claimsOf(t, sent(t, h, x)[0])
		if c.Audience != "https://reports.internal" || c.Subject != string(gatewaytest.Bob) || c.OwnerID != "" || c.ExpiresAt != c.IssuedAt+30 {
			t.Errorf("got %+v", c)
		}
		ids[c.ID] = true
	}
	if len(ids) != 3 {
		t.Errorf("jti %v for three requests", ids)
	}
}

func TestACallersOwnAssertionNeverPasses(t *testing.T) {
	h := gatewaytest.New(t, assertingRoutes)
	for _, tc := range []struct{ path, token string }{{"/plain", "read"}, {"/public", ""}, {"/public", "read"}} {
		x, _ := newExchange("GET", tc.path, tc.token, forgeries...)
		if values := sent(t, h, x); len(values) > 0 {
			t.Errorf("%s: the upstream reads %q", tc.path, values)
		}
	}
}

func TestWhatCannotBeSignedIsNotForwarded(t *testing.T) {
	h := gatewaytest.New(t, assertingRoutes)
	h.Gateway.Assertions = &assertion.Keeper{Now: time.Now} // the keys are gone
	x, a := newExchange("GET", "/second", "read")
	h.Gateway.Serve(t.Context(), x)
	if got := a.Head().Status; got != 500 || len(h.Upstream.Seen()) > 0 {
		t.Errorf("status %d, want 500; the upstream saw %v", got, h.Upstream.Seen())
	}
	if !strings.Contains(h.Log.String(), "assertion not signed") {
		t.Error("the operator is not told why")
	}
}

func TestAConfigurationThatAsksForAssertionsNeedsAKeeper(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	h.Gateway.Assertions = nil
	cfg, problems := h.Load(assertingRoutes)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if _, problems = h.Gateway.Reload(cfg); len(problems) != 2 || problems[0].Path != "upstreams.signed.principal_assertion" {
		t.Errorf("got %v", problems)
	}
}

func BenchmarkAssertion(b *testing.B) {
	h := gatewaytest.New(b, assertingRoutes)
	for _, path := range []string{"/plain", "/second"} {
		b.Run(path[1:], func(b *testing.B) {
			x, _ := newExchange("GET", path, "read")
			b.ReportAllocs()
			for b.Loop() {
				if r := h.Gateway.ServeWithoutUpstream(context.Background(), x, nil); r != authz.ReasonAllowed {
					b.Fatal(r)
				}
			}
		})
	}
}
