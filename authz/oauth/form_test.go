package oauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"

	"scopegate/authz/oauth"
)

// FuzzParseTokenRequest holds the form to RFC 6749 section 3.2: whatever is
// taken has each parameter once after decoding, in UTF-8, and says the same
// when it is written again.
func FuzzParseTokenRequest(f *testing.F) {
	for _, seed := range []string{
		"grant_type=client_credentials&scope=a:read+b:write", "scope=a&scope=b", "scope=a&%73cope=b", "a=%ZZ", "a=%FF%FE",
		"a;b=c", "resource=a&resource=%FF", "resource=a&resource=b", "&&&", "=", "a", "a=b=c", "client_secret=%2B%25%2F+%C3%A9%26%3D", strings.Repeat("x=1&", 100), "\x00=\x00",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		values, err := oauth.DecodeForm(body)
		if err != nil {
			return
		}
		for name, list := range values {
			if len(list) != 1 && name != "resource" || !utf8.ValidString(name) || !utf8.ValidString(list[0]) {
				t.Fatalf("%q was taken with %q = %q", body, name, list)
			}
		}
		if strings.Contains(body, ";") {
			t.Fatalf("%q was taken, which can be read in two ways", body)
		}
		again, err := oauth.DecodeForm(url.Values(values).Encode())
		if err != nil || len(again) != len(values) {
			t.Fatalf("%q does not survive: %v, %v", body, again, err)
		}
	})
}

func TestAFormThatCanBeReadInTwoWaysIsRefusedRFC9110Section8(t *testing.T) {
	s := start(t)
	const kind = "application/x-www-form-urlencoded"
	for name, tc := range map[string]struct {
		kinds, codings []string
		status         int
	}{
		"identity":                {[]string{kind}, []string{"Identity"}, 200},
		"an empty coding":         {[]string{kind}, []string{""}, 200},
		"gzip":                    {[]string{kind}, []string{"gzip"}, 400},
		"identity, then gzip":     {[]string{kind}, []string{"identity, gzip"}, 400},
		"gzip in a second field":  {[]string{kind}, []string{"identity", "gzip"}, 400},
		"a coding nobody knows":   {[]string{kind}, []string{"x"}, 400},
		"another type, second":    {[]string{kind, "application/json"}, nil, 400},
		"the same type once more": {[]string{kind, kind}, nil, 400},
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{oauth.TokenPath, oauth.IntrospectPath, oauth.RevokePath} {
				a := s.do(t, call{path: path, body: grant + "&token=x", fields: http.Header{"Content-Type": tc.kinds, "Content-Encoding": tc.codings}})
				if a.status != tc.status || tc.status != 200 && a.error() != "invalid_request" {
					t.Errorf("%s: %d %s", path, a.status, a.body)
				}
			}
		})
	}
}
