package main_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// grantForm is the base request's body.
const grantForm = "grant_type=client_credentials"

// oauthText is the alphabet of error and error_description (RFC 6749 5.2).
var oauthText = regexp.MustCompile(`^[\x20-\x21\x23-\x5b\x5d-\x7e]*$`)

// answers is a case in which the token endpoint answers a call so; code is the
// OAuth error, empty for a token.
func answers(c call, status int, code string) how {
	return tested(func(s *scene) { s.asked(c, status, code) })
}

// asked makes a call to a fixed endpoint and holds its answer to what is true
// of each: RFC 6749 5.1 and 5.2.
func (s *scene) asked(c call, status int, code string) *answer {
	s.Helper()
	a := s.send(c)
	s.want(a, status, code)
	s.sound(a)
	return a
}

func (s *scene) sound(a *answer) {
	s.Helper()
	if a.err != nil {
		return
	}
	if a.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		s.Errorf("may be kept, or is no JSON: %s", a.text())
	}
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		s.Errorf("another origin may read it: %s", a.text())
	}
	if a.status == http.StatusUnauthorized && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `Basic realm="gw"`) {
		s.Errorf("401 with the challenge %q", a.header.Get("WWW-Authenticate"))
	}
	if a.status == http.StatusMethodNotAllowed && a.header.Get("Allow") != "POST" {
		s.Errorf("405 with Allow %q", a.header.Get("Allow"))
	}
	for _, name := range []string{"error", "error_description"} {
		if !oauthText.MatchString(a.member(name)) {
			s.Errorf("%s %q is outside of its alphabet", name, a.member(name))
		}
	}
	if strings.Contains(a.body, "reflect-me") {
		s.Errorf("what was sent comes back: %s", a.body)
	}
}

// granted makes a call that has to be given a token of these scopes.
func (s *scene) granted(c call, scope string) *answer {
	s.Helper()
	a := s.asked(c, http.StatusOK, "")
	list := []string{}
	raw, _ := a.json()["scopes"].([]any)
	for _, v := range raw {
		list = append(list, v.(string))
	}
	if a.member("scope") != scope || strings.Join(list, " ") != scope {
		s.Errorf("granted %q and %q, want %q", a.member("scope"), list, scope)
	}
	return a
}

func grants(c call, scope string) how {
	return tested(func(s *scene) { s.granted(c, scope) })
}

const allOfTheClient = "a:read b:write"

func grantCases() []standard {
	scoped := func(text string) call { return call{body: grantForm + "&scope=" + text} }
	return []standard{
		{"T-1", "M", "RFC 6749 4.4.2", "the base request: `client_credentials`, Basic", "200 JSON: `access_token`, `token_type` Bearer, `expires_in` a number, `scopes` a list", tested(func(s *scene) {
			a := s.granted(call{body: grantForm}, allOfTheClient)
			if !strings.HasPrefix(a.member("access_token"), "spoat_") || a.member("token_type") != "Bearer" || a.json()["expires_in"] != 3600.0 {
				s.Error(a.text())
			}
		})},
		{"T-2", "M", "RFC 6749 5.1", "the fields of the answer", "`Cache-Control: no-store`", grants(call{body: grantForm}, allOfTheClient)},
		{"T-3", "M", "RFC 6749 5.1", "the fields of the answer, once more", "`Pragma: no-cache`", tested(func(s *scene) {
			if a := s.granted(call{body: grantForm}, allOfTheClient); a.header.Get("Pragma") != "no-cache" {
				s.Error(a.text())
			}
		})},
		{"T-4", "S", "RFC 6749 4.4.3", "the members of the answer", "no `refresh_token`, no `id_token`", tested(func(s *scene) {
			if a := s.granted(call{body: grantForm}, allOfTheClient); a.json()["refresh_token"] != nil || a.json()["id_token"] != nil {
				s.Error(a.text())
			}
		})},
		{"T-5", "M", "RFC 6749 5.1", "no `scope` asked: members of the answer", "`scope` and `scopes`, the same set", grants(call{body: grantForm}, allOfTheClient)},
		{"T-6", "M", "RFC 6749 3.3", "no `scope`", "all that the client may have", grants(call{body: grantForm}, allOfTheClient)},
		{"T-7", "M", "RFC 6749 3.3", "one scope of two", "just that", grants(scoped("a:read"), "a:read")},
		{"T-8", "M", "RFC 6749 3.3", "scopes in another order, one twice", "the set", grants(scoped("b:write+a:read+a:read"), allOfTheClient)},
		{"T-9", "P", "RFC 6749 3.3", "a scope that nobody declared", "400 `invalid_scope`", answers(scoped("nosuch"), 400, "invalid_scope")},
		{"T-10", "P", "RFC 6749 5.2", "a scope that is not the client's, alone and beside one that is", "400 `invalid_scope`: nothing is narrowed silently", tested(func(s *scene) {
			s.asked(scoped("c:admin"), 400, "invalid_scope")
			s.asked(scoped("a:read+c:admin"), 400, "invalid_scope")
		})},
		{"T-11", "M", "RFC 6749 3.3", "a scope with `\"`, `\\`, DEL, tab, NUL or é", "400 `invalid_scope`", tested(func(s *scene) {
			for _, text := range []string{"%22", "%5C", "a%7F", "a%09b", "a%00", "%C3%A9"} {
				s.asked(scoped(text), 400, "invalid_scope")
			}
		})},
		{"T-12", "M", "RFC 6749 3.3", "a scope in another case", "400 `invalid_scope`", answers(scoped("A:READ"), 400, "invalid_scope")},
		{"T-13", "P", "RFC 6749 3.3", "two spaces between, one before, one behind", "400 `invalid_scope`: the grammar has none", tested(func(s *scene) {
			for _, text := range []string{"a:read++b:write", "+a:read", "a:read+"} {
				s.asked(scoped(text), 400, "invalid_scope")
			}
		})},
		{"T-14", "M", "RFC 6749 3.2", "no `grant_type`", "400 `invalid_request`", answers(call{body: "scope=a:read"}, 400, "invalid_request")},
		{"T-15", "M", "RFC 6749 3.2", "an empty `grant_type`", "400 `invalid_request`", answers(call{body: "grant_type="}, 400, "invalid_request")},
		{"T-16", "M", "RFC 6749 3.2", "an empty `scope`", "as without", grants(scoped(""), allOfTheClient)},
		{"T-17", "M", "RFC 6749 5.2", "`grant_type=foo`", "400 `unsupported_grant_type`", answers(call{body: "grant_type=foo"}, 400, "unsupported_grant_type")},
		{"T-18", "M", "RFC 9700 2.4", "`grant_type=password`", "400 `unsupported_grant_type`", answers(call{body: "grant_type=password&username=u&password=p"}, 400, "unsupported_grant_type")},
		{"T-19", "M", "RFC 6749 5.2", "grants that are not offered: code, refresh, token exchange", "400 `unsupported_grant_type`", tested(func(s *scene) {
			for _, grant := range []string{"authorization_code&code=x", "refresh_token&refresh_token=x", "urn:ietf:params:oauth:grant-type:token-exchange"} {
				s.asked(call{body: "grant_type=" + grant}, 400, "unsupported_grant_type")
			}
		})},
		{"T-20", "M", "RFC 6749 1.9", "`Client_Credentials`", "400 `unsupported_grant_type`: case counts", answers(call{body: "grant_type=Client_Credentials"}, 400, "unsupported_grant_type")},
		{"T-21", "M", "RFC 6749 5.2", "a client that may not use the grant", "400 `unauthorized_client`", seen("authz.TestGrantsAreRefusedInOrder")},
	}
}

func requestCases() []standard {
	const twice = "400 `invalid_request`"
	inQuery := call{auth: noAuth, path: "/oauth/token?client_id={id}&client_secret={secret}", body: grantForm}
	return []standard{
		{"T-22", "M", "RFC 6749 3.2", "`grant_type` twice", twice, answers(call{body: grantForm + "&" + grantForm}, 400, "invalid_request")},
		{"T-23", "M", "RFC 6749 3.2", "`scope` twice, also in another encoding", twice, tested(func(s *scene) {
			s.asked(call{body: grantForm + "&scope=a:read&scope=a:read"}, 400, "invalid_request")
			s.asked(call{body: grantForm + "&scope=a:read&%73cope=a:read"}, 400, "invalid_request")
		})},
		{"T-24", "M", "RFC 6749 3.2", "`client_id` twice", twice, answers(call{auth: noAuth, body: grantForm + "&client_id={id}&client_id={id}&client_secret={secret}"}, 400, "invalid_request")},
		{"T-25", "M", "RFC 6749 3.2", "parameters that nobody knows", "200: they are ignored", grants(call{body: grantForm + "&foo=bar&audience_hint=x"}, allOfTheClient)},
		{"T-26", "M", "RFC 6749 4.4.2", "the grant in the query, no body", twice, answers(call{path: "/oauth/token?" + grantForm}, 400, "invalid_request")},
		{"T-27", "M", "RFC 6749 2.3.1", "credentials in the query", "400; the secret is in no log", tested(func(s *scene) {
			s.asked(inQuery, 400, "invalid_request")
			if strings.Contains(s.logs(), s.client().secret) {
				s.Error("the log holds the secret")
			}
		})},
		{"T-28", "M", "RFC 6749 3.2", "GET with good credentials", "405 with `Allow: POST`, no token", tested(func(s *scene) {
			if a := s.asked(call{method: "GET", path: "/oauth/token?" + grantForm}, 405, "invalid_request"); strings.Contains(a.body, "spoat_") {
				s.Error(a.text())
			}
		})},
		{"T-29", "M", "RFC 9110 15.5.6", "PUT, DELETE, PATCH, OPTIONS, HEAD", "405 with `Allow: POST`; HEAD without a body", tested(func(s *scene) {
			for _, method := range []string{"PUT", "DELETE", "PATCH", "OPTIONS"} {
				s.asked(call{method: method, body: grantForm}, 405, "invalid_request")
			}
			if a := s.send(call{method: "HEAD"}); a.status != 405 || a.body != "" || a.header.Get("Allow") != "POST" {
				s.Error(a.text())
			}
		})},
		{"T-30", "P", "RFC 6749 4.4.2", "a JSON body", twice, answers(call{kind: "application/json", body: `{"grant_type":"client_credentials"}`}, 400, "invalid_request")},
		{"T-31", "P", "RFC 6749 4.4.2", "no `Content-Type`", twice, answers(call{kind: "none", body: grantForm}, 400, "invalid_request")},
		{"T-32", "M", "RFC 9110 8.3.1", "the type with a charset, and in capitals", "200", tested(func(s *scene) {
			s.granted(call{kind: "application/x-www-form-urlencoded; charset=UTF-8", body: grantForm}, allOfTheClient)
			s.granted(call{kind: "APPLICATION/X-WWW-FORM-URLENCODED", body: grantForm}, allOfTheClient)
		})},
		{"T-33", "P", "RFC 6749 4.4.2", "a multipart form", twice, answers(call{kind: "multipart/form-data; boundary=x", body: "--x--"}, 400, "invalid_request")},
		{"T-34", "M", "RFC 6749 5.2", "a bad escape; text that is not UTF-8", twice, tested(func(s *scene) {
			s.asked(call{body: "grant_type=client%ZZcredentials"}, 400, "invalid_request")
			s.asked(call{body: grantForm + "&scope=%FF%FE"}, 400, "invalid_request")
		})},
		{"T-35", "P", "RFC 9110 15.5.14", "a form of 1 MiB", "413", tested(func(s *scene) {
			a := s.send(call{body: grantForm + "&x=" + strings.Repeat("x", 1<<20)})
			if a.err == nil && a.status != http.StatusRequestEntityTooLarge { // or the connection ended under the body
				s.Error(a.text())
			}
			s.granted(call{body: grantForm}, allOfTheClient)
		})},
	}
}

func credentialCases() []standard {
	formAuth := func(id, secret string) string {
		return grantForm + "&client_id=" + id + "&client_secret=" + secret
	}
	failed := func(auth ...string) call { return call{auth: auth, body: grantForm} }
	return []standard{
		{"T-36", "M", "RFC 6749 2.3.1", "id and secret form-encoded before Basic", "200; as with the raw text", tested(func(s *scene) {
			id := strings.ReplaceAll(s.client().id, "-", "%2D")
			secret := strings.ReplaceAll(s.client().secret, "_", "%5F")
			s.granted(failed(basicAuth(id, secret)), allOfTheClient)
		}).but("secrets are made by the server, of characters that need no encoding, so that the encoded and the raw form are both taken")},
		{"T-37", "M", "RFC 9110 11.1", "`basic`, `BASIC`", "200", tested(func(s *scene) {
			encoded := strings.TrimPrefix(basicAuth(s.client().id, s.client().secret), "Basic")
			s.granted(failed("basic"+encoded), allOfTheClient)
			s.granted(failed("BASIC"+encoded), allOfTheClient)
		})},
		{"T-38", "P", "RFC 6749 2.3.1", "credentials in the form", "200: every client may", grants(call{auth: noAuth, body: formAuth("{id}", "{secret}")}, allOfTheClient)},
		{"T-39", "M", "RFC 6749 2.3", "Basic and a secret in the form", "400 `invalid_request`", answers(call{body: formAuth("{id}", "{secret}")}, 400, "invalid_request")},
		{"T-40", "P", "RFC 6749 2.3", "Basic and a `client_id` in the form: the same, another", "200; 400 `invalid_request`", tested(func(s *scene) {
			s.granted(call{body: grantForm + "&client_id={id}"}, allOfTheClient)
			s.asked(call{body: grantForm + "&client_id={alice}"}, 400, "invalid_request")
		})},
		{"T-41", "P", "RFC 6749 5.2", "no credentials", "401 `invalid_client` with a Basic challenge", answers(call{auth: noAuth, body: grantForm}, 401, "invalid_client")},
		{"T-42", "M", "RFC 6749 5.2", "Basic with a wrong secret", "401 `invalid_client` with a Basic challenge", tested(func(s *scene) {
			s.asked(failed(basicAuth(s.client().id, "spocs_wrong")), 401, "invalid_client")
		})},
		{"T-43", "P", "RFC 9700 4.13", "an unknown client, an id that is none, a wrong secret, a disabled client, twelve times", "answers that are the same, bar the date; the same time within 2 %, see [performance](performance.md#refused-clients)", tested(refusedAlike)},
		{"T-44", "M", "RFC 6749 5.2", "a wrong secret in the form", "401 `invalid_client`", answers(call{auth: noAuth, body: formAuth("{id}", "x")}, 401, "invalid_client")},
		{"T-45", "M", "RFC 6749 5.2", "Basic without a colon, in bad base64, empty, of 64 KiB", "401 `invalid_client`, or 431 for its size", tested(func(s *scene) {
			for _, field := range []string{"Basic Zm9v", "Basic %%%", "Basic ", "Basic"} {
				s.asked(failed(field), 401, "invalid_client")
			}
			if a := s.send(failed("Basic " + strings.Repeat("A", 64<<10))); a.err == nil && a.status != http.StatusRequestHeaderFieldsTooLarge {
				s.Error(a.text())
			}
		})},
		{"T-46", "M", "RFC 6749 2.2", "a `client_id` alone", "401 `invalid_client`", answers(call{auth: noAuth, body: grantForm + "&client_id={id}"}, 401, "invalid_client")},
		{"T-47", "M", "RFC 6749 4.4", "a client that is not confidential", "400 `unauthorized_client`", tested(func(s *scene) {
			s.who = s.register(s.T, map[string]any{"confidential": false})
			s.asked(call{body: grantForm}, 400, "unauthorized_client")
		})},
		{"T-48", "M", "RFC 6749 5.2", "Bearer or Digest in place of Basic", "401 `invalid_client` with a Basic challenge", tested(func(s *scene) {
			s.asked(failed("Bearer "+s.read), 401, "invalid_client")
			s.asked(failed("Digest username=x"), 401, "invalid_client")
		})},
		{"T-49", "M", "RFC 9110 5.3", "two `Authorization` fields", "400 `invalid_request`", tested(func(s *scene) {
			good := basicAuth(s.client().id, s.client().secret)
			s.asked(failed(good, good), 400, "invalid_request")
		})},
		{"T-50", "M", "RFC 6749 5.2", "what was sent, in each part of a refused request", "texts in the alphabet of 5.2, nothing comes back", tested(func(s *scene) {
			s.asked(call{body: "grant_type=reflect-me"}, 400, "unsupported_grant_type")
			s.asked(call{body: grantForm + "&scope=reflect-me"}, 400, "invalid_scope")
			s.asked(call{body: grantForm + "&resource=reflect-me"}, 400, "invalid_target")
			s.asked(failed(basicAuth("reflect-me", "reflect-me")), 401, "invalid_client")
			s.asked(call{method: "REFLECT", body: "reflect-me"}, 405, "invalid_request")
			s.asked(call{kind: "text/reflect-me", body: grantForm}, 400, "invalid_request")
		})},
	}
}

// differ reports whether no text stands twice.
func differ(texts []string) bool {
	sorted := slices.Sorted(slices.Values(texts))
	return len(slices.Compact(sorted)) == len(texts)
}

// refusedAlike lets clients of each kind fail until they are slowed, and
// compares each answer with that of a known client.
func refusedAlike(s *scene) {
	inactive := s.register(s.T, nil)
	s.change(s.T, http.MethodPost, "/clients/"+inactive.id+"/disable", nil)
	kinds := []*party{{s.client().id, "spocs_wrong"}, {"00000000-0000-4000-8000-000000000000", "spocs_wrong"}, {"no-uuid-" + s.tag, "spocs_wrong"}, inactive}
	for try := range 12 {
		var known *answer
		for _, who := range kinds {
			a := s.post("/oauth/token", who, "grant_type", "client_credentials")
			a.header.Del("Date")
			if known == nil {
				known = a
			}
			if a.text() != known.text() || a.status != http.StatusUnauthorized && a.status != http.StatusTooManyRequests {
				s.Errorf("try %d: %s\nis not\n%s", try, a.text(), known.text())
			}
		}
	}
}
