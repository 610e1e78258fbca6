package route

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Pattern is the path of a route. ParsePattern makes one; the zero Pattern
// matches nothing.
//
//	/a/b       just that; /a/b/ is another path
//	/a/{name}  one whole segment, not empty
//	/a/*       /a, /a/ and everything below, on segment borders
type Pattern struct {
	text     string
	segments []part
	rest     bool // ends in "/*", which is not among the segments
}

// part is one segment of a Pattern: a literal or a name.
type part struct {
	literal string
	name    string // not empty: any one segment
}

// ParsePattern reads a pattern. Patterns are written in plain text, decoded: a
// space is a space and "%" is a percent sign. A pattern that no canonical path
// can match, or that looks percent-encoded, is an error.
func ParsePattern(text string) (Pattern, error) {
	if text == "" || text[0] != '/' {
		return Pattern{}, fmt.Errorf("pattern %s does not begin with a slash", quote(text))
	}
	p := Pattern{text: text}
	for rest := text; rest != ""; {
		var segment string
		segment, rest = cutSegment(rest)
		if segment == "*" && rest == "" {
			p.rest = true
			break
		}
		parsed, err := parsePart(segment, rest == "")
		if err != nil {
			return Pattern{}, fmt.Errorf("pattern %s: %w", quote(text), err)
		}
		if parsed.name != "" && slices.Contains(p.Names(), parsed.name) {
			return Pattern{}, fmt.Errorf("pattern %s: {%s} stands twice", quote(text), parsed.name)
		}
		p.segments = append(p.segments, parsed)
	}
	return p, nil
}

func parsePart(segment string, last bool) (part, error) {
	if strings.ContainsAny(segment, "{}") {
		name, ok := cutName(segment)
		if !ok {
			return part{}, fmt.Errorf("%s: braces hold a name of letters, digits and _ and take a whole segment, as in /{name}", quote(segment))
		}
		return part{name: name}, nil
	}
	switch {
	case strings.Contains(segment, "*"):
		return part{}, fmt.Errorf("%s: * stands alone and last, as in /a/*", quote(segment))
	case strings.ContainsAny(segment, "?#"):
		return part{}, fmt.Errorf("%s: a pattern has no query and no fragment", quote(segment))
	}
	return literalPart(segment, last)
}

// literalPart judges a literal as Canonical judges the segment that would
// match it.
func literalPart(segment string, last bool) (part, error) {
	for i := range segment {
		if segment[i] == '%' && isEscape(segment[i:]) {
			return part{}, fmt.Errorf("%s: patterns are written decoded, without percent escapes", quote(segment))
		}
	}
	if segment == "" && last {
		return part{}, nil
	}
	if _, err := Canonical("/" + url.PathEscape(segment) + "/"); err != nil {
		return part{}, fmt.Errorf("no path can match it: %s %s", quote(segment), err.Problem)
	}
	return part{literal: segment}, nil
}

// cutName returns the name of a "{name}" segment.
func cutName(segment string) (string, bool) {
	name, open := strings.CutPrefix(segment, "{")
	name, closed := strings.CutSuffix(name, "}")
	if !open || !closed || name == "" {
		return "", false
	}
	for _, c := range []byte(name) {
		if c != '_' && !isLetterOrDigit(c) {
			return "", false
		}
	}
	return name, true
}

// String returns the pattern as it was written.
func (p Pattern) String() string { return p.text }

// Names returns the names in braces, in order.
func (p Pattern) Names() []string {
	var names []string
	for _, s := range p.segments {
		if s.name != "" {
			names = append(names, s.name)
		}
	}
	return names
}

// Open reports whether the pattern ends in "/*".
func (p Pattern) Open() bool { return p.rest }

// Matches reports whether the path is one of the pattern's. The Table decides
// which of several wins.
func (p Pattern) Matches(path *Path) bool { return p.matches(path.text) }

func (p Pattern) matches(text string) bool {
	if text == "" || len(p.segments) == 0 && !p.rest {
		return false
	}
	for _, want := range p.segments {
		if text == "" {
			return false
		}
		var segment string
		segment, text = cutSegment(text)
		if want.name == "" && segment != want.literal || want.name != "" && segment == "" {
			return false
		}
	}
	return text == "" || p.rest
}

// compare orders patterns that match the same path, the more specific first:
// literal over {name} over /*, segment by segment.
func (p Pattern) compare(q Pattern) int {
	for i := range max(len(p.segments), len(q.segments)) + 1 {
		if d := p.rank(i) - q.rank(i); d != 0 {
			return d
		}
	}
	return 0
}

// rank is how little segment i says: an end or a literal, a name, the rest.
func (p Pattern) rank(i int) int {
	switch {
	case i >= len(p.segments) && p.rest:
		return 2
	case i < len(p.segments) && p.segments[i].name != "":
		return 1
	}
	return 0
}

func isLetterOrDigit(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}
