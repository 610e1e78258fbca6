package diff

import (
	"fmt"
	"slices"
	"strings"

	"scopegate/authz"
	"scopegate/gateway/config"
	"scopegate/gateway/route"
)

// Effect is what a Change does to access: a closed set.
type Effect string

// The effects.
const (
	Widens  Effect = "widens"  // somebody reaches what was out of reach
	Narrows Effect = "narrows" // somebody reaches it no more
	Neither Effect = "changes" // as many reach as much, in another way
)

// Change is one difference in words.
type Change struct {
	Effect Effect `json:"effect"`
	Words  string `json:"change"`
	// Clients are those that gain or lose by it, if Name was asked.
	Clients []string `json:"clients,omitempty"`

	before, after *access
	scope         authz.Scope // that left the catalogue; empty: none
}

// String returns the effect and the words.
func (c Change) String() string { return string(c.Effect) + ": " + c.Words }

// access is what one of the files says of a class of requests.
type access struct {
	requirement *authz.Requirement // nil: nobody
	catalogue   *authz.ScopeSet
}

// Report is all that changes: what widens, what narrows, then the rest.
type Report []Change

// Widens reports whether any change does.
func (r Report) Widens() bool { return r.count(Widens) > 0 }

func (r Report) count(e Effect) (n int) {
	for _, c := range r {
		if c.Effect == e {
			n++
		}
	}
	return n
}

// Summary returns the counts, such as "1 widens, 2 narrow, 1 other", or
// "nothing changes".
func (r Report) Summary() string {
	if len(r) == 0 {
		return "nothing changes"
	}
	return fmt.Sprintf("%d widen, %d narrow, %d other", r.count(Widens), r.count(Narrows), r.count(Neither))
}

// Words returns the changes as text, at most so many, and then how many more.
func (r Report) Words(most int) []string {
	words := []string{}
	for i, c := range r {
		if i == most {
			return append(words, fmt.Sprintf("and %d more", len(r)-i))
		}
		words = append(words, c.String())
	}
	return words
}

// Compare returns what changes from old to next. Both are good files: its
// error is that one of them cannot serve.
func Compare(old, next *config.Config) (Report, error) {
	a, err := newSide(old)
	if err != nil {
		return nil, err
	}
	b, err := newSide(next)
	if err != nil {
		return nil, err
	}
	var report Report
	for _, m := range meetings(a, b) {
		report = append(report, m.changes(a, b)...)
	}
	report = append(report, ofCatalogue(a, b)...)
	report = append(report, ofSettings(old, next)...)
	report = append(report, ofWebhooks(old, next)...)
	slices.SortStableFunc(report, func(x, y Change) int { return rank(x.Effect) - rank(y.Effect) })
	return slices.CompactFunc(report, func(x, y Change) bool { return x.Effect == y.Effect && x.Words == y.Words }), nil
}

func rank(e Effect) int { return slices.Index([]Effect{Widens, Narrows, Neither}, e) }

// side is one of the two files, with the table that it serves by.
type side struct {
	cfg       *config.Config
	table     *route.Table
	catalogue *authz.ScopeSet
	names     map[string]bool
	settings  map[string]map[string]any // of each route, as the file's JSON form says
}

func newSide(cfg *config.Config) (*side, error) {
	s := &side{cfg: cfg, catalogue: cfg.Catalogue(), names: map[string]bool{}}
	routes := make([]*route.Route, len(cfg.Routes))
	for i := range cfg.Routes {
		r, err := cfg.Routes[i].Route(i)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", cfg.File, err)
		}
		routes[i] = r
		s.names[r.Name] = true
	}
	table, err := route.NewTable(routes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.File, err)
	}
	s.table = table
	s.settings, err = routeSettings(cfg)
	return s, err
}

func (s *side) access(r *route.Route) *access {
	if r == nil {
		return &access{catalogue: s.catalogue}
	}
	return &access{&r.Requirement, s.catalogue}
}

func (s *side) config(r *route.Route) *config.RouteConfig { return &s.cfg.Routes[r.Index] }

func ofCatalogue(a, b *side) (changes []Change) {
	for _, s := range a.catalogue.List() {
		if !b.catalogue.Has(s) {
			changes = append(changes, Change{Effect: Narrows, Words: fmt.Sprintf("scope %s leaves the catalogue: it is not issued any more", s), scope: s})
		}
	}
	for _, s := range b.catalogue.List() {
		if !a.catalogue.Has(s) {
			changes = append(changes, Change{Effect: Neither, Words: fmt.Sprintf("scope %s enters the catalogue: clients may be given it", s)})
		}
	}
	return changes
}

func join(words []string) string { return strings.Join(words, "; ") }
