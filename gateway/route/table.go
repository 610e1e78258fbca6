package route

import (
	"errors"
	"slices"
)

// Table finds the Route of a request. It does not change after NewTable and is
// safe for any number of goroutines. The zero Table has no routes.
type Table struct {
	routes  []*Route
	hosts   map[string]*node // by canonical host
	anyHost *node            // routes without host
}

// NewTable builds a table, whatever the order of the routes. Its error joins
// one *Invalid for each route that cannot be held and one *Conflict for each
// pair of routes that can match the same request; Unwrap() []error lists them.
func NewTable(routes []*Route) (*Table, error) {
	t := &Table{
		routes:  slices.Clone(routes),
		hosts:   make(map[string]*node),
		anyHost: &node{},
	}
	var problems []error
	for _, r := range t.routes {
		host, err := r.check()
		if err != nil {
			problems = append(problems, &Invalid{Route: r, Err: err})
			continue
		}
		for _, other := range t.tree(host).place(r.Pattern).add(r) {
			problems = append(problems, &Conflict{A: other, B: r})
		}
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return t, nil
}

// Routes returns the routes in the order given.
func (t *Table) Routes() []*Route { return slices.Clone(t.routes) }

// tree returns the tree to insert a route of the host into.
func (t *Table) tree(host string) *node {
	if host == "" {
		return t.anyHost
	}
	if t.hosts[host] == nil {
		t.hosts[host] = &node{}
	}
	return t.hosts[host]
}

// lookup returns the most specific place for a decoded path, or nil. A place
// of the host itself wins over all places without host.
func (t *Table) lookup(host, text string) *leaf {
	if host != "" && len(t.hosts) > 0 {
		if l := t.hosts[host].find(text); l != nil {
			return l
		}
	}
	return t.anyHost.find(text)
}
