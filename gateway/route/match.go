package route

import "iter"

// Outcome is what became of a request's search for its route: a closed set.
type Outcome uint8

// The outcomes. The zero Outcome refuses.
const (
	NoRoute             Outcome = iota // 404
	Found                              // Match.Route judges the request
	MethodNotAllowed                   // 405 with Match.Allow
	EncodedSlashRefused                // 400 with Match.Refusal
	BadHost                            // 400: the host is not one
)

// String returns the outcome in words.
func (o Outcome) String() string {
	switch o {
	case Found:
		return "found"
	case MethodNotAllowed:
		return "method not allowed"
	case EncodedSlashRefused:
		return "encoded slash refused"
	case BadHost:
		return "bad host"
	}
	return "no route"
}

// Match is the answer of a Table. The zero Match is NoRoute.
type Match struct {
	Outcome Outcome
	Route   *Route // if and only if Found
	// Allow is the Allow field of a 405 (RFC 9110 section 10.2.1). It is empty
	// where no route lies.
	Allow string
	// Sibling is, for a 405, a route of the same path that has CORS, so that
	// the refusal can carry its fields; nil if there is none.
	Sibling *Route
	// ambiguous tells of an EncodedSlashRefused that the route would accept
	// encoded slashes, but not this one.
	ambiguous bool
	path      Path
}

// Match finds the route of a request. The host is the Host field as received,
// empty if there was none (HTTP/1.0).
//
// The most specific path decides, literal over {name} over /*, segment by
// segment; then the method. A method that the most specific path does not take
// is 405 even if a broader path takes it: a DELETE must not fall through to a
// "/*". Routes of the request's host come first; those without host are asked
// only if none of the host's paths matches. TRACE and CONNECT are always 405,
// and paths of the authorization server are never found.
//
// A path with an encoded slash is found only if its route accepts that, and
// only if the reading in which the slash parts segments leads to the same
// route or to none: else "/admin%2fx" would pass by the rules of "/*" to a
// backend that serves "/admin/x".
func (t *Table) Match(host, method string, p *Path) Match {
	m := Match{path: *p}
	if host != "" {
		var ok bool
		if host, ok = CanonicalHost(host); !ok {
			m.Outcome = BadHost
			return m
		}
	}
	var place *leaf
	if p.text != "" && !p.Reserved() {
		place = t.lookup(host, p.text)
	}
	m.decide(place, method)
	if p.HasEncodedSlash && !p.Reserved() {
		t.judgeSlash(host, method, place, &m)
	}
	return m
}

// Refusal returns the error of an EncodedSlashRefused, and nil otherwise. It
// names the option that would accept the slash, if that is what lacks.
func (m *Match) Refusal() *PathError {
	if m.Outcome != EncodedSlashRefused {
		return nil
	}
	err := m.path.RefuseEncodedSlash()
	if m.ambiguous {
		err.Problem, err.Option = AmbiguousSlash, ""
	}
	return err
}

// MatchPreflight finds the route that answers a CORS preflight: the one that
// would judge the method that the preflight asks for, if it has CORS. Anything
// but Found means that this is no preflight of ours, and that the OPTIONS
// request is to be judged like any other.
func (t *Table) MatchPreflight(host string, p *Path, method string) Match {
	m := t.Match(host, method, p)
	if m.Outcome == Found && m.Route.HasCORS {
		return m
	}
	return Match{path: *p}
}

func (m *Match) decide(place *leaf, method string) {
	if place == nil {
		if neverPasses(method) {
			m.Outcome = MethodNotAllowed
		}
		return
	}
	if r := place.route(method); r != nil {
		m.Outcome, m.Route = Found, r
		return
	}
	m.Outcome, m.Allow, m.Sibling = MethodNotAllowed, place.allow, place.cors
}

// judgeSlash turns the match of a path with an encoded slash into a refusal
// unless the slash is accepted where the path was found.
func (t *Table) judgeSlash(host, method string, place *leaf, m *Match) {
	refusal := Match{Outcome: EncodedSlashRefused, path: m.path}
	switch {
	case m.Outcome != Found:
		if place == nil || !place.encodedSlash {
			*m = refusal
		}
	case !m.Route.AllowEncodedSlash:
		*m = refusal
	default:
		other := t.lookup(host, m.path.split())
		if other != nil && other.route(method) != m.Route {
			refusal.ambiguous = true
			*m = refusal
		}
	}
}

// Capture is the segment that a {name} of the route's pattern matched.
type Capture struct {
	Name    string
	Raw     string // as received
	Decoded string // an encoded slash is a slash in it
}

// Captures yields the captures in the order of the pattern.
func (m *Match) Captures() iter.Seq[Capture] {
	return func(yield func(Capture) bool) {
		if m.Route == nil {
			return
		}
		raw, text := m.path.Raw, m.path.text
		for _, s := range m.Route.Pattern.segments {
			var rawSegment, segment string
			rawSegment, raw = cutSegment(raw)
			segment, text = cutSegment(text)
			if s.name != "" && !yield(Capture{s.name, rawSegment, openSlashes(segment)}) {
				return
			}
		}
	}
}

// Capture returns the capture of the name, without allocation unless it holds
// an encoded slash.
func (m *Match) Capture(name string) (Capture, bool) {
	for c := range m.Captures() {
		if c.Name == name {
			return c, true
		}
	}
	return Capture{}, false
}
