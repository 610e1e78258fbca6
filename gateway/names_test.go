package gateway_test

import (
	"strings"
	"testing"

	"scopegate/gateway"
	"scopegate/gateway/exchange"
)

// protected are names that no caller may speak to an upstream.
var protected = []string{
	"x-principal-client-id", "x-principal-scopes", "x-principal-assertion", "x-forwarded-for", "x-forwarded-host", "forwarded", "x-real-ip",
	"x-url-scheme", "x-host", "x-http-host-override", "x-originating-ip", "x-client-ip", "true-client-ip", "cf-connecting-ip", "x-ssl-client-cert", "client-cert", "client-cert-chain", "remote-user", "x-remote-user", "x-original-url",
	"x-rewrite-url", "x-http-method-override", "x-http-method", "x-method-override", "proxy", "x-request-id",
	"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "content-length", "upgrade",
	"authorization", "proxy-authorization", "expect", "http2-settings", "x-scopegate-error", "host",
}

func TestNoSpellingOfAProtectedNamePasses(t *testing.T) {
	for _, name := range protected {
		for _, spelling := range []string{
			name, strings.ToUpper(name), strings.ReplaceAll(name, "-", "_"), strings.ReplaceAll(name, "-", "."),
			strings.ReplaceAll(name, "-", "~"), name + "_", "_" + name, strings.Replace(name, "-", "_", 1),
		} {
			if gateway.Passes(spelling) {
				t.Errorf("%s passes", spelling)
			}
		}
	}
}

func TestOrdinaryNamesPass(t *testing.T) {
	for _, name := range []string{
		"Accept", "Cookie", "User-Agent", "Content-Type", "X-Foo", "x_legacy_field", "X.Odd", "Via", "Range", "If-Match",
		"X-Principality", "X-Forward", "Sec-WebSocket-Key", strings.Repeat("Long-", 60) + "Name",
	} {
		if !gateway.Passes(name) {
			t.Errorf("%s does not pass", name)
		}
	}
}

func hasFoldedPrefix(name, canonical string) bool {
	return len(name) >= len(canonical) && exchange.EqualFolded(name[:len(canonical)], canonical)
}

func FuzzNoNameThatFoldsToAProtectedOnePasses(f *testing.F) {
	for _, name := range protected {
		f.Add(name)
	}
	f.Add("X_Principal.Client-Id")
	f.Fuzz(func(t *testing.T, name string) {
		for _, p := range protected {
			if exchange.EqualFolded(name, p) && gateway.Passes(name) {
				t.Errorf("%q folds to %s and passes", name, p)
			}
		}
		for _, family := range []string{"x-principal-", "x-forwarded-", "x-original-", "x-ssl-"} {
			if hasFoldedPrefix(name, family) && len(name) > len(family) && gateway.Passes(name) {
				t.Errorf("%q is of %s and passes", name, family)
			}
		}
	})
}
