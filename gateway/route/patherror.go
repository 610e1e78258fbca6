package route

import "strconv"

// Problem says why a path has no single reading: a closed set.
type Problem string

// The problems of a path.
const (
	NotAbsolute      Problem = "does not begin with a slash"
	EmptySegment     Problem = "is an empty segment"
	DotSegment       Problem = "is a dot segment"
	Backslash        Problem = "is a backslash"
	Semicolon        Problem = "is a semicolon"
	ControlCharacter Problem = "holds a control character"
	RawFragment      Problem = "is a raw number sign"
	RawQuery         Problem = "is a raw question mark"
	RawSpace         Problem = "is a raw space"
	RawNonASCII      Problem = "is not ASCII and not percent-encoded"
	BadEscape        Problem = "is a broken percent escape"
	BadUTF8          Problem = "does not decode to valid UTF-8"
	DoubleEncoding   Problem = "is encoded twice"
	EncodedSlash     Problem = "is an encoded slash"
	AmbiguousSlash   Problem = "is an encoded slash, and with a plain one another route judges the path"
)

// PathError is a path that was refused. Its message is safe to show to the
// caller and to log: the text is cut and escaped.
type PathError struct {
	Text    string // where the problem begins, as received and not cut
	Problem Problem
	Option  string // the route's option that would accept it, or empty
}

// maxQuoted bounds how much of a caller's text an error repeats, in bytes.
const maxQuoted = 32

// Error names the offending text, the problem, and the option if there is one.
func (e *PathError) Error() string {
	text := "path: " + quote(e.Text) + " " + string(e.Problem)
	if e.Option != "" {
		text += "; a route accepts it only with " + e.Option + ": true"
	}
	return text
}

// quote returns text in printable ASCII, within quotes and cut.
func quote(text string) string {
	if len(text) <= maxQuoted {
		return strconv.QuoteToASCII(text)
	}
	return strconv.QuoteToASCII(text[:maxQuoted]) + "..."
}

type class uint8

const (
	refused class = iota
	plain
	slash
	percent
)

// classes sorts the raw bytes of a path; the zero class is refused.
var classes = func() (table [256]class) {
	for c := '!'; c <= '~'; c++ {
		table[c] = plain
	}
	for _, c := range `\;#?` {
		table[c] = refused
	}
	table['/'], table['%'] = slash, percent
	return table
}()

// problemOf says why a byte is refused.
func problemOf(c byte) Problem {
	switch {
	case c == '\\':
		return Backslash
	case c == ';':
		return Semicolon
	case c == '#':
		return RawFragment
	case c == '?':
		return RawQuery
	case c == ' ':
		return RawSpace
	case c >= 0x80:
		return RawNonASCII
	}
	return ControlCharacter
}
