package oauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/authz/oauth"
)

func TestAClientAtItsCapOnLivingTokensWaits(t *testing.T) {
	s := start(t)
	id, secret := s.limited(t, authz.Registration{MaxLiveTokens: 2, AccessTokenTTL: time.Minute})
	first := s.token(t, id, secret)
	s.clock.advance(15 * time.Second)
	s.token(t, id, secret)
	ask := func() *answer {
		return s.do(t, call{auth: []string{basic(id, secret)}, body: "grant_type=client_credentials"})
	}
	a := ask()
	if a.status != http.StatusTooManyRequests || a.error() != "temporarily_unavailable" || a.header.Get("Retry-After") != "45" ||
		a.header.Get("X-Scopegate-Error") != "rate_limited" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("at the cap: %d %s %v", a.status, a.body, a.header)
	}
	if log := s.log.String(); !strings.Contains(log, "cap of 2 living tokens") {
		t.Errorf("the log does not tell why:\n%s", log)
	}
	s.token(t, s.id, s.secret) // another client is not concerned
	if a := s.do(t, call{auth: []string{basic(id, "wrong")}, body: "grant_type=client_credentials"}); a.status != http.StatusUnauthorized {
		t.Errorf("a wrong secret hears of the cap: %d", a.status)
	}
	if a := s.do(t, call{path: oauth.RevokePath, auth: []string{basic(id, secret)}, body: "token=" + first}); a.status != http.StatusOK {
		t.Fatalf("revoke: %d %s", a.status, a.body)
	}
	s.token(t, id, secret)
	if a := ask(); a.status != http.StatusTooManyRequests {
		t.Errorf("one freed place and two more tokens: %d", a.status)
	}
	s.clock.advance(time.Minute)
	s.token(t, id, secret)
	s.token(t, id, secret)
}
