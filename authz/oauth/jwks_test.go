package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
	"scopegate/authz/oauth"
)

func TestJWKSAreServedAndNamedOnceSomethingIsSigned(t *testing.T) {
	const set = `{"keys":[{"kty":"EC"}]}`
	e := echo.New()
	(&oauth.Server{
		Policy: authz.NewCurrentPolicy(&authz.Policy{Issuer: "https://api.example.com", Scopes: authz.NewScopeSet("a:read")}),
		JWKS:   func() []byte { return []byte(set) },
	}).Mount(e)
	get := func(path string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		e.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w
	}
	w := get(oauth.JWKSPath)
	if w.Code != 200 || w.Body.String() != set || w.Header().Get("Content-Type") != "application/jwk-set+json" || w.Header().Get("Cache-Control") != "public, max-age=300" {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
	if body := get(oauth.ServerPath).Body.String(); !strings.Contains(body, `"jwks_uri":"https://api.example.com/oauth/jwks.json"`) {
		t.Errorf("metadata without jwks_uri: %s", body)
	}
}
