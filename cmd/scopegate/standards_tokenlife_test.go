package main_test

import (
	"bytes"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

func tokenLifeCases() []standard {
	return []standard{
		{"T-51", "M", "RFC 6749 5.1", "a token that lives 2 seconds", "200 before its end, 401 `invalid_token` after", tested(func(s *scene) {
			s.who = s.register(s.T, map[string]any{"access_token_ttl": "2s"})
			a := s.granted(call{body: grantForm}, allOfTheClient)
			if a.json()["expires_in"] != 2.0 {
				s.Error(a.text())
			}
			token, before := a.member("access_token"), s.get("/a/x?{tag}", a.member("access_token"))
			if before.status != http.StatusOK {
				s.Skipf("the machine needs more than the token's life to use it: %s", before.text())
			}
			s.poll(func() bool { return s.get("/a/x?{tag}", token).member("error") == "invalid_token" })
		})},
		{"T-52", "M", "RFC 6749 10.10", "10,000 tokens", "all apart, 256 random bits, digits evenly spread", seen("authz.TestTenThousandTokensOfRFC6749Section10_10AreApartAndEven")},
		{"T-53", "M", "RFC 6750 2.1", "10,000 tokens", "each a b64token", seen("authz.TestTenThousandTokensOfRFC6749Section10_10AreApartAndEven")},
		{"T-54", "P", "RFC 6749 5.1", "two requests in a row", "two tokens, both good", tested(func(s *scene) {
			tokens := []string{s.token(s.T, s.client()), s.token(s.T, s.client())}
			if !differ(tokens) {
				s.Error("the same token twice")
			}
			for _, token := range tokens {
				s.want(s.get("/a/x", token), http.StatusOK, "")
			}
		})},
		{"T-55", "P", "RFC 6749 2.3.1", "the secret rotated, at once and with an overlap", "old 401 at once, or good for the overlap; tokens stay", tested(rotated)},
		{"T-56", "P", "RFC 6749 2.3.1", "a secret after it was shown once", "in no answer, no log and no file again", tested(shownOnce)},
		{"T-57", "M", "RFC 6749 2.3.1", "30 wrong secrets for one client from one address", "429 with `Retry-After`; other clients and the right secret pass", tested(func(s *scene) {
			var last *answer
			for range 30 {
				last = s.send(call{auth: []string{basicAuth(s.client().id, "spocs_wrong")}, body: grantForm})
			}
			s.want(last, http.StatusTooManyRequests, "invalid_client")
			s.sound(last)
			if last.header.Get("Retry-After") == "" {
				s.Error(last.text())
			}
			s.granted(call{auth: []string{basicAuth(s.alice.id, s.alice.secret)}, body: grantForm}, allOfTheClient)
			s.granted(call{body: grantForm}, allOfTheClient)
		})},
		{"T-58", "M", "RFC 6749 3.2", "plain HTTP on an address that is not loopback", "it serves and warns; nothing is redirected", otherwise("TLS ends at `--tls-cert` or at a proxy in front, which a gateway that refused plain HTTP could not stand behind")},
		{"T-59", "P", "Fetch", "`OPTIONS` of another origin", "no `Access-Control-Allow-Origin`", answers(call{method: "OPTIONS", fields: []string{"Origin: https://evil.example"}}, 405, "invalid_request")},
		{"T-60", "P", "RFC 9112 3.2", "`/oauth/token/`, `/oauth//token`, `/OAUTH/TOKEN`", "404 or 400; never the upstream's", tested(func(s *scene) {
			for _, path := range []string{"/oauth/token/", "/oauth//token", "/OAUTH/TOKEN", "/oauth/%74oken"} {
				if a := s.send(call{path: path + "?{tag}", body: grantForm}); a.status != 404 && a.status != 400 {
					s.Errorf("%s: %s", path, a.text())
				}
			}
			s.silent()
		})},
		{"T-61", "P", "RFC 9457", "a refusal of the token endpoint", "RFC 6749's JSON, no problem document", tested(func(s *scene) {
			a := s.asked(call{body: "grant_type=foo"}, 400, "unsupported_grant_type")
			if strings.Contains(a.header.Get("Content-Type"), "problem") || a.json()["status"] != nil {
				s.Error(a.text())
			}
		})},
		{"T-62", "P", "RFC 6749 3.2", "100 requests of one client at once", "100 different tokens", tested(func(s *scene) {
			who := s.client()
			tokens := make([]string, 100)
			var all sync.WaitGroup
			for i := range tokens {
				all.Go(func() {
					tokens[i] = s.post("/oauth/token", who, "grant_type", "client_credentials").member("access_token")
				})
			}
			all.Wait()
			if !differ(tokens) {
				s.Error("a token stands twice, or is missing")
			}
		})},
	}
}

func rotated(s *scene) {
	old, token := *s.client(), s.token(s.T, s.client())
	rotate := func(body any) {
		out := s.change(s.T, http.MethodPost, "/clients/"+old.id+"/rotate-secret", body)
		s.who = &party{old.id, out["client_secret"].(string)}
	}
	rotate(map[string]any{"overlap": "1h"})
	s.granted(call{body: grantForm}, allOfTheClient)
	s.granted(call{auth: []string{basicAuth(old.id, old.secret)}, body: grantForm}, allOfTheClient)
	rotate(nil)
	s.asked(call{auth: []string{basicAuth(old.id, old.secret)}, body: grantForm}, 401, "invalid_client")
	s.granted(call{body: grantForm}, allOfTheClient)
	s.want(s.get("/a/x", token), http.StatusOK, "")
}

func shownOnce(s *scene) {
	secret := s.client().secret
	for _, path := range []string{"/clients/" + s.client().id, "/clients?limit=1000", "/events?limit=1000", "/status"} {
		if _, out := s.ask(s.T, http.MethodGet, path, nil); holds(out, secret) {
			s.Errorf("%s shows the secret", path)
		}
	}
	if strings.Contains(s.logs(), secret) {
		s.Error("the log holds the secret")
	}
	files := os.DirFS(filepath.Join(s.session.dir, "data"))
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return nil // the store's own files come and go
		}
		if content, err := fs.ReadFile(files, name); err == nil && bytes.Contains(content, []byte(secret)) {
			s.Errorf("%s holds the secret", name)
		}
		return nil
	})
	if err != nil {
		s.Fatal(err)
	}
}

// holds reports whether a decoded JSON value holds a text anywhere.
func holds(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return strings.Contains(v, text)
	case map[string]any:
		for name, member := range v {
			if strings.Contains(name, text) || holds(member, text) {
				return true
			}
		}
	case []any:
		for _, member := range v {
			if holds(member, text) {
				return true
			}
		}
	}
	return false
}
