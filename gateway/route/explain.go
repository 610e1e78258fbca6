package route

import (
	"fmt"
	"slices"

	"scopegate/authz"
)

// Explanation says what a Table does with a request, and why.
type Explanation struct {
	Host    string // as compared; empty: none given
	Method  string
	Path    string // decoded; empty if the path was refused
	Outcome Outcome
	// PathError is set if the path was refused: by itself, then nothing else is
	// explained, or for an encoded slash.
	PathError *PathError
	Reserved  bool // the authorization server's path
	Route     *Route
	// Requirement is the Route's; nil if none was found.
	Requirement *authz.Requirement
	Allow       string // of a 405
	Captures    []Capture
	Target      string // the upstream's path, if the route was found
	Why         string // one sentence
	// Candidates are all routes whose pattern matches the path, whatever their
	// host and methods, the more specific first.
	Candidates []Candidate
}

// Candidate is a route that was considered.
type Candidate struct {
	Route  *Route
	Chosen bool
	Why    string // why it was chosen or not
}

// Explain matches a request as Match does and says why.
func (t *Table) Explain(host, method, rawPath string) Explanation {
	e := Explanation{Method: method}
	path, err := Canonical(rawPath)
	if err != nil {
		e.PathError, e.Why = err, err.Error()
		return e
	}
	e.Path, e.Reserved = path.Text(), path.Reserved()
	m := t.Match(host, method, &path)
	e.Outcome, e.Route, e.Allow = m.Outcome, m.Route, m.Allow
	if m.Outcome == BadHost {
		e.Why = fmt.Sprintf("the host %s is neither a name nor an address", quote(host))
		return e
	}
	e.Host, _ = CanonicalHost(host)
	if !e.Reserved {
		e.Candidates = t.candidates(&e, &path)
	}
	if m.Outcome == EncodedSlashRefused {
		e.PathError = m.Refusal()
	}
	e.Why = e.why()
	if m.Route == nil {
		return e
	}
	e.Requirement = &m.Route.Requirement
	e.Captures = slices.Collect(m.Captures())
	target, badTarget := m.Route.Rewrite.Target(&m)
	if badTarget != nil {
		e.Why += fmt.Sprintf("; its rewritten path is refused: %v", badTarget)
	}
	e.Target = target
	return e
}

func (e *Explanation) why() string {
	switch {
	case e.Route != nil && e.Route.Requirement.Public:
		return fmt.Sprintf("route %q judges the request; it is public", e.Route.Name)
	case e.Route != nil:
		return fmt.Sprintf("route %q judges the request", e.Route.Name)
	case e.Reserved:
		return "the path belongs to the authorization server"
	case e.Outcome == EncodedSlashRefused:
		return e.PathError.Error()
	case e.Outcome == MethodNotAllowed && neverPasses(e.Method):
		return e.Method + " never passes"
	case e.Outcome == MethodNotAllowed:
		return fmt.Sprintf("the most specific path takes %s, not %s", e.Allow, quote(e.Method))
	}
	return "no route matches the path"
}

// candidates lists the routes whose pattern matches the path.
func (t *Table) candidates(e *Explanation, path *Path) []Candidate {
	var list []Candidate
	place := t.lookup(e.Host, path.text)
	for _, r := range t.routes {
		if r.Pattern.Matches(path) {
			list = append(list, Candidate{Route: r, Chosen: r == e.Route, Why: e.whyNot(r, place)})
		}
	}
	slices.SortStableFunc(list, func(a, b Candidate) int {
		if a.Route.Host != b.Route.Host && (a.Route.Host == "" || b.Route.Host == "") {
			return len(b.Route.Host) - len(a.Route.Host)
		}
		return a.Route.Pattern.compare(b.Route.Pattern)
	})
	return list
}

// whyNot says why the route was chosen or not.
func (e *Explanation) whyNot(r *Route, place *leaf) string {
	host, _ := CanonicalHost(r.Host)
	switch {
	case r == e.Route:
		return "most specific"
	case host != "" && host != e.Host:
		return fmt.Sprintf("only for host %q", host)
	case !slices.Contains(place.routes, r):
		winner := place.routes[0]
		if winner.Host != "" && r.Host == "" {
			return fmt.Sprintf("%s has the request's host", winner.Pattern)
		}
		return fmt.Sprintf("less specific than %s", winner.Pattern)
	case !r.takes(e.Method):
		return fmt.Sprintf("does not take %s", quote(e.Method))
	case !r.AllowEncodedSlash:
		return "does not allow an encoded slash"
	}
	return "with a plain slash another route judges the path"
}
