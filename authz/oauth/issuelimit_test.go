package oauth_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/authz/oauth"
)

// limited registers a client of its own.
func (s *server) limited(t *testing.T, n authz.Registration) (id, secret string) {
	t.Helper()
	n.Name, n.Confidential, n.AllowedScopes = "limited", true, []authz.Scope{"a:read"}
	c, text, err := s.registry.Create(t.Context(), n, authz.By{})
	if err != nil {
		t.Fatal(err)
	}
	return string(c.ID), text.Text()
}

func TestAClientBeyondItsIssueLimitWaits(t *testing.T) {
	s := start(t)
	id, secret := s.limited(t, authz.Registration{IssueLimit: authz.IssueLimit{N: 3, Per: time.Minute}})
	ask := func() *answer {
		return s.do(t, call{auth: []string{basic(id, secret)}, body: "grant_type=client_credentials"})
	}
	for range 3 {
		s.token(t, id, secret)
	}
	a := ask()
	if a.status != http.StatusTooManyRequests || a.error() != "temporarily_unavailable" ||
		a.header.Get("Retry-After") != "20" || a.header.Get("X-Scopegate-Error") != "rate_limited" {
		t.Errorf("the fourth: %d %s %v", a.status, a.body, a.header)
	}
	s.token(t, s.id, s.secret) // another client is not concerned
	s.clock.advance(20 * time.Second)
	s.token(t, id, secret)
	if a := ask(); a.status != http.StatusTooManyRequests {
		t.Errorf("one after the wait, and one more: %d", a.status)
	}
	s.clock.advance(time.Hour)
	for range 3 {
		s.token(t, id, secret)
	}
	if a := ask(); a.status != http.StatusTooManyRequests {
		t.Errorf("the burst grows beyond the limit: %d", a.status)
	}
	if a := s.do(t, call{auth: []string{basic(id, "wrong")}, body: "grant_type=client_credentials"}); a.status != http.StatusUnauthorized {
		t.Errorf("a wrong secret hears of the limit: %d", a.status)
	}
}

func TestIssueLimitsForgetWhoWaitsNoLonger(t *testing.T) {
	limits, now := oauth.NewIssueLimits(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	c := authz.Client{IssueLimit: authz.IssueLimit{N: 1, Per: time.Second}}
	for i := range 10_000 {
		c.ID = authz.ClientID(strings.Repeat("x", i%7) + time.Duration(i).String())
		if wait := limits.Take(&c, now); wait != 0 {
			t.Fatalf("client %d waits %s", i, wait)
		}
		now = now.Add(time.Second)
	}
	if n := limits.Len(); n > 2048 {
		t.Errorf("%d clients are kept", n)
	}
}

func TestARightSecretFromAWrongAddressLooksLikeAWrongOne(t *testing.T) {
	s := start(t)
	list, err := authz.ParseAddresses([]string{"192.0.2.0/24"})
	if err != nil {
		t.Fatal(err)
	}
	id, secret := s.limited(t, authz.Registration{Addresses: list})
	for _, path := range []string{oauth.TokenPath, oauth.IntrospectPath, oauth.RevokePath} {
		body := "grant_type=client_credentials&token=x"
		right := s.do(t, call{path: path, auth: []string{basic(id, secret)}, body: body})
		wrong := s.do(t, call{path: path, auth: []string{basic(id, "wrong")}, body: body})
		if right.status != http.StatusUnauthorized || right.body != wrong.body || right.header.Get("Www-Authenticate") != wrong.header.Get("Www-Authenticate") {
			t.Errorf("%s: right %d %s, wrong %d %s", path, right.status, right.body, wrong.status, wrong.body)
		}
	}
	if log := s.log.String(); !strings.Contains(log, authz.ErrOtherAddress.Error()) {
		t.Errorf("the log does not tell why:\n%s", log)
	}
	local, err := authz.ParseAddresses([]string{"127.0.0.0/8", "::1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.registry.Update(t.Context(), authz.ClientID(id), authz.Update{Addresses: &local}, authz.By{}); err != nil {
		t.Fatal(err)
	}
	s.token(t, id, secret)
}
