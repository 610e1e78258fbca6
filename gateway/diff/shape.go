package diff

import (
	"net/url"
	"slices"
	"strings"

	"scopegate/gateway/route"
)

// shape is a class of requests: a host, empty for any, and a path pattern
// whose names do not matter.
type shape struct {
	host     string
	segments []string // "{}" is any one segment
	rest     bool     // and everything below
	text     string   // as a route writes it; empty: none does
}

const anySegment = "{}"

func shapeOf(r *route.Route) shape {
	s := shape{host: r.Host, text: r.Host + r.Pattern.String()}
	parts := strings.Split(r.Pattern.String()[1:], "/")
	if s.rest = r.Pattern.Open(); s.rest {
		parts = parts[:len(parts)-1]
	}
	for _, part := range parts {
		if strings.HasPrefix(part, "{") {
			part = anySegment
		}
		s.segments = append(s.segments, part)
	}
	return s
}

// meet returns the requests that both shapes take; ok is false if there are
// none.
func (s shape) meet(o shape) (m shape, ok bool) {
	if s.host != "" && o.host != "" && s.host != o.host ||
		len(s.segments) > len(o.segments) && !o.rest || len(o.segments) > len(s.segments) && !s.rest {
		return m, false
	}
	for i := range min(len(s.segments), len(o.segments)) {
		a, b := s.segments[i], o.segments[i]
		if a != b && (a != anySegment || b == "") && (b != anySegment || a == "") {
			return m, false
		}
	}
	longer, shorter := s, o
	if len(o.segments) > len(s.segments) {
		longer, shorter = o, s
	}
	m = shape{host: s.host + o.host, segments: slices.Clone(longer.segments), rest: s.rest && o.rest}
	if s.host == o.host {
		m.host = s.host
	}
	for i, segment := range shorter.segments {
		if segment != anySegment {
			m.segments[i] = segment
		}
	}
	return m, true
}

// key tells shapes apart.
func (s shape) key() string {
	path := "/" + strings.Join(s.segments, "/")
	if s.rest {
		path = strings.TrimSuffix(path, "/") + "/*"
	}
	return s.host + path
}

// String returns the shape as a route writes it, if one does.
func (s shape) String() string {
	if s.text != "" {
		return s.text
	}
	return s.key()
}

// paths returns the most general paths of the shape: what matches one of them
// matches every path that looks like it. fresh is a segment that no pattern
// names, deep one more than the segments of the longest pattern.
func (s shape) paths(fresh string, deep int) []string {
	path := ""
	for _, segment := range s.segments {
		if segment == anySegment {
			segment = fresh
		}
		path += "/" + url.PathEscape(segment)
	}
	if !s.rest {
		return []string{path}
	}
	var paths []string
	for range deep - len(s.segments) + 1 {
		if path != "" {
			paths = append(paths, path)
		}
		paths = append(paths, path+"/")
		path += "/" + fresh
	}
	return paths
}
