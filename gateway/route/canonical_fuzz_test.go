package route_test

import (
	"net/url"
	"path"
	"strings"
	"testing"

	"scopegate/gateway/route"
)

// FuzzCanonical holds an accepted path against the readings of the backends
// that we know: each reads the same path, or the path was refused.
func FuzzCanonical(f *testing.F) {
	for _, seed := range []string{
		"/", "/a/b/", "/%61", "/a%2fb", "/a%25b", "/100%25", "/%252e%252e/a", "/..%2fa", "/a/%2e%2e/b", "//a", "/a;b/c", `/a\b`,
		"/a%5cb", "/%c0%ae", "/a%00", "/a%20", "/..%20/a", "/%25u002e", "/a%25%32%66", "/ä", "/a#b", "/a?b", "/...", "/a%2f%2e%2e",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		p, err := route.Canonical(raw)
		if err != nil {
			if text := err.Error(); strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) >= 0 || len(text) > 300 {
				t.Errorf("the error is not safe to show: %q", text)
			}
			return
		}
		if p.Raw != raw {
			t.Fatalf("raw %q became %q", raw, p.Raw)
		}
		decoded := joined(&p)
		for reader, reading := range legacyReadings(raw) {
			if reading != decoded {
				t.Errorf("%q: %s reads %q, we read %q", raw, reader, reading, decoded)
			}
		}
		again, err := route.Canonical(reencoded(&p))
		if err != nil {
			t.Fatalf("%q is not canonical any more once re-encoded: %v", raw, err)
		}
		if again.Text() != p.Text() || again.HasEncodedSlash != p.HasEncodedSlash {
			t.Errorf("%q is %q, and re-encoded it is %q", raw, p.Text(), again.Text())
		}
	})
}

// legacyReadings are paths as backends read them, by the name of the habit.
func legacyReadings(raw string) map[string]string {
	once := lenientUnescape(raw)
	readings := map[string]string{
		"decode and clean":           clean(once),
		"decode twice":               lenientUnescape(once),
		"decode twice and clean":     clean(lenientUnescape(once)),
		"decode thrice and clean":    clean(lenientUnescape(lenientUnescape(once))),
		"clean, then decode":         lenientUnescape(clean(raw)),
		"backslashes are slashes":    clean(strings.ReplaceAll(once, `\`, "/")),
		"parameters are stripped":    clean(withoutParameters(once)),
		"stripped before decoding":   clean(lenientUnescape(withoutParameters(raw))),
		"C strings":                  before(once, "\x00"),
		"raw fragments and queries":  lenientUnescape(before(before(raw, "#"), "?")),
		"invalid UTF-8 is dropped":   strings.ToValidUTF8(once, ""),
		"spaces around dots dropped": clean(trimmedDots(once)),
	}
	if u, err := url.ParseRequestURI(raw); err == nil {
		readings["net/url"] = u.Path
	} else {
		readings["net/url"] = err.Error()
	}
	return readings
}

// joined is the path in which encoded slashes are slashes.
func joined(p *route.Path) string {
	var text strings.Builder
	for _, segment := range p.Segments() {
		text.WriteString("/" + segment)
	}
	return text.String()
}

func reencoded(p *route.Path) string {
	var raw strings.Builder
	for _, segment := range p.Segments() {
		raw.WriteString("/" + url.PathEscape(segment))
	}
	return raw.String()
}

// clean is path.Clean as servers use it: a trailing slash stays.
func clean(text string) string {
	cleaned := path.Clean(text)
	if strings.HasSuffix(text, "/") && cleaned != "/" {
		cleaned += "/"
	}
	return cleaned
}

// lenientUnescape decodes what it can and leaves the rest.
func lenientUnescape(text string) string {
	var decoded strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '%' && i+3 <= len(text) {
			if c, err := url.PathUnescape(text[i : i+3]); err == nil {
				decoded.WriteString(c)
				i += 2
				continue
			}
		}
		decoded.WriteByte(text[i])
	}
	return decoded.String()
}

func withoutParameters(text string) string {
	segments := strings.Split(text, "/")
	for i := range segments {
		segments[i] = before(segments[i], ";")
	}
	return strings.Join(segments, "/")
}

func trimmedDots(text string) string {
	segments := strings.Split(text, "/")
	for i, s := range segments {
		if trimmed := strings.Trim(s, " "); trimmed == "." || trimmed == ".." {
			segments[i] = trimmed
		}
	}
	return strings.Join(segments, "/")
}

func before(text, mark string) string {
	text, _, _ = strings.Cut(text, mark)
	return text
}
