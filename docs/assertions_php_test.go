package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/authz/assertion"
	"scopegate/gateway/gatewaytest"
)

// phpVerifier answers with whom the assertion speaks of, and with the assertion.
const phpVerifier = `<?php
require 'principal.php';
header("Content-Type: text/plain");
$claims = principal(json_decode(file_get_contents('keys.json'), true), 'https://api.example.com', 'https://legacy.internal');
echo "client=" . ($claims['client_id'] ?? 'nobody') . "\n";
echo "HTTP_X_PRINCIPAL_ASSERTION=" . ($_SERVER['HTTP_X_PRINCIPAL_ASSERTION'] ?? '') . "\n";
`

const verifiedRoutes = `version: 1
oauth: { issuer: "https://api.example.com" }
scopes: { "a:read": A }
upstreams:
  legacy: { endpoints: [ { url: "%s" } ], principal_assertion: { audience: "https://legacy.internal" } }
  others: { endpoints: [ { url: "%[1]s" } ], principal_assertion: { audience: "https://others.internal" } }
routes:
  - { name: guarded, path: /index.php, require: { scopes: ["a:read"] }, upstream: legacy }
  - { name: others, path: /others, rewrite: /index.php, require: { scopes: ["a:read"] }, upstream: others }
  - { name: open, path: /open.php, public: true, upstream: legacy }
`

func TestPHPVerifiesAssertionsWithoutALibrary(t *testing.T) {
	b, dir := startApacheWith(t, phpVerifier)
	code, err := os.ReadFile("../examples/principal.php")
	if err != nil {
		t.Fatal(err)
	}
	put := func(name string, data []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put("principal.php", code)
	h := gatewaytest.New(t, fmt.Sprintf(verifiedRoutes, b.url))
	addr := gatewaytest.StartHTTP(t, h.Gateway)
	token := "Authorization: Bearer " + gatewaytest.TokenText("read")
	alice, nobody := "client="+string(gatewaytest.Alice)+"\n", "client=nobody\n"
	for _, a := range assertion.Algorithms() {
		if _, err := h.Gateway.Assertions.Rotate(t.Context(), a, true, authz.By{Actor: "test"}); err != nil {
			t.Fatal(err)
		}
		put("keys.json", h.Gateway.Assertions.KeySet())
		answer := ask(t, "tcp", addr, "/index.php?page=2", "Connection: close", token)
		if !strings.HasPrefix(answer, alice) {
			t.Fatalf("%s: %s", a, answer)
		}
		_, text, _ := strings.Cut(answer, "HTTP_X_PRINCIPAL_ASSERTION=")
		field := "X-Principal-Assertion: " + strings.TrimSuffix(text, "\n")
		parts := strings.Split(field, ".")
		for _, tc := range []struct {
			name, network, addr, path, field, want string
		}{
			{"the same again, by another way", b.network, b.addr, "/index.php?page=3", field, alice},
			{"for another path", b.network, b.addr, "/open.php", field, nobody},
			{"of another payload", b.network, b.addr, "/index.php", parts[0] + "." + parts[1][:len(parts[1])-2] + "AA." + parts[2], nobody},
			{"without a signature", b.network, b.addr, "/index.php", parts[0] + "." + parts[1] + ".", nobody},
			{"none", b.network, b.addr, "/index.php", "X-Other: 1", nobody},
			{"for another audience", "tcp", addr, "/others", token, nobody},
			{"of a caller on a public route", "tcp", addr, "/open.php", field, nobody},
		} {
			if got := ask(t, tc.network, tc.addr, tc.path, "Connection: close", tc.field); !strings.HasPrefix(got, tc.want) {
				t.Errorf("%s, an assertion %s: got %s", a, tc.name, got)
			}
		}
		put("keys.json", []byte(`{"keys":[]}`))
		if got := ask(t, b.network, b.addr, "/index.php", "Connection: close", field); !strings.HasPrefix(got, nobody) {
			t.Errorf("%s, an assertion of a key that is gone: got %s", a, got)
		}
	}
}

func TestPHPRefusesWhatHasEnded(t *testing.T) {
	b, dir := startApacheWith(t, phpVerifier)
	code, err := os.ReadFile("../examples/principal.php")
	if err != nil {
		t.Fatal(err)
	}
	keeper := &assertion.Keeper{Save: func(_, _ *assertion.Keys) error { return nil }}
	var now time.Time
	keeper.Now = func() time.Time { return now }
	now = time.Now()
	if err := keeper.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{"principal.php": code, "keys.json": keeper.KeySet()} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for shift, want := range map[time.Duration]string{0: "client=alice\n", -time.Hour: "client=nobody\n", time.Hour: "client=nobody\n"} {
		now = time.Now().Add(shift)
		text, err := keeper.AppendSigned([]byte("X-Principal-Assertion: "), &assertion.Claims{
			Issuer: "https://api.example.com", Audience: "https://legacy.internal", Subject: "alice", ClientID: "alice", Method: "GET", Path: "/index.php",
		}, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		if got := ask(t, b.network, b.addr, "/index.php", "Connection: close", string(text)); !strings.HasPrefix(got, want) {
			t.Errorf("signed %s from now: got %s", shift, got)
		}
	}
}
