package oauth_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"scopegate/authz"
	"scopegate/authz/oauth"
)

func TestRevocationCases(t *testing.T) {
	s := start(t)
	otherID, otherSecret := s.register(t, "a:read")
	active := func(text string) bool {
		return s.do(t, call{path: oauth.IntrospectPath, body: form("token", text)}).json["active"] == true
	}
	cases := map[string]struct {
		call   func(token string) call
		status int
		error  string
		alive  bool // afterwards
	}{
		"V-1 7009 2.1 own token":    {func(tok string) call { return call{body: form("token", tok)} }, 200, "", false},
		"V-2 7009 2.2 garbage":      {func(string) call { return call{body: form("token", "garbage")} }, 200, "", true},
		"V-3 7009 2.1 no client":    {func(tok string) call { return call{auth: []string{}, body: form("token", tok)} }, 401, "invalid_client", true},
		"V-3 7009 2.1 wrong secret": {func(tok string) call { return call{auth: []string{basic(s.id, "x")}, body: form("token", tok)} }, 401, "invalid_client", true},
		"V-4 7009 2.1 another client's token": {func(tok string) call {
			return call{auth: []string{basic(otherID, otherSecret)}, body: form("token", tok)}
		}, 400, "unauthorized_client", true},
		"V-5 7009 2.1 no token":     {func(string) call { return call{body: "token="} }, 400, "invalid_request", true},
		"V-6 7009 2.1 wrong hint":   {func(tok string) call { return call{body: form("token", tok, "token_type_hint", "refresh_token")} }, 200, "", false},
		"V-6 7009 2.1 unknown hint": {func(tok string) call { return call{body: form("token", tok, "token_type_hint", "x")} }, 200, "", false},
		"V-7 7009 2 GET":            {func(tok string) call { return call{method: "GET"} }, 405, "invalid_request", true},
		"V-8 6749 3.2 token twice":  {func(tok string) call { return call{body: form("token", tok, "token", tok)} }, 400, "invalid_request", true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			token := s.token(t, s.id, s.secret)
			c := tc.call(token)
			c.path = oauth.RevokePath
			a := s.do(t, c)
			if a.status != tc.status || a.error() != tc.error || a.status == http.StatusOK && a.body != "" {
				t.Errorf("%d %q", a.status, a.body)
			}
			if got := active(token); got != tc.alive {
				t.Errorf("afterwards the token is active: %t", got)
			}
			if tc.status == http.StatusOK {
				if again := s.do(t, c); again.status != http.StatusOK {
					t.Errorf("V-11: a second time %d", again.status)
				}
			}
		})
	}
}

func TestIntrospectionCases(t *testing.T) {
	s := start(t)
	token := s.token(t, s.id, s.secret)
	otherID, otherSecret := s.register(t, "a:read")
	inspectorID, inspectorSecret := s.register(t, authz.ScopeIntrospect)
	ask := func(auth []string, body string) *answer {
		return s.do(t, call{path: oauth.IntrospectPath, auth: auth, body: body})
	}

	t.Run("I-1 7662 2.1 nobody", func(t *testing.T) {
		if a := ask([]string{}, form("token", token)); a.status != 401 || strings.Contains(a.body, "active") {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("I-2 and I-4 7662 2.2 own token", func(t *testing.T) {
		a := ask(nil, form("token", token))
		for member, want := range map[string]any{
			"active": true, "scope": "a:read b:write", "client_id": s.id, "sub": s.id, "token_type": "Bearer", "iss": "https://api.example.com",
		} {
			if a.json[member] != want {
				t.Errorf("%s is %v, want %v", member, a.json[member], want)
			}
		}
		if exp, iat := a.json["exp"].(float64), a.json["iat"].(float64); exp-iat != 3600 {
			t.Errorf("exp %v iat %v", exp, iat)
		}
		if a.header.Get("Cache-Control") != "no-store" {
			t.Error("I-10: the answer may be kept")
		}
	})
	for name, tc := range map[string]struct {
		auth []string
		body string
	}{
		"I-3 7662 2.2 unknown token":          {nil, form("token", "spoat_unknown")},
		"I-9 another client":                  {[]string{basic(otherID, otherSecret)}, form("token", token)},
		"I-11 7662 2.1 unknown hint, unknown": {nil, form("token", "x", "token_type_hint", "y")},
	} {
		t.Run(name, func(t *testing.T) {
			if a := ask(tc.auth, tc.body); a.status != 200 || strings.TrimSpace(a.body) != `{"active":false}` {
				t.Errorf("%d %s", a.status, a.body)
			}
		})
	}
	t.Run("the reserved scope opens all tokens", func(t *testing.T) {
		if a := ask([]string{basic(inspectorID, inspectorSecret)}, form("token", token)); a.json["active"] != true {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
	t.Run("I-5 7662 2.1 GET", func(t *testing.T) {
		if a := s.do(t, call{method: "GET", path: oauth.IntrospectPath}); a.status != 405 {
			t.Errorf("%d", a.status)
		}
	})
	t.Run("I-6 7662 2.1 no token", func(t *testing.T) {
		if a := ask(nil, "x=y"); a.status != 400 || a.error() != "invalid_request" {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

func TestServerMetadataRFC8414(t *testing.T) {
	s := start(t)
	a := s.do(t, call{method: "GET", path: oauth.ServerPath, auth: []string{}})
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") || a.header.Get("Set-Cookie") != "" {
		t.Fatalf("%d %v", a.status, a.header)
	}
	for member, want := range map[string]any{
		"issuer": "https://api.example.com", "token_endpoint": "https://api.example.com/oauth/token",
		"introspection_endpoint": "https://api.example.com/oauth/introspect", "revocation_endpoint": "https://api.example.com/oauth/revoke",
	} {
		if a.json[member] != want {
			t.Errorf("%s is %v, want %v", member, a.json[member], want)
		}
	}
	for member, want := range map[string][]string{
		"grant_types_supported":                 {"client_credentials"},
		"token_endpoint_auth_methods_supported": {"client_secret_basic", "client_secret_post"},
		"scopes_supported":                      {"a:read", "b:write", "c:admin"},
		"response_types_supported":              {},
	} {
		list, ok := a.json[member].([]any)
		var got []string
		for _, v := range list {
			got = append(got, v.(string))
		}
		if !ok || !slices.Equal(got, want) {
			t.Errorf("%s is %v, want %v", member, a.json[member], want)
		}
	}
	if _, there := a.json["jwks_uri"]; there {
		t.Error("D-10: jwks_uri without keys")
	}
	if a := s.do(t, call{method: "HEAD", path: oauth.ServerPath}); a.status != 200 || a.body != "" {
		t.Errorf("D-12 HEAD: %d %q", a.status, a.body)
	}
	if a := s.do(t, call{path: oauth.ServerPath}); a.status != 405 {
		t.Errorf("D-12 POST: %d", a.status)
	}
	if a := s.do(t, call{method: "GET", path: oauth.ServerPath + "/other"}); a.status != 404 {
		t.Errorf("another issuer's document: %d", a.status)
	}
}

func TestMetadataOfAnIssuerWithPathD3(t *testing.T) {
	s := start(t)
	p := *s.policy.Load()
	p.Issuer = "https://api.example.com/tenant"
	s.policy.Store(&p)
	if a := s.do(t, call{method: "GET", path: oauth.ServerPath + "/tenant"}); a.status != 200 || a.json["issuer"] != p.Issuer {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestResourceMetadataRFC9728(t *testing.T) {
	s := start(t)
	a := s.do(t, call{method: "GET", path: oauth.ResourcePath})
	servers, _ := a.json["authorization_servers"].([]any)
	if a.status != 200 || a.json["resource"] != "https://api.example.com" || len(servers) != 1 || servers[0] != "https://api.example.com" {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestJWKSIsAnEmptySetWhileNothingIsSigned(t *testing.T) {
	s := start(t)
	if a := s.do(t, call{method: "GET", path: oauth.JWKSPath}); a.status != 200 || a.body != `{"keys":[]}` {
		t.Errorf("%d %s", a.status, a.body)
	}
}
