package diff

import (
	"maps"
	"slices"
	"strings"

	"scopegate/gateway/route"
)

// meeting is all requests that old judged and next judges by the same two
// routes; nil: by none.
type meeting struct {
	old, next *route.Route
	shapes    []string // where they meet
	methods   map[string]bool
	asked     []string  // all methods that were tried
	moved     [2]string // the upstream's paths, where they first differ
}

// A fresh host, segment and method stand for all that no file names.
const (
	freshHost   = "other.invalid"
	freshMethod = "OTHER"
)

// meetings asks both tables about every class of requests that they can tell
// apart. If a request is judged by routes P and Q, then so is the most general
// request that P and Q both take: whatever pattern matches that one matches
// every request of its kind, so neither table knows a better route for it. It
// is enough to ask about each route and each pair of them.
func meetings(a, b *side) []*meeting {
	shapes, fresh, deep := probes(a, b)
	methods := methodsOf(a, b)
	found := map[[2]*route.Route]*meeting{}
	var order []*meeting
	for _, s := range shapes {
		host := s.host
		if host == "" {
			host = freshHost
		}
		for _, text := range s.paths(fresh, deep) {
			path, err := route.Canonical(text)
			if err != nil {
				continue // no request can ask for it
			}
			for _, method := range methods {
				was, is := a.table.Match(host, method, &path), b.table.Match(host, method, &path)
				if was.Route == nil && is.Route == nil {
					continue
				}
				key := [2]*route.Route{was.Route, is.Route}
				m := found[key]
				if m == nil {
					m = &meeting{old: was.Route, next: is.Route, methods: map[string]bool{}, asked: methods}
					found[key] = m
					order = append(order, m)
				}
				m.note(s, method, &was, &is)
			}
		}
	}
	return order
}

func (m *meeting) note(s shape, method string, was, is *route.Match) {
	if text := s.String(); !slices.Contains(m.shapes, text) {
		m.shapes = append(m.shapes, text)
	}
	m.methods[method] = true
	if m.old == nil || m.next == nil || m.moved[0] != m.moved[1] {
		return
	}
	before, errBefore := was.Route.Rewrite.Target(was)
	after, errAfter := is.Route.Rewrite.Target(is)
	if errBefore == nil && errAfter == nil {
		m.moved = [2]string{before, after}
	}
}

// probes returns the shapes of all routes and of all their meetings, in the
// order of the files.
func probes(a, b *side) (shapes []shape, fresh string, deep int) {
	var of [2][]shape
	seen := map[string]bool{}
	add := func(s shape) {
		if key := s.key(); !seen[key] {
			seen[key] = true
			shapes = append(shapes, s)
		}
	}
	literals := map[string]bool{}
	for i, side := range []*side{a, b} {
		for _, r := range side.table.Routes() {
			s := shapeOf(r)
			of[i] = append(of[i], s)
			add(s)
			deep = max(deep, len(s.segments)+1)
			for _, literal := range s.segments {
				literals[literal] = true
			}
		}
	}
	for _, s := range of[0] {
		for _, o := range of[1] {
			if m, ok := s.meet(o); ok {
				add(m)
			}
		}
	}
	for fresh = "x"; literals[fresh]; fresh += "x" {
	}
	return shapes, fresh, deep
}

// methodsOf returns every method that a route names, HEAD, and a fresh one.
func methodsOf(a, b *side) []string {
	methods := map[string]bool{"HEAD": true, freshMethod: true}
	for _, side := range []*side{a, b} {
		for i := range side.cfg.Routes {
			for _, method := range side.cfg.Routes[i].Methods {
				methods[method] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(methods))
}

// where says which requests meet here: "GET, POST /a/*".
func (m *meeting) where() string {
	shapes := m.shapes
	for _, r := range []*route.Route{m.old, m.next} {
		if r != nil && slices.Contains(m.shapes, shapeOf(r).String()) {
			shapes = []string{shapeOf(r).String()}
		}
	}
	if len(shapes) > 3 {
		shapes = append(slices.Clone(shapes[:3]), "others")
	}
	return m.methodWords() + " " + strings.Join(shapes, ", ")
}

func (m *meeting) methodWords() string {
	var named, missing []string
	for _, method := range m.asked {
		switch {
		case method == freshMethod || method == "HEAD" && m.methods["GET"] == m.methods["HEAD"]:
		case m.methods[method]:
			named = append(named, method)
		default:
			missing = append(missing, method)
		}
	}
	switch {
	case !m.methods[freshMethod]:
		return strings.Join(named, ", ")
	case len(missing) > 0:
		return "any method but " + strings.Join(missing, ", ") + " on"
	}
	return "any method on"
}
