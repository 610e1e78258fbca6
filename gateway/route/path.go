package route

import (
	"iter"
	"strings"
)

// Text returns the decoded path for people to read: an encoded slash stands in
// it as "%2F". Decisions are made on segments, never on this text.
func (p *Path) Text() string {
	if !p.HasEncodedSlash {
		return p.text
	}
	return strings.ReplaceAll(p.text, string(rune(innerSlash)), "%2F")
}

// Segments yields the segments as received and decoded, the second with a real
// slash where one came encoded. A trailing slash yields a last, empty segment.
func (p *Path) Segments() iter.Seq2[string, string] {
	return func(yield func(raw, decoded string) bool) {
		raw, text := p.Raw, p.text
		for raw != "" {
			var rawSegment, segment string
			rawSegment, raw = cutSegment(raw)
			segment, text = cutSegment(text)
			if !yield(rawSegment, openSlashes(segment)) {
				return
			}
		}
	}
}

// RefuseEncodedSlash returns the error for a path with an encoded slash on a
// route that accepts none, and nil for a path without one. Match.Refusal is
// preferred where there is a Match: it also knows why an accepting route
// refused.
func (p *Path) RefuseEncodedSlash() *PathError {
	if !p.HasEncodedSlash {
		return nil
	}
	at := strings.Index(strings.ToLower(p.Raw), "%2f")
	return &PathError{Text: p.Raw[at : at+3], Problem: EncodedSlash, Option: "allow_encoded_slash"}
}

// split is the reading of a backend that lets encoded slashes part segments.
func (p *Path) split() string {
	if !p.HasEncodedSlash {
		return p.text
	}
	return openSlashes(p.text)
}

// rawFrom returns the raw path from segment n on, with its slash; empty if the
// path has no more than n segments.
func (p *Path) rawFrom(n int) string {
	rest := p.Raw
	for range n {
		_, rest = cutSegment(rest)
	}
	return rest
}

// cutSegment splits off the first segment of a path that is empty or begins
// with a slash; rest is empty or begins with a slash.
func cutSegment(path string) (segment, rest string) {
	if path == "" {
		return "", ""
	}
	if i := strings.IndexByte(path[1:], '/'); i >= 0 {
		return path[1 : i+1], path[i+1:]
	}
	return path[1:], ""
}

func firstSegment(path string) string {
	segment, _ := cutSegment(path)
	return segment
}

func openSlashes(text string) string {
	if strings.IndexByte(text, innerSlash) < 0 {
		return text
	}
	return strings.ReplaceAll(text, string(rune(innerSlash)), "/")
}
