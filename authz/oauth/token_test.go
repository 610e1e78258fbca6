package oauth_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"scopegate/authz"
	"scopegate/store/memstore"
)

const grant = "grant_type=client_credentials"

var safeText = regexp.MustCompile(`^[\x20-\x21\x23-\x5b\x5d-\x7e]*$`)

func TestTokenAnswerHasTheFieldsOfRFC6749Section5_1(t *testing.T) {
	s := start(t)
	a := s.do(t, call{body: grant})
	if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	if a.header.Get("Cache-Control") != "no-store" || a.header.Get("Pragma") != "no-cache" {
		t.Errorf("fields %v", a.header)
	}
	if text, _ := a.json["access_token"].(string); !regexp.MustCompile(`^spoat_[0-9A-Za-z]{53}$`).MatchString(text) {
		t.Errorf("access_token %q", text)
	}
	if a.json["token_type"] != "Bearer" || a.json["expires_in"] != float64(3600) || a.json["scope"] != "a:read b:write" {
		t.Errorf("answer %s", a.body)
	}
	if list, _ := a.json["scopes"].([]any); len(list) != 2 || list[0] != "a:read" || list[1] != "b:write" {
		t.Errorf("scopes %v", a.json["scopes"])
	}
	for _, absent := range []string{"refresh_token", "id_token"} {
		if _, there := a.json[absent]; there {
			t.Errorf("%s is there", absent)
		}
	}
	if again := s.do(t, call{body: grant}); again.json["access_token"] == a.json["access_token"] {
		t.Error("two requests got the same token")
	}
}

func TestTokenEndpointCases(t *testing.T) {
	s := start(t)
	id, secret := s.id, s.secret
	none := []string{}
	long := strings.Repeat("x", 70<<10)
	cases := map[string]struct {
		call   call
		status int
		error  string
	}{
		"T-7 6749 3.3 one scope":                           {call{body: grant + "&scope=a:read"}, 200, ""},
		"T-8 6749 3.3 order and repetition":                {call{body: grant + "&scope=b:write+a:read+a:read"}, 200, ""},
		"T-9 6749 5.2 unknown scope":                       {call{body: grant + "&scope=nosuch"}, 400, "invalid_scope"},
		"T-10 6749 5.2 known but not allowed":              {call{body: grant + "&scope=c:admin"}, 400, "invalid_scope"},
		"T-10 6749 5.2 mixed with an allowed one":          {call{body: grant + "&scope=a:read+c:admin"}, 400, "invalid_scope"},
		"T-11 6749 3.3 quote in scope":                     {call{body: grant + "&scope=a%22"}, 400, "invalid_scope"},
		"T-11 6749 3.3 NUL in scope":                       {call{body: grant + "&scope=a%00"}, 400, "invalid_scope"},
		"T-12 6749 3.3 case counts":                        {call{body: grant + "&scope=A:READ"}, 400, "invalid_scope"},
		"T-13 6749 3.3 two spaces":                         {call{body: grant + "&scope=a:read++b:write"}, 400, "invalid_scope"},
		"T-14 6749 3.2 no grant_type":                      {call{body: "scope=a:read"}, 400, "invalid_request"},
		"T-15 6749 3.2 empty grant_type":                   {call{body: "grant_type="}, 400, "invalid_request"},
		"T-16 6749 3.2 empty scope":                        {call{body: grant + "&scope="}, 200, ""},
		"T-17 6749 5.2 unknown grant":                      {call{body: "grant_type=foo"}, 400, "unsupported_grant_type"},
		"T-18 9700 2.4 password grant":                     {call{body: "grant_type=password"}, 400, "unsupported_grant_type"},
		"T-20 6749 1.9 grant in other case":                {call{body: "grant_type=Client_Credentials"}, 400, "unsupported_grant_type"},
		"T-22 6749 3.2 grant_type twice":                   {call{body: grant + "&" + grant}, 400, "invalid_request"},
		"T-23 6749 3.2 scope twice":                        {call{body: grant + "&scope=a:read&scope=a:read"}, 400, "invalid_request"},
		"T-23 6749 3.2 scope twice, once encoded":          {call{body: grant + "&scope=a:read&%73cope=a:read"}, 400, "invalid_request"},
		"T-24 6749 3.2 client_id twice":                    {call{auth: none, body: grant + "&client_id=" + id + "&client_id=" + id + "&client_secret=" + secret}, 400, "invalid_request"},
		"T-25 6749 3.2 unknown parameters":                 {call{body: grant + "&foo=bar&audience_hint=x"}, 200, ""},
		"T-26 6749 4.4.2 grant in the query":               {call{path: "/oauth/token?" + grant}, 400, "invalid_request"},
		"T-27 6749 2.3.1 credentials in the query":         {call{auth: none, path: "/oauth/token?client_id=" + id + "&client_secret=" + secret, body: grant}, 400, "invalid_request"},
		"T-28 6749 3.2 GET":                                {call{method: "GET"}, 405, "invalid_request"},
		"T-29 9110 15.5.6 PUT":                             {call{method: "PUT", body: grant}, 405, "invalid_request"},
		"T-29 9110 15.5.6 OPTIONS":                         {call{method: "OPTIONS"}, 405, "invalid_request"},
		"T-30 6749 4.4.2 JSON":                             {call{contentType: "application/json", body: `{"grant_type":"client_credentials"}`}, 400, "invalid_request"},
		"T-31 6749 4.4.2 no content type":                  {call{contentType: "none", body: grant}, 400, "invalid_request"},
		"T-32 9110 8.3.1 charset":                          {call{contentType: "application/x-www-form-urlencoded; charset=UTF-8", body: grant}, 200, ""},
		"T-32 9110 8.3.1 upper case":                       {call{contentType: "APPLICATION/X-WWW-FORM-URLENCODED", body: grant}, 200, ""},
		"T-33 multipart":                                   {call{contentType: "multipart/form-data; boundary=x", body: "--x--"}, 400, "invalid_request"},
		"T-34 6749 5.2 bad escape":                         {call{body: "grant_type=client%ZZcredentials"}, 400, "invalid_request"},
		"T-34 6749 5.2 invalid UTF-8":                      {call{body: grant + "&scope=%FF%FE"}, 400, "invalid_request"},
		"T-35 9110 15.5.14 large form":                     {call{body: grant + "&x=" + long}, 413, "invalid_request"},
		"T-37 9110 11.1 scheme in lower case":              {call{auth: []string{"basic" + basic(id, secret)[5:]}, body: grant}, 200, ""},
		"T-38 6749 2.3.1 form credentials":                 {call{auth: none, body: grant + "&client_id=" + id + "&client_secret=" + secret}, 200, ""},
		"T-39 6749 2.3 both methods":                       {call{body: grant + "&client_id=" + id + "&client_secret=" + secret}, 400, "invalid_request"},
		"T-40 6749 2.3 Basic and equal client_id":          {call{body: grant + "&client_id=" + id}, 200, ""},
		"T-40 6749 2.3 Basic and other client_id":          {call{body: grant + "&client_id=x"}, 400, "invalid_request"},
		"T-41 6749 5.2 no credentials":                     {call{auth: none, body: grant}, 401, "invalid_client"},
		"T-42 6749 5.2 wrong secret":                       {call{auth: []string{basic(id, "wrong")}, body: grant}, 401, "invalid_client"},
		"T-44 6749 5.2 wrong secret in the form":           {call{auth: none, body: grant + "&client_id=" + id + "&client_secret=x"}, 401, "invalid_client"},
		"T-45 6749 5.2 Basic without colon":                {call{auth: []string{"Basic Zm9v"}, body: grant}, 401, "invalid_client"},
		"T-45 6749 5.2 Basic in bad base64":                {call{auth: []string{"Basic %%%"}, body: grant}, 401, "invalid_client"},
		"T-45 6749 5.2 empty Basic":                        {call{auth: []string{"Basic "}, body: grant}, 401, "invalid_client"},
		"T-46 6749 2.2 client_id alone":                    {call{auth: none, body: grant + "&client_id=" + id}, 401, "invalid_client"},
		"T-48 6749 5.2 Bearer":                             {call{auth: []string{"Bearer x"}, body: grant}, 401, "invalid_client"},
		"T-49 9110 5.3 two Authorization fields":           {call{auth: []string{basic(id, secret), basic(id, secret)}, body: grant}, 400, "invalid_request"},
		"T-60 9112 3.2 trailing slash":                     {call{path: "/oauth/token/", body: grant}, 404, "not_found"},
		"T-60 9112 3.2 upper case":                         {call{path: "/OAUTH/TOKEN", body: grant}, 404, "not_found"},
		"T-36 6749 2.3.1 secret form-encoded before basic": {call{auth: []string{basic(strings.ReplaceAll(id, "-", "%2D"), strings.ReplaceAll(secret, "_", "%5F"))}, body: grant}, 200, ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			a := s.do(t, tc.call)
			if a.status != tc.status || a.error() != tc.error {
				t.Fatalf("%d %s, want %d %q", a.status, a.body, tc.status, tc.error)
			}
			checkAnswer(t, a)
		})
	}
	if log := s.log.String(); strings.Contains(log, secret) || strings.Contains(log, "spoat_") {
		t.Error("the log holds a secret or a token")
	}
}

// checkAnswer is what is true of every answer of the endpoint (T-2, T-50, T-61).
func checkAnswer(t *testing.T, a *answer) {
	t.Helper()
	if a.header.Get("Cache-Control") != "no-store" || !strings.HasPrefix(a.header.Get("Content-Type"), "application/json") {
		t.Errorf("fields %v", a.header)
	}
	if a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("T-59: another origin is let in")
	}
	if a.status == http.StatusUnauthorized && !strings.HasPrefix(a.header.Get("WWW-Authenticate"), `Basic realm="`) {
		t.Errorf("401 with challenge %q", a.header.Get("WWW-Authenticate"))
	}
	if a.status == http.StatusMethodNotAllowed && a.header.Get("Allow") != "POST" {
		t.Errorf("405 with Allow %q", a.header.Get("Allow"))
	}
	for _, member := range []string{"error", "error_description"} {
		if text, _ := a.json[member].(string); !safeText.MatchString(text) {
			t.Errorf("%s %q is outside the alphabet of RFC 6749 5.2", member, text)
		}
	}
}

func TestHEADOnTheTokenEndpointHasNoBody(t *testing.T) {
	s := start(t)
	if a := s.do(t, call{method: "HEAD"}); a.status != 405 || a.body != "" || a.header.Get("Allow") != "POST" {
		t.Errorf("%d %q %v", a.status, a.body, a.header)
	}
}

func TestUnknownClientAndWrongSecretGetTheSameAnswer(t *testing.T) {
	s := start(t)
	known := s.do(t, call{auth: []string{basic(s.id, "spocs_wrong")}, body: grant})
	unknown := s.do(t, call{auth: []string{basic("00000000-0000-4000-8000-000000000000", "spocs_wrong")}, body: grant})
	known.header.Del("Date")
	unknown.header.Del("Date")
	if known.status != unknown.status || known.body != unknown.body || len(known.header) != len(unknown.header) {
		t.Errorf("known: %d %s %v\nunknown: %d %s %v", known.status, known.body, known.header, unknown.status, unknown.body, unknown.header)
	}
}

func TestRepeatedFailuresAreSlowedAndTheRealClientNeverLockedOut(t *testing.T) {
	s := start(t)
	other, otherSecret := s.register(t, "a:read")
	var statuses []int
	var last *answer
	for range 30 {
		last = s.do(t, call{auth: []string{basic(s.id, "spocs_wrong")}, body: grant})
		statuses = append(statuses, last.status)
	}
	if !slices.Contains(statuses, http.StatusTooManyRequests) || last.header.Get("Retry-After") == "" {
		t.Fatalf("thirty failures got %v", statuses)
	}
	if a := s.do(t, call{auth: []string{basic(other, otherSecret)}, body: grant}); a.status != http.StatusOK {
		t.Errorf("another client got %d", a.status)
	}
	if a := s.do(t, call{body: grant}); a.status != http.StatusOK {
		t.Errorf("the right secret got %d", a.status)
	}
}

func TestATokenEndsWithItsTime(t *testing.T) {
	s := start(t)
	text := s.token(t, s.id, s.secret)
	introspect := func() any {
		return s.do(t, call{path: "/oauth/introspect", body: form("token", text)}).json["active"]
	}
	if introspect() != true {
		t.Error("a new token is not active")
	}
	s.clock.advance(time.Hour + time.Second)
	if introspect() != false {
		t.Error("an expired token is active")
	}
}

// brokenStore refuses tokens as a full disk or a broken one does.
type brokenStore struct {
	authz.Store
	err error
}

func (b *brokenStore) PutToken(context.Context, authz.AccessToken) error { return b.err }

func TestAFullOrBrokenStoreIsNeverASilentSuccess(t *testing.T) {
	for name, err := range map[string]error{"store_full": authz.ErrFull, "store_unavailable": authz.ErrUnavailable} {
		t.Run(name, func(t *testing.T) {
			s := startOver(t, &brokenStore{memstore.New(), err})
			a := s.do(t, call{body: grant})
			if a.status != http.StatusServiceUnavailable || a.error() != "temporarily_unavailable" || a.header.Get("Retry-After") == "" {
				t.Errorf("%d %s %v", a.status, a.body, a.header)
			}
			if got := a.header.Get("X-Scopegate-Error"); got != name {
				t.Errorf("X-Scopegate-Error %q, want %q", got, name)
			}
		})
	}
}

func TestForeignClientXOAuth2GetsTokensBothWays(t *testing.T) {
	s := start(t)
	for name, style := range map[string]oauth2.AuthStyle{"Basic": oauth2.AuthStyleInHeader, "form": oauth2.AuthStyleInParams} {
		t.Run(name, func(t *testing.T) {
			cfg := clientcredentials.Config{
				ClientID: s.id, ClientSecret: s.secret, TokenURL: s.URL + "/oauth/token", Scopes: []string{"a:read"}, AuthStyle: style,
			}
			token, err := cfg.Token(t.Context())
			if err != nil || token.Type() != "Bearer" || token.Extra("scope") != "a:read" {
				t.Errorf("%v, %v", token, err)
			}
			cfg.ClientSecret = "wrong"
			var refused *oauth2.RetrieveError
			if _, err := cfg.Token(t.Context()); !errors.As(err, &refused) || refused.ErrorCode != "invalid_client" {
				t.Errorf("wrong secret: %v", err)
			}
		})
	}
}

func TestAHundredRequestsAtOnceGetAHundredTokens(t *testing.T) {
	s := start(t)
	var mu sync.Mutex
	seen := map[string]bool{}
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			text := s.token(t, s.id, s.secret)
			mu.Lock()
			defer mu.Unlock()
			seen[text] = true
		})
	}
	wg.Wait()
	if len(seen) != 100 {
		t.Errorf("%d different tokens", len(seen))
	}
}

func TestATokenSentAsAScopeIsNotLogged(t *testing.T) {
	s := start(t)
	token := s.token(t, s.id, s.secret)
	if a := s.do(t, call{body: grant + "&scope=" + token}); a.error() != "invalid_scope" {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if strings.Contains(s.log.String(), token) {
		t.Error("the log holds the token")
	}
}
