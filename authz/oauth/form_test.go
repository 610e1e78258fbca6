package oauth_test

import (
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
