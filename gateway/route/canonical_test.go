package route_test

import (
	"fmt"
	"strings"
	"testing"

	"scopegate/gateway/route"
)

// Each attack of path confusion: what the caller sends, what is wrong with it,
// and the part that the answer names.
func TestPathAttacksAreRefused(t *testing.T) {
	tests := []struct {
		attack, raw string
		problem     route.Problem
		text        string
	}{
		{"dot dot", "/public/../admin", route.DotSegment, "/../admin"},
		{"dot dot at the end", "/public/..", route.DotSegment, "/.."},
		{"dot", "/public/./admin", route.DotSegment, "/./admin"},
		{"dot at the end", "/public/.", route.DotSegment, "/."},
		{"dot alone", "/.", route.DotSegment, "/."},
		{"encoded dot dot, H-44", "/public/%2e%2e/admin", route.DotSegment, "%2e%2e"},
		{"encoded dot dot in capitals", "/public/%2E%2E/admin", route.DotSegment, "%2E%2E"},
		{"half-encoded dot dot", "/public/.%2e/admin", route.DotSegment, ".%2e"},
		{"other half-encoded dot dot", "/public/%2e./admin", route.DotSegment, "%2e."},
		{"encoded dot", "/public/%2e/admin", route.DotSegment, "%2e"},
		{"dot dot before encoded slash, H-44", "/public/..%2fadmin", route.DotSegment, "..%2fadmin"},
		{"dot dot between encoded slashes", "/public/a%2f..%2fadmin", route.DotSegment, "a%2f..%2fadmin"},
		{"dot dot after encoded slash", "/public/a%2F%2e%2e", route.DotSegment, "a%2F%2e%2e"},
		{"dot dot and space that Windows trims", "/public/..%20/admin", route.DotSegment, "..%20"},
		{"double slash, H-44", "//admin", route.EmptySegment, "//admin"},
		{"double slash inside", "/public//admin", route.EmptySegment, "//admin"},
		{"double slash at the end", "/admin//", route.EmptySegment, "//"},
		{"encoded slash makes a double slash", "/public/%2fadmin", route.EmptySegment, "%2fadmin"},
		{"encoded slash at a segment's end", "/public/a%2f/admin", route.EmptySegment, "a%2f"},
		{"encoded slash as trailing slash, H-44", "/admin%2f", route.EmptySegment, "admin%2f"},
		{"encoded slash alone", "/%2f", route.EmptySegment, "%2f"},
		{"encoded double slash", "/a%2f%2fb", route.EmptySegment, "a%2f%2fb"},
		{"backslash, H-44", `/public\..\admin`, route.Backslash, `\..\admin`},
		{"encoded backslash", "/public%5c..%5cadmin", route.Backslash, "%5c"},
		{"encoded backslash in capitals", "/public%5Cadmin", route.Backslash, "%5C"},
		{"path parameter, H-43", "/a;x=1", route.Semicolon, ";x=1"},
		{"path parameter before dot dot, H-44", "/public;/../admin", route.Semicolon, ";/../admin"},
		{"path parameter on dot dot, H-44", "/public/..;/admin", route.Semicolon, ";/admin"},
		{"encoded path parameter", "/public/..%3b/admin", route.Semicolon, "%3b"},
		{"encoded path parameter in capitals", "/admin%3Bx", route.Semicolon, "%3B"},
		{"NUL, H-44", "/admin%00", route.ControlCharacter, "%00"},
		{"NUL cuts an extension", "/admin%00.png", route.ControlCharacter, "%00"},
		{"raw NUL", "/admin\x00", route.ControlCharacter, "\x00"},
		{"encoded line break", "/a%0d%0aHost:%20evil", route.ControlCharacter, "%0d"},
		{"raw line feed", "/a\nb", route.ControlCharacter, "\nb"},
		{"encoded tab", "/a%09b", route.ControlCharacter, "%09"},
		{"raw DEL", "/a\x7fb", route.ControlCharacter, "\x7fb"},
		{"encoded DEL", "/a%7fb", route.ControlCharacter, "%7f"},
		{"encoded C1 control", "/a%c2%85b", route.ControlCharacter, "a%c2%85b"},
		{"fragment", "/public#/admin", route.RawFragment, "#/admin"},
		{"query in a path", "/public?/admin", route.RawQuery, "?/admin"},
		{"raw space", "/public /admin", route.RawSpace, " /admin"},
		{"double encoding of dots", "/public/%252e%252e/admin", route.DoubleEncoding, "%252e%252e"},
		{"double encoding of a slash", "/public%252fadmin", route.DoubleEncoding, "public%252fadmin"},
		{"double encoding in pieces", "/a%25%32%65", route.DoubleEncoding, "a%25%32%65"},
		{"double encoding, first digit plain", "/a%252%65", route.DoubleEncoding, "a%252%65"},
		{"triple encoding", "/a%25252e", route.DoubleEncoding, "a%25252e"},
		{"double encoding as IIS reads it", "/a%25u002e", route.DoubleEncoding, "a%25u002e"},
		{"escape of IIS", "/%u002e%u002e/admin", route.BadEscape, "%u002e%u002e"},
		{"escape without digits", "/a%zz", route.BadEscape, "%zz"},
		{"escape cut short", "/a%2", route.BadEscape, "%2"},
		{"escape cut by a slash", "/a%2/f", route.BadEscape, "%2"},
		{"percent alone", "/a%", route.BadEscape, "%"},
		{"overlong dot", "/%c0%ae%c0%ae/admin", route.BadUTF8, "%c0%ae%c0%ae"},
		{"overlong slash", "/a%c0%afb", route.BadUTF8, "a%c0%afb"},
		{"overlong slash in three bytes", "/a%e0%80%afb", route.BadUTF8, "a%e0%80%afb"},
		{"half a character", "/a%c3", route.BadUTF8, "a%c3"},
		{"a character across segments", "/a%c3/%a4", route.BadUTF8, "a%c3"},
		{"surrogate", "/a%ed%a0%80", route.BadUTF8, "a%ed%a0%80"},
		{"raw UTF-8", "/ä", route.RawNonASCII, "ä"},
		{"raw Latin-1", "/\xe4", route.RawNonASCII, "\xe4"},
		{"empty", "", route.NotAbsolute, ""},
		{"asterisk-form", "*", route.NotAbsolute, "*"},
		{"authority-form", "evil.example:443", route.NotAbsolute, "evil.example:443"},
		{"absolute-form", "http://evil.example/admin", route.NotAbsolute, "http://evil.example/admin"},
	}
	for _, test := range tests {
		t.Run(test.attack, func(t *testing.T) {
			_, err := route.Canonical(test.raw)
			if err == nil {
				t.Fatalf("%q was accepted", test.raw)
			}
			if err.Problem != test.problem || err.Text != test.text {
				t.Errorf("%q: %q %s; want %q %s", test.raw, err.Text, err.Problem, test.text, test.problem)
			}
		})
	}
}

func TestEveryControlCharacterIsRefusedRawAndEncoded(t *testing.T) {
	for c := range 256 {
		if c >= 0x20 && c != 0x7f {
			continue
		}
		for _, raw := range []string{"/a" + string([]byte{byte(c)}), fmt.Sprintf("/a%%%02x", c)} {
			if _, err := route.Canonical(raw); err == nil || err.Problem != route.ControlCharacter {
				t.Errorf("%q: %v", raw, err)
			}
		}
	}
}

func TestPathsWithOneReadingAreDecodedAndKept(t *testing.T) {
	tests := []struct{ raw, text string }{
		{"/", "/"},
		{"/a", "/a"},
		{"/a/", "/a/"},
		{"/%61dmin", "/admin"},
		{"/PUBLIC", "/PUBLIC"}, // case is kept: another path than /public
		{"/a%20b", "/a b"},
		{"/100%25", "/100%"},
		{"/100%25/2", "/100%/2"},
		{"/%25zz", "/%zz"},
		{"/a%23b%3fc", "/a#b?c"},
		{"/%c3%a4", "/ä"},
		{"/%E2%82%AC", "/€"},
		{"/...", "/..."},
		{"/..a", "/..a"},
		{"/api../", "/api../"}, // H-44: a name of its own, never /api
		{"/.well-known/x", "/.well-known/x"},
		{"/a.b..c", "/a.b..c"},
		{"/a:b@c!$&'()*+,=-._~", "/a:b@c!$&'()*+,=-._~"},
		{`/{a}|^"<>` + "`[]", `/{a}|^"<>` + "`[]"}, // not RFC 3986, but one reading
		{"/a%2fb", "/a%2Fb"},
		{"/a%2Fb/%63", "/a%2Fb/c"},
	}
	for _, test := range tests {
		path, err := route.Canonical(test.raw)
		if err != nil {
			t.Errorf("%q: %v", test.raw, err)
			continue
		}
		if path.Raw != test.raw || path.Text() != test.text {
			t.Errorf("%q: raw %q, text %q; want %q", test.raw, path.Raw, path.Text(), test.text)
		}
		if want := strings.Contains(strings.ToLower(test.raw), "%2f"); path.HasEncodedSlash != want {
			t.Errorf("%q: HasEncodedSlash is %t", test.raw, path.HasEncodedSlash)
		}
	}
}

func TestPathErrorsAreSafeToShow(t *testing.T) {
	_, err := route.Canonical("/a" + strings.Repeat("\x1b\n", 1000))
	want := `path: "` + strings.Repeat(`\x1b\n`, 16) + `"... holds a control character`
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestAnEncodedSlashNamesTheOptionThatAcceptsIt(t *testing.T) {
	table := mustTable(t, "files any /files/{name}\nopen any /open/{name} slash\nx any /open/a/x")
	want := `path: "%2F" is an encoded slash; a route accepts it only with allow_encoded_slash: true`
	m := table.Match("", "GET", mustPath(t, "/files/a%2Fb"))
	if err := m.Refusal(); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	want = `path: "%2f" is an encoded slash, and with a plain one another route judges the path`
	m = table.Match("", "GET", mustPath(t, "/open/a%2fx"))
	if err := m.Refusal(); err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if err := mustPath(t, "/files/a").RefuseEncodedSlash(); err != nil {
		t.Errorf("a path without encoded slash: %v", err)
	}
	for _, raw := range []string{"/files/a", "/open/a%2fb"} {
		m = table.Match("", "GET", mustPath(t, raw))
		if err := m.Refusal(); err != nil {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

func TestReservedPathsInAnySpelling(t *testing.T) {
	reserved := []string{
		"/oauth/", "/oauth/token", "/oauth/x/y", "/%6fauth/token", "/o%61uth/token", "/oauth%2ftoken", "/%6Fauth%2Ftoken",
		"/.well-known/oauth-", "/.well-known/oauth-authorization-server", "/%2ewell-known/oauth-x",
		"/.well-known/oauth-protected-resource/tenant", "/.well-known%2foauth-x", "/.well-known/%6fauth-x",
	}
	free := []string{
		"/", "/oauth", "/oauthx/token", "/OAuth/token", "/a/oauth/token", "/.well-known/openid-configuration", "/.well-known/oauth",
		// Refused by Canonical, so they belong to nobody.
		"/oauth/../admin", "/oauth//token", "//oauth/token", "",
	}
	for _, raw := range reserved {
		if !route.IsReservedPath(raw) {
			t.Errorf("%q is not reserved", raw)
		}
	}
	for _, raw := range free {
		if route.IsReservedPath(raw) {
			t.Errorf("%q is reserved", raw)
		}
	}
}

func TestCanonicalDoesNotAllocateWithoutEscapes(t *testing.T) {
	allocations := testing.AllocsPerRun(100, func() {
		if _, err := route.Canonical("/partner/invoices/2026/11/7.pdf"); err != nil {
			t.Fatal(err)
		}
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}
