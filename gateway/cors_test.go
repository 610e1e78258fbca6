package gateway_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway/exchange"
	"scopegate/gateway/gatewaytest"
)

func TestCORSForAnyOriginAndWithCredentials(t *testing.T) {
	const route = `  - { name: page, path: /page, methods: [GET], public: true, upstream: legacy, cors: `
	for _, tc := range []struct {
		name, cors, origin string
		want               map[string]string
	}{
		{"any origin", `{ allow_origins: ["*"] }`, "https://any.example", map[string]string{"Access-Control-Allow-Origin": "*"}},
		{"no origin", `{ allow_origins: ["*"] }`, "", map[string]string{}},
		{
			"credentials", `{ allow_origins: ["https://app.example"], allow_credentials: true }`, "https://app.example",
			map[string]string{"Access-Control-Allow-Origin": "https://app.example", "Access-Control-Allow-Credentials": "true", "Vary": "Origin"},
		},
		{"a prefix of an origin", `{ allow_origins: ["https://app.example"] }`, "https://app.example:8443", map[string]string{"Vary": "Origin"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := gatewaytest.New(t, plainRoutes+route+tc.cors+" }\n")
			x, a := newExchange("GET", "/page", "")
			if tc.origin != "" {
				x.Fields = append(x.Fields, exchange.Field{Name: "Origin", Value: tc.origin})
			}
			h.Gateway.Serve(t.Context(), x)
			got := map[string]string{}
			for _, name := range []string{"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Vary"} {
				if value, ok := field(a.Head().Fields, name); ok {
					got[name] = value
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
