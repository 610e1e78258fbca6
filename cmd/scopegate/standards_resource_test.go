package main_test

import (
	"net/http"
	"slices"
)

const (
	billingResource = "https://api.example.com/billing"
	reportsResource = "https://api.example.com/reports"
)

// tokenFor gets a token that is bound to resources.
func (s *scene) tokenFor(resources ...string) string {
	s.Helper()
	var pairs []string
	for _, r := range resources {
		pairs = append(pairs, "resource", r)
	}
	return s.token(s.T, s.client(), pairs...)
}

func resourceCases() []standard {
	const opaque = "tokens are opaque, so that they die at once"
	badTarget := func(resource string) call {
		return call{body: formOf("grant_type", "client_credentials", "resource", resource)}
	}
	return []standard{
		{"N-1", "X", "RFC 9068 2.1", "the header of a JWT access token", "`typ: at+jwt`, an asymmetric `alg`", notBuilt(opaque)},
		{"N-2", "X", "RFC 9068 2.2", "its claims", "iss, exp, aud, sub, client_id, iat, jti", notBuilt(opaque)},
		{"N-3", "X", "RFC 9068 2.2", "its `sub` and `scope`", "the client; what was granted", notBuilt(opaque)},
		{"N-4", "X", "RFC 9068 4", "one with a wrong typ, aud, iss, or expired", "401 `invalid_token`", notBuilt(opaque)},
		{"N-5", "X", "RFC 9068 4", "one of a revoked client", "401 at once", notBuilt(opaque)},
		{"N-6", "X", "RFC 8707 2", "one `resource`; two", "200; introspection names them in `aud`", tested(func(s *scene) {
			s.audience(s.tokenFor(billingResource), billingResource)
			s.audience(s.tokenFor(reportsResource, billingResource), billingResource, reportsResource)
			s.audience(s.tokenFor())
		})},
		{"N-7", "X", "RFC 8707 2", "a relative one, one with a fragment, one that no route belongs to", "400 `invalid_target`", tested(func(s *scene) {
			for _, resource := range []string{"/billing", billingResource + "#x", billingResource + "/", "https://API.example.com/billing", "https://api.example.com"} {
				s.asked(badTarget(resource), 400, "invalid_target")
			}
		})},
		{"N-8", "X", "RFC 8707 2", "`resource` twice", "200: the one parameter that may be repeated", tested(func(s *scene) {
			s.audience(s.tokenFor(billingResource, billingResource), billingResource)
		})},
		{"N-9", "X", "RFC 9700 2.3", "a token of one resource on the routes of another, and of none", "401 `invalid_token`", tested(func(s *scene) {
			token := s.tokenFor(billingResource)
			s.want(s.get("/r/billing", token), http.StatusOK, "")
			s.invalidToken(s.get("/r/reports?{tag}", token))
			s.invalidToken(s.get("/a/x?{tag}", token))
			s.want(s.get("/r/reports", s.whole), http.StatusOK, "")
		})},
		{"N-10", "X", "RFC 7517 4", "the key set", "public keys only", seen("D-10")},
	}
}

// audience holds what introspection says of a token's resources, to its own
// client and to the administrator: RFC 7662 section 2.2 and RFC 8707 section 2
// call them aud. A token that is bound to none has none.
func (s *scene) audience(token string, want ...string) {
	s.Helper()
	mine := s.introspected(s.client(), token).json()
	admins := s.change(s.T, http.MethodPost, "/tokens/introspect", map[string]string{"token": token})
	for who, d := range map[string]map[string]any{"the client": mine, "the administrator": admins} {
		got, ok := list(d["aud"])
		if len(want) == 0 && d["aud"] != nil || len(want) > 0 && !ok || !slices.Equal(got, want) {
			s.Errorf("%s is told the aud %v, want %q", who, d["aud"], want)
		}
	}
}
