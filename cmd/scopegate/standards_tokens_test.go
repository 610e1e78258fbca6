package main_test

import (
	"net/http"
	"strings"
	"sync"
)

const (
	revokePath     = "/oauth/revoke"
	introspectPath = "/oauth/introspect"
)

// isActive asks the administrator's introspection.
func (s *scene) isActive(token string) bool {
	s.Helper()
	return s.change(s.T, http.MethodPost, "/tokens/introspect", map[string]string{"token": token})["active"] == true
}

// revoking is a case of the revocation endpoint: a call with a new token for
// {token}, its answer, and whether the token lives afterwards.
func revoking(c call, status int, code string, lives bool) how {
	return tested(func(s *scene) {
		token := s.token(s.T, s.client())
		c.path, c.body = revokePath, strings.ReplaceAll(c.body, "{token}", token)
		a := s.send(c)
		s.want(a, status, code)
		if status == http.StatusOK && a.body != "" {
			s.Errorf("200 with the body %q", a.body)
		}
		if s.isActive(token) != lives {
			s.Errorf("the token lives: %t", !lives)
		}
		if !lives {
			s.invalidToken(s.get("/a/x?{tag}", token))
		}
	})
}

func revocationCases() []standard {
	return []standard{
		{"V-1", "M", "RFC 7009 2.1", "a client's own token", "200; the token is dead", revoking(call{body: "token={token}"}, 200, "", false)},
		{"V-2", "M", "RFC 7009 2.2", "an unknown text, an expired token", "200 without a body", tested(func(s *scene) {
			s.poll(func() bool { return !s.isActive(s.expired) })
			for _, token := range []string{"garbage", s.expired} {
				if a := s.post(revokePath, s.brief, "token", token); a.status != 200 || a.body != "" {
					s.Error(a.text())
				}
			}
		})},
		{"V-3", "M", "RFC 7009 2.1", "no client, a wrong secret", "401 `invalid_client`", tested(func(s *scene) {
			s.asked(call{path: revokePath, auth: noAuth, body: "token={read}"}, 401, "invalid_client")
			s.asked(call{path: revokePath, auth: []string{basicAuth(s.client().id, "x")}, body: "token={read}"}, 401, "invalid_client")
			s.want(s.get("/a/x", s.read), 200, "")
		})},
		{"V-4", "M", "RFC 7009 2.1", "another client's token", "400 `unauthorized_client`; the token lives", tested(func(s *scene) {
			s.asked(call{path: revokePath, body: "token={read}"}, 400, "unauthorized_client")
			s.want(s.get("/a/x", s.read), 200, "")
		})},
		{"V-5", "M", "RFC 7009 2.1", "no `token`", "400 `invalid_request`", revoking(call{body: "token="}, 400, "invalid_request", true)},
		{"V-6", "M", "RFC 7009 2.1", "hints: right, wrong, unknown", "200; the token is dead", tested(func(s *scene) {
			for _, hint := range []string{"access_token", "refresh_token", "x"} {
				token := s.token(s.T, s.client())
				s.want(s.post(revokePath, s.client(), "token", token, "token_type_hint", hint), 200, "")
				if s.isActive(token) {
					s.Errorf("with the hint %s it lives", hint)
				}
			}
		})},
		{"V-7", "M", "RFC 7009 2", "GET", "405 with `Allow: POST`", tested(func(s *scene) {
			s.asked(call{method: "GET", path: revokePath + "?token=x"}, 400+5, "invalid_request")
		})},
		{"V-8", "M", "RFC 6749 3.2", "`token` twice", "400 `invalid_request`", revoking(call{body: "token={token}&token={token}"}, 400, "invalid_request", true)},
		{"V-9", "S", "RFC 7009 2.2.1", "the store cannot write", "503 with `Retry-After`, never 200", seen("authz/oauth.TestARevocationThatIsNotStoredIsNeverAnswered200")},
		{"V-10", "M", "RFC 7009 2.1", "a client with 1,000 tokens and one token revoked, SIGKILL, a restart", "each token 401 before and after", tested(revokedForGood)},
		{"V-11", "M", "RFC 7009 2.2", "the same token twice", "200, 200", tested(func(s *scene) {
			token := s.token(s.T, s.client())
			for range 2 {
				s.want(s.post(revokePath, s.client(), "token", token), 200, "")
			}
		})},
	}
}

// revokedForGood revokes a client and a token, and looks at each token of the
// client before and after the server was killed.
func revokedForGood(s *scene) {
	st := newStage(s.T, "fast", "--access-log", "off")
	mortal := newScene(s.T, st, "V-10")
	many, alone := mortal.client(), st.register(s.T, nil)
	single, stays := st.token(s.T, alone), st.token(s.T, alone)
	tokens := make([]string, 1000)
	eachOf(tokens, func(i int) { tokens[i] = st.token(s.T, many) })
	mortal.want(mortal.get("/a/x", tokens[999]), 200, "")
	st.change(s.T, http.MethodPost, "/clients/"+many.id+"/revoke", nil)
	mortal.want(mortal.post(revokePath, alone, "token", single), 200, "")
	dead := func() {
		eachOf(tokens, func(i int) { mortal.want(mortal.get("/a/x?{tag}", tokens[i]), 401, "invalid_token") })
		mortal.invalidToken(mortal.get("/a/x?{tag}", single))
		mortal.want(mortal.get("/a/x", stays), 200, "")
	}
	dead()
	st.server.kill()
	st.start()
	dead()
}

// eachOf does something for each index, many at a time.
func eachOf(list []string, do func(i int)) {
	var all sync.WaitGroup
	const workers = 32
	for w := range workers {
		all.Go(func() {
			for i := w; i < len(list); i += workers {
				do(i)
			}
		})
	}
	all.Wait()
}

// inactive is the whole answer about a token that is not active.
const inactive = `{"active":false}`

// introspected asks the endpoint and returns the answer, which has to be 200.
func (s *scene) introspected(who *party, token string, more ...string) *answer {
	s.Helper()
	a := s.post(introspectPath, who, append([]string{"token", token}, more...)...)
	s.want(a, 200, "")
	s.sound(a)
	return a
}

func (s *scene) hidden(a *answer) {
	s.Helper()
	if strings.TrimSpace(a.body) != inactive {
		s.Errorf("want %s, got %s", inactive, a.text())
	}
}

func introspectionCases() []standard {
	asking := func(c call, status int, code string) how {
		c.path = introspectPath
		return tested(func(s *scene) {
			if a := s.asked(c, status, code); strings.Contains(a.body, "active") {
				s.Errorf("something of the token is said: %s", a.text())
			}
		})
	}
	return []standard{
		{"I-1", "M", "RFC 7662 2.1", "nobody asks", "401, nothing of the token", asking(call{auth: noAuth, body: "token={read}"}, 401, "invalid_client")},
		{"I-2", "M", "RFC 7662 2.1", "a client asks for its own token, by Basic and by form", "200, `active` true", tested(func(s *scene) {
			token := s.token(s.T, s.client())
			byForm := s.send(call{path: introspectPath, auth: noAuth, body: "client_id={id}&client_secret={secret}&token=" + token})
			for _, a := range []*answer{s.introspected(s.client(), token), byForm} {
				if a.status != 200 || a.json()["active"] != true {
					s.Error(a.text())
				}
			}
		})},
		{"I-3", "M", "RFC 7662 2.2", "unknown, expired, revoked, of a disabled client", "200 and just `{\"active\":false}`", tested(deadTokensHidden)},
		{"I-4", "S", "RFC 7662 2.2", "the members about an active token", "`scope`, `client_id`, `token_type`, `exp`, `iat`, `sub`, `iss`", tested(func(s *scene) {
			got := s.introspected(s.alice, s.whole).json()
			for name, want := range map[string]any{
				"scope": allOfTheClient, "client_id": s.alice.id, "sub": s.alice.id, "token_type": "Bearer", "iss": "http://127.0.0.1",
			} {
				if got[name] != want {
					s.Errorf("%s is %v, want %v", name, got[name], want)
				}
			}
			exp, ok := got["exp"].(float64)
			iat, also := got["iat"].(float64)
			if !ok || !also || exp-iat < 3600 || exp-iat > 3601 { // both in whole seconds
				s.Errorf("exp %v, iat %v", got["exp"], got["iat"])
			}
		})},
		{"I-5", "M", "RFC 7662 2.1", "GET", "405", asking(call{method: "GET"}, 405, "invalid_request")},
		{"I-6", "M", "RFC 7662 2.1", "no `token`", "400 `invalid_request`", asking(call{body: "x=y"}, 400, "invalid_request")},
		{"I-7", "M", "RFC 7662 2.3", "a wrong secret and a good token, and a bad one", "401 `invalid_client`, the same for both", tested(func(s *scene) {
			ask := func(token string) *answer {
				a := s.asked(call{path: introspectPath, auth: []string{basicAuth(s.client().id, "x")}, body: "token=" + token}, 401, "invalid_client")
				a.header.Del("Date")
				return a
			}
			if good, bad := ask(s.read), ask("garbage"); good.text() != bad.text() {
				s.Errorf("%s\nis not\n%s", good.text(), bad.text())
			}
		})},
		{"I-8", "S", "RFC 7662 4", "100 questions about tokens that do not live, by one client", "429 with `Retry-After`", seen("authz/oauth.TestAskingAboutTokensThatDoNotLiveIsSlowedRFC7662Section4")},
		{"I-9", "P", "RFC 7662 4", "another client's token: without and with `scopegate.introspect`", "`{\"active\":false}`; all of it", tested(func(s *scene) {
			s.hidden(s.introspected(s.client(), s.read))
			inspector := s.register(s.T, map[string]any{"allowed_scopes": []string{"scopegate.introspect"}})
			if a := s.introspected(inspector, s.read); a.json()["active"] != true || a.member("client_id") != s.alice.id {
				s.Error(a.text())
			}
		})},
		{"I-10", "S", "RFC 7662 4", "the fields of the answer", "`Cache-Control: no-store`", seen("I-2, I-7")},
		{"I-11", "M", "RFC 7662 2.1", "a hint that nobody knows", "it is ignored", tested(func(s *scene) {
			if a := s.introspected(s.alice, s.read, "token_type_hint", "x"); a.json()["active"] != true {
				s.Error(a.text())
			}
		})},
		{"I-12", "M", "RFC 8705 3.2", "a token bound to a key", "`cnf`", notBuilt("tokens are not bound to keys")},
		{"I-13", "X", "RFC 9701", "`Accept: application/token-introspection+jwt`", "plain JSON", tested(func(s *scene) {
			a := s.send(call{path: introspectPath, auth: []string{basicAuth(s.alice.id, s.alice.secret)}, body: "token={read}", fields: []string{"Accept: application/token-introspection+jwt"}})
			if s.sound(a); a.json()["active"] != true {
				s.Error(a.text())
			}
		})},
	}
}

func deadTokensHidden(s *scene) {
	revoked := s.token(s.T, s.client())
	s.want(s.post(revokePath, s.client(), "token", revoked), 200, "")
	s.hidden(s.introspected(s.client(), "garbage"))
	s.hidden(s.introspected(s.client(), revoked))
	s.poll(func() bool { return s.get("/a/x", s.expired).status == http.StatusUnauthorized })
	s.hidden(s.introspected(s.brief, s.expired))

	inspector := s.register(s.T, map[string]any{"allowed_scopes": []string{"scopegate.introspect"}})
	asleep := s.token(s.T, s.client())
	s.change(s.T, http.MethodPost, "/clients/"+s.client().id+"/disable", nil)
	s.hidden(s.introspected(inspector, asleep))
}
