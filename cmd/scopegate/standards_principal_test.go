package main_test

import (
	"net/http"
	"regexp"
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
		{"P-2", "P", "RFC 9700 4.15", "a client's token: fields of a user", "none, unless the route's own settings name one", tested(func(s *scene) {
			s.want(s.get("/plain?{tag}", s.read, "Remote-User: root", "X-User-Id: 1"), 200, "")
			for _, name := range []string{"X-Principal-User-Id", "X-Forwarded-User"} {
				if got := s.upstreamSaw().values(name); got != nil {
					s.Errorf("%s: %q", name, got)
				}
			}
			s.want(s.get("/mapped?mapped-{tag}", s.read, "X-User-Id: root"), 200, "")
			if seen := s.upstream.of("mapped-" + s.tag); len(seen) != 1 || strings.Join(seen[0].values("X-User-Id"), ",") != s.alice.id {
				s.Errorf("the upstream saw %q", seen)
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
		{"P-9", "P", "signed principal", "an assertion for each upstream", "it verifies with a published key", notBuilt("upstreams are reached over connections that callers cannot")},
	}
}

// badClient registers a client that has to be refused by this field, and
// looks whether it was stored.
func (s *scene) badClient(fields map[string]any, field string) {
	s.Helper()
	name := "bad-" + s.tag
	body := map[string]any{"name": name, "allowed_scopes": []string{"a:read"}}
	for k, v := range fields {
		body[k] = v
	}
	status, out := s.ask(s.T, http.MethodPost, "/clients", body)
	if detail, _ := out["detail"].(string); status != http.StatusBadRequest || !strings.Contains(detail, field) {
		s.Errorf("%v: %d %v", fields, status, out)
	}
	if found := s.change(s.T, http.MethodGet, "/clients?name="+name, nil); len(found["clients"].([]any)) > 0 {
		s.Errorf("%v was stored", fields)
	}
}
