package main_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"math/big"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

func principalCases() []standard {
	return []standard{
		{"P-1", "P", "principal", "a good request", "grant type, client id, sorted scopes, token id, owner, request id; no user", tested(func(s *scene) {
			s.want(s.get("/a/x?{tag}", s.whole), 200, "")
			saw := s.upstreamSaw()
			for name, want := range map[string]string{
				"X-Principal-Grant-Type": "client_credentials", "X-Principal-Client-Id": s.alice.id, "X-Principal-Scopes": "a:read b:write",
				"X-Principal-Owner-Type": "tenant", "X-Principal-Owner-Id": "42",
			} {
				if got := saw.values(name); len(got) != 1 || got[0] != want {
					s.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if len(saw.values("X-Principal-Token-Id")) != 1 || len(saw.values("X-Request-Id")) != 1 || saw.values("X-Principal-User-Id") != nil {
				s.Errorf("the upstream saw %q", saw.head)
			}
		})},
		{"P-2", "P", "RFC 9700 4.15", "a client's token, and `Remote-User`, `X-Remote-User` of the caller", "the upstream sees no user, unless the route's own settings name one", tested(func(s *scene) {
			s.want(s.get("/signed?{tag}", s.read, "Remote-User: root", "X-Remote-User: root", "Remote_User: root", "X_Remote.User: root"), 200, "")
			s.lacks(s.upstreamSaw(), "X-Principal-User-Id", "X-Forwarded-User", "Remote-User", "X-Remote-User", "Remote_User", "X_Remote.User")
			s.want(s.get("/mapped?mapped-{tag}", s.read, "X-User-Id: root", "X_User_Id: root"), 200, "")
			for _, saw := range s.upstream.of("mapped-" + s.tag) {
				s.has(saw, "X-User-Id", s.alice.id)
				s.lacks(saw, "X_User_Id")
			}
		})},
		{"P-3", "P", "CGI, WSGI", "`X-Principal-Client-Id` in every spelling that folds to it", "one value, ours", tested(func(s *scene) {
			saw := s.passes(getA("X-Principal-Client-Id: evil", "x-principal-client-id: evil", "X_Principal_Client_Id: evil", "X.Principal.Client.Id: evil",
				"X-Principal_Client.Id: evil", "X-PRINCIPAL-CLIENT-ID: evil", "X~Principal~Client~Id: evil", "X_Remote_User: evil"))
			if strings.Contains(saw.head, "evil") || len(saw.values("X-Principal-Client-Id")) != 1 || len(saw.values("X-Remote-User")) != 1 {
				s.Errorf("the upstream saw %q", saw.head)
			}
		})},
		{"P-4", "P", "RFC 6749 3.3", "scopes that begin or end like the needed one", "each counts letter for letter", seen("authz.TestScopesMatchExactly")},
		{"P-5", "P", "owner", "a client with an owner; a type without an id", "it is kept; 400", tested(func(s *scene) {
			if got := s.change(s.T, "GET", "/clients/"+s.alice.id, nil); got["owner_type"] != "tenant" || got["owner_id"] != "42" {
				s.Error(got)
			}
			s.badClient(map[string]any{"owner_type": "tenant"}, "owner")
		})},
		{"P-6", "P", "registration", "an empty name, an unknown grant, a scope with a space, one that nobody declared", "400 naming the field; nothing is stored", tested(func(s *scene) {
			s.badClient(map[string]any{"name": ""}, "name")
			s.badClient(map[string]any{"allowed_grants": []string{"password"}}, "allowed_grants")
			s.badClient(map[string]any{"allowed_scopes": []string{"a:read b:write"}}, "allowed_scopes")
			s.badClient(map[string]any{"allowed_scopes": []string{"nosuch"}}, "allowed_scopes")
		})},
		{"P-7", "P", "RFC 9562", "the id of a client; one that the caller chooses", "a UUID of the server's; 400", tested(func(s *scene) {
			if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(s.client().id) {
				s.Error(s.client().id)
			}
			s.badClient(map[string]any{"id": "root"}, "id")
		})},
		{"P-8", "P", "RFC 9110 5.5", "a name with line ends; one with quotes and é", "400; it is in no field that the upstream sees", tested(func(s *scene) {
			s.badClient(map[string]any{"name": "a\r\nX-Principal-Scopes: c:admin"}, "name")
			who := s.register(s.T, map[string]any{"name": `"é"`})
			s.want(s.get("/a/x?{tag}", s.token(s.T, who)), 200, "")
			if strings.Contains(s.upstreamSaw().head, "é") {
				s.Errorf("the upstream saw %q", s.upstreamSaw().head)
			}
		})},
		{"P-9", "P", "signed principal", "an assertion for each upstream", "it verifies with a published key, and names method, path, client and a minute at most", tested(assertionVerifies)},
	}
}

// badClient registers a client that has to be refused by this field, and
// looks whether it was stored.
func (s *scene) badClient(fields map[string]any, field string) {
	s.Helper()
	name := "bad-" + s.tag
	body := map[string]any{"name": name, "allowed_scopes": []string{"a:read"}}
	maps.Copy(body, fields)
	status, out := s.ask(s.T, http.MethodPost, "/clients", body)
	if detail, _ := out["detail"].(string); status != http.StatusBadRequest || !strings.Contains(detail, field) {
		s.Errorf("%v: %d %v", fields, status, out)
	}
	if found := s.change(s.T, http.MethodGet, "/clients?name="+name, nil); len(found["clients"].([]any)) > 0 {
		s.Errorf("%v was stored", fields)
	}
}

// decoded is a part of a JWS as it was before it was encoded.
func (s *scene) decoded(part string) []byte {
	s.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		s.Fatal(err)
	}
	return raw
}

func assertionVerifies(s *scene) {
	s.want(s.get("/signed?{tag}", s.read, "X-Principal-Assertion: evil", "X_Principal_Assertion: evil"), 200, "")
	assertions := s.upstreamSaw().values("X-Principal-Assertion")
	if len(assertions) != 1 {
		s.Fatalf("the upstream saw %q", assertions)
	}
	parts := strings.Split(assertions[0], ".")
	if len(parts) != 3 {
		s.Fatalf("no JWS: %d parts", len(parts))
	}
	var header struct{ Alg, Kid string }
	var claims struct {
		Aud, Sub, Scope, Htm, Htu string
		Iat, Exp                  int64
	}
	if json.Unmarshal(s.decoded(parts[0]), &header) != nil || json.Unmarshal(s.decoded(parts[1]), &claims) != nil {
		s.Fatal("no JSON")
	}
	hash, signature := sha256.Sum256([]byte(parts[0]+"."+parts[1])), s.decoded(parts[2])
	if header.Alg != "ES256" || len(signature) != 64 ||
		!ecdsa.Verify(s.publicKey(header.Kid), hash[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		s.Error("the signature is not of the published key")
	}
	if claims.Sub != s.alice.id || claims.Aud != "https://signed.internal" || claims.Scope != "a:read" || claims.Htm != "GET" || claims.Htu != "/signed" ||
		claims.Exp-claims.Iat < 1 || claims.Exp-claims.Iat > 60 {
		s.Errorf("%+v", claims)
	}
}

// publicKey is a P-256 key of the key set that the metadata names.
func (s *scene) publicKey(kid string) *ecdsa.PublicKey {
	s.Helper()
	a := s.get(s.pathOf(s.document(serverMetadataPath)["jwks_uri"]), "")
	var set struct {
		Keys []struct{ Kid, Crv, X, Y string }
	}
	if err := json.Unmarshal([]byte(a.body), &set); err != nil {
		s.Fatal(err)
	}
	for _, key := range set.Keys {
		if key.Kid == kid && key.Crv == "P-256" {
			point := slices.Concat([]byte{4}, s.decoded(key.X), s.decoded(key.Y)) // uncompressed (SEC 1 section 2.3.3)
			public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
			if err != nil {
				s.Fatal(err)
			}
			return public
		}
	}
	s.Fatalf("no key %s in %s", kid, a.body)
	return nil
}
