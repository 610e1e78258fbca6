package route

import (
	"slices"
	"strings"
)

// node is a place in the tree of segments: what may follow the segments that
// lead here. Finding costs one map look-up a segment, whatever the number of
// routes; more only where literals and names overlap, and then no node is
// visited twice.
type node struct {
	literals map[string]*node
	name     *node // the next segment is any, but not empty
	exact    *leaf // the path ends here
	rest     *leaf // "/*": it ends here or goes on
}

// leaf is one pattern of one host, with its routes by method. Either one route
// takes any method, or each method has one route.
type leaf struct {
	routes       []*Route
	any          *Route
	methods      []methodRoute
	allow        string
	cors         *Route // the first route with CORS, if any
	encodedSlash bool   // one of the routes accepts encoded slashes
}

type methodRoute struct {
	method string
	route  *Route
}

// place returns the leaf of a pattern, made if need be.
func (n *node) place(p Pattern) *leaf {
	for _, s := range p.segments {
		n = n.child(s)
	}
	at := &n.exact
	if p.rest {
		at = &n.rest
	}
	if *at == nil {
		*at = &leaf{}
	}
	return *at
}

func (n *node) child(s part) *node {
	if s.name != "" {
		if n.name == nil {
			n.name = &node{}
		}
		return n.name
	}
	if n.literals == nil {
		n.literals = make(map[string]*node)
	}
	if n.literals[s.literal] == nil {
		n.literals[s.literal] = &node{}
	}
	return n.literals[s.literal]
}

// find returns the most specific leaf for what is left of a decoded path:
// literal over name over rest, each tried to its end before the next.
func (n *node) find(text string) *leaf {
	if n == nil {
		return nil
	}
	if text == "" {
		if n.exact != nil {
			return n.exact
		}
		return n.rest
	}
	segment, after := cutSegment(text)
	if next := n.literals[segment]; next != nil {
		if l := next.find(after); l != nil {
			return l
		}
	}
	if n.name != nil && segment != "" {
		if l := n.name.find(after); l != nil {
			return l
		}
	}
	return n.rest
}

// add puts a route into the leaf and returns those it is in conflict with.
func (l *leaf) add(r *Route) (conflicts []*Route) {
	for _, other := range l.routes {
		if other.overlaps(r) {
			conflicts = append(conflicts, other)
		}
	}
	l.routes = append(l.routes, r)
	l.encodedSlash = l.encodedSlash || r.AllowEncodedSlash
	if l.cors == nil && r.HasCORS {
		l.cors = r
	}
	if len(r.Methods) == 0 {
		l.any, l.allow = r, anyAllow
		return conflicts
	}
	for _, m := range effectiveMethods(r.Methods) {
		l.methods = append(l.methods, methodRoute{m, r})
	}
	l.allow = allowText(l.methods)
	return conflicts
}

// route returns the route that takes the method, or nil.
func (l *leaf) route(method string) *Route {
	if neverPasses(method) {
		return nil
	}
	for i := range l.methods {
		if l.methods[i].method == method {
			return l.methods[i].route
		}
	}
	return l.any
}

func allowText(methods []methodRoute) string {
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.method
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
