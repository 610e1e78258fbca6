package route_test

import (
	"slices"
	"strings"
	"testing"

	"scopegate/gateway/route"
)

func mustPattern(t testing.TB, text string) route.Pattern {
	t.Helper()
	p, err := route.ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func mustPath(t testing.TB, raw string) *route.Path {
	t.Helper()
	p, err := route.Canonical(raw)
	if err != nil {
		t.Fatal(err)
	}
	return &p
}

func TestPatternsMatchOnSegmentBorders(t *testing.T) {
	tests := []struct{ pattern, matches, others string }{
		{"/", "/", "/a /a/"},
		{"/*", "/ /a /a/ /a/b", ""},
		{"/a", "/a /%61", "/a/ /ab /A / /a/b"},
		{"/a/", "/a/", "/a /a/b"},
		{"/a/*", "/a /a/ /a/b /a/b/c/ /%61/b /a/b%2fc", "/ab /ab/c / /b/a /a%2fb"},
		{"/{x}", "/a /a%2fb /..a", "/ /a/ /a/b"},
		{"/{x}/", "/a/", "/a /"},
		{"/a/{x}/c", "/a/b/c /a/%2e%2ec/c", "/a//c /a/c /a/b/c/ /a/b/d"},
		{"/a/{x}/*", "/a/b /a/b/ /a/b/c/d", "/a /a/"},
		{"/a b/100%", "/a%20b/100%25", "/a+b/100%25"},
		{"/ä", "/%c3%a4 /%C3%A4", "/a"},
		{"/a:b@c,d", "/a:b@c,d /a%3ab%40c%2Cd", "/a"},
	}
	for _, test := range tests {
		p := mustPattern(t, test.pattern)
		if p.String() != test.pattern {
			t.Errorf("%s prints as %s", test.pattern, p)
		}
		for raw := range strings.FieldsSeq(test.matches) {
			if !p.Matches(mustPath(t, raw)) {
				t.Errorf("%s does not match %s", test.pattern, raw)
			}
		}
		for raw := range strings.FieldsSeq(test.others) {
			if path, err := route.Canonical(raw); err == nil && p.Matches(&path) {
				t.Errorf("%s matches %s", test.pattern, raw)
			}
		}
	}
	var zero route.Pattern
	if zero.Matches(mustPath(t, "/")) || zero.Matches(&route.Path{}) {
		t.Error("the zero pattern matches")
	}
}

func TestPatternsThatCannotMatchAreRefusedWithTheReason(t *testing.T) {
	tests := []struct{ pattern, problem string }{
		{"", "does not begin with a slash"},
		{"a/b", "does not begin with a slash"},
		{"*", "does not begin with a slash"},
		{"/a//b", "is an empty segment"},
		{"//*", "is an empty segment"},
		{"/a/../b", "is a dot segment"},
		{"/./*", "is a dot segment"},
		{"/a/..", "is a dot segment"},
		{"/a;b", "is a semicolon"},
		{`/a\b`, "is a backslash"},
		{"/a\tb", "holds a control character"},
		{"/a\x00", "holds a control character"},
		{"/a\xff", "does not decode to valid UTF-8"},
		{"/a%20b", "written decoded"},
		{"/a%2fb", "written decoded"},
		{"/%2e%2e", "written decoded"},
		{"/a%u0041", "written decoded"},
		{"/a?b=c", "no query"},
		{"/a#b", "no fragment"},
		{"/a*", "stands alone and last"},
		{"/*/a", "stands alone and last"},
		{"/a/**", "stands alone and last"},
		{"/a/*/", "stands alone and last"},
		{"/v{n}", "take a whole segment"},
		{"/{n}.pdf", "take a whole segment"},
		{"/{}", "take a whole segment"},
		{"/{a-b}", "take a whole segment"},
		{"/{a", "take a whole segment"},
		{"/a}", "take a whole segment"},
		{"/{a}{b}", "take a whole segment"},
		{"/{{a}}", "take a whole segment"},
		{"/{a}/{a}", "{a} stands twice"},
	}
	for _, test := range tests {
		_, err := route.ParsePattern(test.pattern)
		if err == nil || !strings.Contains(err.Error(), test.problem) {
			t.Errorf("%q: %v; want %q", test.pattern, err, test.problem)
		}
	}
}

func TestPatternsNameTheirSegments(t *testing.T) {
	p := mustPattern(t, "/tenants/{tenant}/files/{file_2}/*")
	if got := p.Names(); !slices.Equal(got, []string{"tenant", "file_2"}) || !p.Open() {
		t.Errorf("names %v, open %t", got, p.Open())
	}
}

func TestPatternsAmongTheAuthorizationServersPathsAreReserved(t *testing.T) {
	reserved := []string{
		"/oauth/", "/oauth/*", "/oauth/token", "/oauth/x/y", "/oauth/{x}", "/oauth/{x}/*",
		"/.well-known/oauth-authorization-server", "/.well-known/oauth-", "/.well-known/oauth-x/*", "/.well-known/oauth-x/{y}",
	}
	free := []string{
		"/", "/*", "/{x}", "/{x}/*", "/{x}/token", "/oauth", "/oauthx/*", "/a/oauth/*",
		"/.well-known/*", "/.well-known/{x}", "/.well-known/oauth", "/.well-known/security.txt",
	}
	for _, text := range reserved {
		if !route.Reserved(mustPattern(t, text)) {
			t.Errorf("%s is not reserved", text)
		}
	}
	for _, text := range free {
		if route.Reserved(mustPattern(t, text)) {
			t.Errorf("%s is reserved", text)
		}
	}
}

// FuzzParsePattern: whatever parses matches the path that its literals spell.
func FuzzParsePattern(f *testing.F) {
	for _, seed := range []string{"/", "/*", "/a/{b}/*", "/a b/100%", "/a/", "/%2e", "/..", "/{a}{b}", "/*a", "/ä"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := route.ParsePattern(text)
		if err != nil {
			return
		}
		raw := rawExample(text)
		path, pathErr := route.Canonical(raw)
		if pathErr != nil {
			t.Fatalf("pattern %q parsed, but its example %q is refused: %v", text, raw, pathErr)
		}
		if !p.Matches(&path) {
			t.Errorf("pattern %q does not match its example %q", text, raw)
		}
	})
}
