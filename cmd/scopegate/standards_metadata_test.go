package main_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	serverMetadataPath   = "/.well-known/oauth-authorization-server"
	resourceMetadataPath = "/.well-known/oauth-protected-resource"
)

// document gets a metadata document.
func (s *scene) document(path string) map[string]any {
	s.Helper()
	a := s.get(path, "")
	if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") || a.json() == nil {
		s.Fatalf("%s: %s", path, a.text())
	}
	return a.json()
}

// list is a member that is a list of texts; ok is false if it is none.
func list(v any) (texts []string, ok bool) {
	values, ok := v.([]any)
	for _, v := range values {
		text, isText := v.(string)
		ok = ok && isText
		texts = append(texts, text)
	}
	return texts, ok
}

func (s *scene) wantList(document map[string]any, name string, want ...string) {
	s.Helper()
	if got, ok := list(document[name]); !ok || !slices.Equal(got, want) {
		s.Errorf("%s is %v, want %q", name, document[name], want)
	}
}

func serverMetadataCases() []standard {
	inDocument := func(check func(s *scene, document map[string]any)) how {
		return tested(func(s *scene) { check(s, s.document(serverMetadataPath)) })
	}
	return []standard{
		{"D-1", "M", "RFC 8414 3", "`GET /.well-known/oauth-authorization-server`", "200 JSON", inDocument(func(*scene, map[string]any) {})},
		{"D-2", "M", "RFC 8414 2", "`issuer`", "the configured one, letter for letter", inDocument(func(s *scene, d map[string]any) {
			if d["issuer"] != "http://127.0.0.1" {
				s.Error(d["issuer"])
			}
		})},
		{"D-3", "M", "RFC 8414 3.1", "an issuer with a path", "the document with the path behind the well-known one", seen("authz/oauth.TestMetadataOfAnIssuerWithPathD3")},
		{"D-4", "M", "RFC 8414 2", "`token_endpoint`", "an absolute URL that answers the base request", inDocument(func(s *scene, d map[string]any) {
			s.granted(call{path: s.pathOf(d["token_endpoint"]), body: grantForm}, allOfTheClient)
		})},
		{"D-5", "M", "RFC 8414 2", "`grant_types_supported`", "`client_credentials`", inDocument(func(s *scene, d map[string]any) { s.wantList(d, "grant_types_supported", "client_credentials") })},
		{"D-6", "M", "RFC 8414 2", "`token_endpoint_auth_methods_supported`", "what the server takes, each tried", inDocument(func(s *scene, d map[string]any) {
			s.wantList(d, "token_endpoint_auth_methods_supported", "client_secret_basic", "client_secret_post")
			s.granted(call{body: grantForm}, allOfTheClient)
			s.granted(call{auth: noAuth, body: grantForm + "&client_id={id}&client_secret={secret}"}, allOfTheClient)
			s.asked(call{auth: noAuth, body: grantForm + "&client_id={id}"}, 401, "invalid_client") // none
			s.asked(call{auth: noAuth, body: grantForm + "&client_id={id}&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer&client_assertion=a.b.c"}, 401, "invalid_client")
		})},
		{"D-7", "M", "RFC 8414 2", "`response_types_supported`", "there, and empty", inDocument(func(s *scene, d map[string]any) { s.wantList(d, "response_types_supported") })},
		{"D-8", "S", "RFC 8414 2", "`revocation_endpoint`, `introspection_endpoint` and their methods", "there, and they answer", inDocument(func(s *scene, d map[string]any) {
			for _, name := range []string{"revocation_endpoint", "introspection_endpoint"} {
				s.wantList(d, name+"_auth_methods_supported", "client_secret_basic", "client_secret_post")
				s.want(s.post(s.pathOf(d[name]), s.client(), "token", s.token(s.T, s.client())), 200, "")
			}
		})},
		{"D-9", "S", "RFC 8414 2", "`scopes_supported`", "the catalogue", inDocument(func(s *scene, d map[string]any) {
			s.wantList(d, "scopes_supported", "a:read", "b:write", "c:admin", "scopegate.introspect")
		})},
		{"D-10", "M", "RFC 8414 2", "`jwks_uri`, since assertions are signed", "a key set, and no private member in it", inDocument(func(s *scene, d map[string]any) {
			a := s.get(s.pathOf(d["jwks_uri"]), "")
			keys, _ := a.json()["keys"].([]any)
			if a.status != 200 || len(keys) == 0 {
				s.Error(a.text())
			}
			for _, v := range keys {
				key, _ := v.(map[string]any)
				for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "k"} {
					if _, there := key[private]; there || key["kid"] == "" {
						s.Errorf("%s of %v", private, key["kid"])
					}
				}
			}
		})},
		{"D-11", "M", "RFC 8414 3.2", "members without elements", "left out, but for the required one", inDocument(func(s *scene, d map[string]any) {
			for name, value := range d {
				if values, ok := value.([]any); ok && len(values) == 0 && name != "response_types_supported" || value == nil || value == "" {
					s.Errorf("%s is %v", name, value)
				}
			}
		})},
		{"D-12", "P", "RFC 9110 9", "HEAD, POST", "200 without a body; 405 with `Allow`", tested(func(s *scene) {
			if a := s.send(call{method: "HEAD", path: serverMetadataPath, auth: noAuth, kind: "none"}); a.status != 200 || a.body != "" {
				s.Error(a.text())
			}
			if a := s.send(call{path: serverMetadataPath}); a.status != 405 || a.header.Get("Allow") != "GET, HEAD" {
				s.Error(a.text())
			}
		})},
		{"D-13", "P", "RFC 9111 5.2", "the fields of the document", "`max-age` of 60 at least, no `Set-Cookie`", tested(func(s *scene) {
			if a := s.get(serverMetadataPath, ""); a.header.Get("Cache-Control") != "public, max-age=300" || a.header.Get("Set-Cookie") != "" {
				s.Error(a.text())
			}
		})},
	}
}

// pathOf is the path of an absolute URL.
func (s *scene) pathOf(v any) string {
	s.Helper()
	text, _ := v.(string)
	u, err := url.Parse(text)
	if err != nil || !u.IsAbs() || u.Path == "" {
		s.Fatalf("%v is no absolute URL", v)
	}
	return u.Path
}

func resourceMetadataCases() []standard {
	return []standard{
		{"R-1", "X", "RFC 9728 3", "`GET /.well-known/oauth-protected-resource`", "200 JSON", tested(func(s *scene) { s.document(resourceMetadataPath) })},
		{"R-2", "X", "RFC 9728 3.3", "`resource`", "the resource that the document's URL is of", tested(func(s *scene) {
			if d := s.document(resourceMetadataPath); d["resource"] != "http://127.0.0.1" {
				s.Error(d)
			}
		})},
		{"R-3", "X", "RFC 9728 2", "`authorization_servers`", "the issuer", tested(func(s *scene) {
			s.wantList(s.document(resourceMetadataPath), "authorization_servers", "http://127.0.0.1")
		})},
		{"R-4", "X", "RFC 9728 2", "`bearer_methods_supported`", "`header`", tested(func(s *scene) { s.wantList(s.document(resourceMetadataPath), "bearer_methods_supported", "header") })},
		{"R-5", "X", "RFC 9728 3.1", "a resource with a path, and one that no route belongs to", "its document behind the well-known path; 404", tested(func(s *scene) {
			if d := s.document(resourceMetadataPath + "/billing"); d["resource"] != "https://api.example.com/billing" {
				s.Error(d)
			}
			s.want(s.get(resourceMetadataPath+"/nosuch", ""), 404, "not_found")
		})},
		{"R-6", "X", "RFC 9728 3.2", "members without elements", "left out", tested(func(s *scene) {
			for name, value := range s.document(resourceMetadataPath) {
				if values, ok := value.([]any); ok && len(values) == 0 {
					s.Errorf("%s is empty", name)
				}
			}
		})},
		{"R-7", "X", "RFC 9728 5.1", "`resource_metadata` of a challenge", "the URL of a document that is there and names this resource", tested(resourceMetadataOfChallenge)},
		{"R-8", "X", "RFC 9728 2", "`scopes_supported`", "what the resource's routes ask for; for the origin, what any route does", tested(func(s *scene) {
			s.wantList(s.document(resourceMetadataPath), "scopes_supported", "a:read", "b:write", "c:admin")
			s.wantList(s.document(resourceMetadataPath+"/billing"), "scopes_supported", "a:read")
		})},
	}
}

// resourceMetadataOfChallenge follows the challenges of a route without a
// resource and of one with.
func resourceMetadataOfChallenge(s *scene) {
	for path, want := range map[string]string{"/a/x?{tag}": "http://127.0.0.1", "/r/billing?{tag}": "https://api.example.com/billing"} {
		at := s.challenge(s.get(path, "x"))["resource_metadata"]
		if at == "" {
			s.Errorf("%s: the challenge names no document", path)
			continue
		}
		if d := s.document(s.pathOf(at)); d["resource"] != want {
			s.Errorf("%s: %s is of %v", path, at, d["resource"])
		}
	}
}
