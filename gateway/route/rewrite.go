package route

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Rewrite makes the path that an upstream sees from the path as received. A
// nil Rewrite leaves it as it is.
type Rewrite struct {
	drop     int     // segments that strip_prefix removes
	template []piece // or what rewrite says
	skip     int     // segments of the pattern before its rest
	rest     bool    // the template ends in "/*"
}

// piece is one segment of a template: an escaped literal or a segment of the
// path.
type piece struct {
	literal string
	segment int // in the path; -1: the literal
}

// ParseRewrite reads strip_prefix or rewrite for a route's pattern; with
// neither it returns nil. Both are written decoded, like patterns.
//
// A prefix must be the beginning of the pattern on a segment border, names in
// braces included, so that every path of the route has it. A template may name
// the pattern's names as whole segments and end in "/*" if the pattern does.
func ParseRewrite(pattern Pattern, stripPrefix, template string) (*Rewrite, error) {
	switch {
	case stripPrefix != "" && template != "":
		return nil, errors.New("strip_prefix and rewrite exclude each other")
	case stripPrefix != "":
		return parseStrip(pattern, stripPrefix)
	case template != "":
		return parseTemplate(pattern, template)
	}
	return nil, nil
}

func parseStrip(pattern Pattern, prefix string) (*Rewrite, error) {
	if strings.HasSuffix(prefix, "/") {
		return nil, fmt.Errorf("strip_prefix %s ends in a slash", quote(prefix))
	}
	p, err := ParsePattern(prefix)
	if err != nil {
		return nil, fmt.Errorf("strip_prefix: %w", err)
	}
	n := len(p.segments)
	if p.rest || n > len(pattern.segments) || !slices.Equal(p.segments, pattern.segments[:n]) {
		return nil, fmt.Errorf("strip_prefix %s is not the beginning of the path %s", quote(prefix), quote(pattern.text))
	}
	return &Rewrite{drop: n}, nil
}

func parseTemplate(pattern Pattern, text string) (*Rewrite, error) {
	t, err := ParsePattern(text)
	if err != nil {
		return nil, fmt.Errorf("rewrite: %w", err)
	}
	if t.rest && !pattern.rest {
		return nil, fmt.Errorf("rewrite %s ends in /* but the path %s does not", quote(text), quote(pattern.text))
	}
	rw := &Rewrite{skip: len(pattern.segments), rest: t.rest, template: []piece{}}
	for _, s := range t.segments {
		at := -1
		if s.name != "" {
			at = slices.IndexFunc(pattern.segments, func(p part) bool { return p.name == s.name })
			if at < 0 {
				return nil, fmt.Errorf("rewrite %s: the path %s has no {%s}", quote(text), quote(pattern.text), s.name)
			}
		}
		rw.template = append(rw.template, piece{literal: url.PathEscape(s.literal), segment: at})
	}
	return rw, nil
}

// Target returns the raw path for the upstream of a match that is Found. What
// comes out is judged again as any path; its error is a *PathError. Stripping
// does not allocate for a path without escapes.
func (rw *Rewrite) Target(m *Match) (string, error) {
	if rw == nil {
		return m.path.Raw, nil
	}
	target := m.path.rawFrom(rw.drop)
	if rw.template != nil {
		target = rw.fill(&m.path)
	}
	if target == "" {
		target = "/"
	}
	if _, err := Canonical(target); err != nil {
		return "", err
	}
	return target, nil
}

func (rw *Rewrite) fill(p *Path) string {
	var target strings.Builder
	for _, piece := range rw.template {
		target.WriteByte('/')
		if piece.segment < 0 {
			target.WriteString(piece.literal)
		} else {
			target.WriteString(firstSegment(p.rawFrom(piece.segment)))
		}
	}
	if rw.rest {
		target.WriteString(p.rawFrom(rw.skip))
	}
	return target.String()
}
