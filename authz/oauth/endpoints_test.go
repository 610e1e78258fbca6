package oauth_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/authz/oauth"
	"scopegate/store/memstore"
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

func TestAskingAboutTokensThatDoNotLiveIsSlowedRFC7662Section4(t *testing.T) {
	s := start(t)
	ask := func(token string) *answer {
		return s.do(t, call{path: oauth.IntrospectPath, body: form("token", token)})
	}
	good := s.token(t, s.id, s.secret)
	for i := range 100 {
		if a := ask("garbage"); a.status != http.StatusOK {
			t.Fatalf("the text %d: %d %s", i, a.status, a.body)
		}
	}
	a := ask("garbage")
	if a.status != http.StatusTooManyRequests || a.header.Get("Retry-After") == "" || a.error() != "temporarily_unavailable" {
		t.Errorf("beyond a hundred: %d %s %v", a.status, a.body, a.header)
	}
	if a := ask(good); a.json["active"] != true {
		t.Errorf("a token that lives: %d %s", a.status, a.body)
	}
	otherID, otherSecret := s.register(t, "a:read")
	if a := s.do(t, call{path: oauth.IntrospectPath, auth: []string{basic(otherID, otherSecret)}, body: form("token", "garbage")}); a.status != http.StatusOK {
		t.Errorf("another client: %d %s", a.status, a.body)
	}
	s.clock.advance(time.Second)
	if a := ask("garbage"); a.status != http.StatusOK {
		t.Errorf("a second later: %d %s", a.status, a.body)
	}
}

// unwilling keeps no revocation.
type unwilling struct {
	authz.Store
	err error
}

func (u *unwilling) RevokeToken(context.Context, authz.AccessToken, authz.Change) error { return u.err }

func TestARevocationThatIsNotStoredIsNeverAnswered200(t *testing.T) {
	for name, err := range map[string]error{"store_full": authz.ErrFull, "store_unavailable": authz.ErrUnavailable} {
		s := startOver(t, &unwilling{memstore.New(), err})
		token := s.token(t, s.id, s.secret)
		a := s.do(t, call{path: oauth.RevokePath, body: form("token", token)})
		if a.status != http.StatusServiceUnavailable || a.header.Get("Retry-After") == "" || a.header.Get("X-Scopegate-Error") != name {
			t.Errorf("%s: %d %s %v", name, a.status, a.body, a.header)
		}
	}
}

func TestResourceMetadataOfRoutesResourcesRFC9728Section3_1(t *testing.T) {
	s := start(t)
	p := *s.policy.Load()
	p.Resources = map[string]*authz.ScopeSet{"https://api.example.com/billing": nil, "https://a.example/twice": nil, "https://b.example/twice": nil}
	s.policy.Store(&p)
	for path, want := range map[string]string{"/billing": "https://api.example.com/billing", "/nosuch": "", "/": "", "/twice": ""} {
		a := s.do(t, call{method: "GET", path: oauth.ResourcePath + path, auth: []string{}})
		if resource, _ := a.json["resource"].(string); resource != want || (a.status == http.StatusOK) != (want != "") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+oauth.ResourcePath+"/twice", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "b.example"
	resp, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || !strings.Contains(string(body), `"https://b.example/twice"`) {
		t.Errorf("by host: %s %v", body, err)
	}
}

func TestAMethodThatNobodyKnowsIs405RFC9110Section15_5_6(t *testing.T) {
	s := start(t)
	for path, want := range map[string]int{
		oauth.TokenPath: 405, oauth.ServerPath: 405, oauth.ServerPath + "/x": 405, oauth.JWKSPath: 405, "/oauth/nosuch": 404,
	} {
		a := s.do(t, call{method: "BREW", path: path})
		if a.status != want || (want == 405) != (a.header.Get("Allow") != "") || strings.Contains(a.header.Get("Allow"), "TRACE") {
			t.Errorf("%s: %d %v", path, a.status, a.header)
		}
	}
}

func TestResourceMetadataNamesTheScopesOfTheResourceRFC9728Section2(t *testing.T) {
	s := start(t)
	p := *s.policy.Load()
	p.Scopes = authz.NewScopeSet("a:read", "b:write", "c:admin", authz.ScopeIntrospect)
	p.Asked = authz.NewScopeSet("a:read", "b:write")
	p.Resources = map[string]*authz.ScopeSet{"https://api.example.com/billing": authz.NewScopeSet("b:write"), "https://api.example.com/open": nil}
	s.policy.Store(&p)
	for path, want := range map[string]string{"": "[a:read b:write]", "/billing": "[b:write]", "/open": "<nil>"} {
		a := s.do(t, call{method: "GET", path: oauth.ResourcePath + path})
		if got := fmt.Sprint(a.json["scopes_supported"]); got != want {
			t.Errorf("%s: scopes_supported is %s, want %s", a.json["resource"], got, want)
		}
	}
	p.Resources["https://api.example.com"] = authz.NewScopeSet("a:read")
	s.policy.Store(&p)
	if a := s.do(t, call{method: "GET", path: oauth.ResourcePath}); fmt.Sprint(a.json["scopes_supported"]) != "[a:read]" {
		t.Errorf("an origin that is a resource itself: %s", a.body)
	}
}
