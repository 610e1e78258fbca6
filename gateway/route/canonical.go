package route

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Path is the one reading of a request's path. Only Canonical makes one; the
// zero Path is not a path and matches nothing.
//
// Raw may lie in a front's read buffer, and then lives as long as its exchange.
type Path struct {
	// Raw is the path as received, byte for byte: what is forwarded.
	Raw string
	// HasEncodedSlash tells that a segment holds an encoded slash, which only a
	// route with AllowEncodedSlash accepts.
	HasEncodedSlash bool
	// text is Raw with every escape decoded. A slash in it parts segments; a
	// slash that came encoded stands as innerSlash. It is Raw itself when there
	// was nothing to decode.
	text string
}

// innerSlash stands in a decoded text for a slash that came encoded. No other
// byte of a text can be zero, since control characters are refused.
const innerSlash = 0

// Canonical reads raw, the path of a request target as received and without
// its query. A path that two readers could understand differently is refused:
//
//   - one that does not begin with a slash;
//   - empty segments, and "." and ".." in any encoding, also with spaces around
//     them or parted by encoded slashes;
//   - backslashes and semicolons, raw or encoded;
//   - control characters, raw or encoded, C1 controls among them;
//   - a raw "#", "?" or space, and raw bytes above 0x7f, which RFC 3986 does
//     not allow in a path, so that readers disagree on their encoding;
//   - broken escapes, and escapes that do not decode to valid UTF-8;
//   - escapes that decode to a further escape ("%252e").
//
// An encoded slash is flagged and left to the route. There are no allocations
// for a path without escapes, and one for any other.
func Canonical(raw string) (Path, *PathError) {
	if raw == "" || raw[0] != '/' {
		return Path{}, &PathError{Text: raw, Problem: NotAbsolute}
	}
	escaped := false
	for i := 0; i < len(raw); i++ {
		switch classes[raw[i]] {
		case plain:
		case slash:
			if i+1 < len(raw) && (raw[i+1] == '/' || raw[i+1] == '.') {
				if problem := judgePart(firstSegment(raw[i:]), false); problem != "" {
					return Path{}, &PathError{Text: raw[i:], Problem: problem}
				}
			}
		case percent:
			escaped = true
		default:
			return Path{}, &PathError{Text: raw[i:], Problem: problemOf(raw[i])}
		}
	}
	if !escaped {
		return Path{Raw: raw, text: raw}, nil
	}
	return decode(raw)
}

// decode reads a path that holds escapes and whose raw bytes were judged.
func decode(raw string) (Path, *PathError) {
	var text strings.Builder
	text.Grow(len(raw))
	path := Path{Raw: raw}
	for rest := raw; rest != ""; {
		var segment string
		segment, rest = cutSegment(rest)
		start := text.Len() + 1
		text.WriteByte('/')
		inner, err := decodeSegment(&text, segment)
		if err != nil {
			return Path{}, err
		}
		path.HasEncodedSlash = path.HasEncodedSlash || inner
		if problem := judgeSegment(text.String()[start:], rest == ""); problem != "" {
			return Path{}, &PathError{Text: segment, Problem: problem}
		}
	}
	path.text = text.String()
	return path, nil
}

// decodeSegment appends what the segment says, and reports encoded slashes.
func decodeSegment(text *strings.Builder, segment string) (inner bool, err *PathError) {
	for i := 0; i < len(segment); i++ {
		if segment[i] != '%' {
			text.WriteByte(segment[i])
			continue
		}
		if len(segment)-i < 3 || !isHex(segment[i+1]) || !isHex(segment[i+2]) {
			return false, &PathError{Text: segment[i:], Problem: BadEscape}
		}
		c := unhex(segment[i+1])<<4 | unhex(segment[i+2])
		switch {
		case c == '/':
			inner = true
			text.WriteByte(innerSlash)
		case c < ' ' || c == 0x7f || c == '\\' || c == ';':
			return false, &PathError{Text: segment[i : i+3], Problem: problemOf(c)}
		default:
			text.WriteByte(c)
		}
		i += 2
	}
	return inner, nil
}

// judgeSegment judges a decoded segment: every reader must see the same text,
// and must keep seeing it if it decodes once more or cleans the path.
func judgeSegment(segment string, last bool) Problem {
	if !utf8.ValidString(segment) {
		return BadUTF8
	}
	for i, r := range segment {
		if r != innerSlash && unicode.IsControl(r) {
			return ControlCharacter
		}
		if r == '%' && isEscape(segment[i:]) {
			return DoubleEncoding
		}
	}
	parts := segment
	for {
		part, rest, more := strings.Cut(parts, string(rune(innerSlash)))
		// Only a whole last segment may be empty: that is a trailing slash.
		if problem := judgePart(part, last && part == segment); problem != "" {
			return problem
		}
		if !more {
			return ""
		}
		parts = rest
	}
}

// judgePart judges what stands between two slashes of any kind. Windows and
// some servers trim spaces, so that ".. " climbs as ".." does.
func judgePart(part string, mayBeEmpty bool) Problem {
	switch strings.Trim(part, " ") {
	case ".", "..":
		return DotSegment
	}
	if part == "" && !mayBeEmpty {
		return EmptySegment
	}
	return ""
}

// isEscape reports whether s begins with what a second decoder would decode:
// %XX, or the %uXXXX of IIS.
func isEscape(s string) bool {
	if len(s) >= 3 && isHex(s[1]) && isHex(s[2]) {
		return true
	}
	return len(s) >= 6 && (s[1] == 'u' || s[1] == 'U') &&
		isHex(s[2]) && isHex(s[3]) && isHex(s[4]) && isHex(s[5])
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
