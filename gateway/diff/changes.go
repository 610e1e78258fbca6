package diff

import (
	"fmt"
	"slices"

	"scopegate/authz"
)

// changes says what becomes of the requests of a meeting.
func (m *meeting) changes(a, b *side) []Change {
	c := changer{m: m, before: a.access(m.old), after: b.access(m.next)}
	switch {
	case m.old == nil:
		c.opened(a)
	case m.next == nil:
		c.closed(b)
	default:
		c.subject(a, b)
		c.requirement()
		c.target(a.config(m.old).Upstream, b.config(m.next).Upstream)
		c.options(a.config(m.old), b.config(m.next))
		if m.old.Name == m.next.Name {
			c.settings(a.settings[m.old.Name], b.settings[m.next.Name])
			c.headers(a.config(m.old), b.config(m.next))
		}
	}
	return c.list
}

// changer gathers the changes of one meeting.
type changer struct {
	m             *meeting
	before, after *access
	who           string // what the sentences speak of
	list          []Change
}

func (c *changer) say(e Effect, words string) {
	c.list = append(c.list, Change{Effect: e, Words: words})
}

// sayAccess adds a change by which clients gain or lose.
func (c *changer) sayAccess(e Effect, words string) {
	c.list = append(c.list, Change{Effect: e, Words: words, before: c.before, after: c.after})
}

func (c *changer) opened(a *side) {
	r := c.m.next
	verb := "is new and opens"
	if a.names[r.Name] {
		verb = "opens"
	}
	c.sayAccess(Widens, fmt.Sprintf("route %q %s %s; it asks %s", r.Name, verb, c.m.where(), asksFor(&r.Requirement)))
}

func (c *changer) closed(b *side) {
	r := c.m.old
	verb := "is gone and with it"
	if b.names[r.Name] {
		verb = "does not take any more:"
	}
	c.sayAccess(Narrows, fmt.Sprintf("route %q %s %s; it asked %s", r.Name, verb, c.m.where(), asksFor(&r.Requirement)))
}

func asksFor(r *authz.Requirement) string {
	if r.Public {
		return asks(r)
	}
	return "for " + asks(r)
}

// subject chooses of whom to speak: the route, or the requests that it takes
// from another one.
func (c *changer) subject(a, b *side) {
	old, next := c.m.old.Name, c.m.next.Name
	if c.who = fmt.Sprintf("route %q", next); old == next {
		return
	}
	if !a.names[next] && !b.names[old] && shapeOf(c.m.old).key() == shapeOf(c.m.next).key() {
		c.say(Neither, fmt.Sprintf("route %q is called %q", old, next))
		return
	}
	c.who = fmt.Sprintf("%s, which route %q takes from %q,", c.m.where(), next, old)
}

func (c *changer) requirement() {
	old, next := c.before.requirement, c.after.requirement
	also := func(words []string) string {
		if len(words) == 0 {
			return "asks for other things"
		}
		return join(words)
	}
	terms := fmt.Sprintf(" (asks %s, before %s)", asksFor(next), asksFor(old))
	if !admits(old, next) {
		c.sayAccess(Widens, c.who+" "+also(eased(old, next))+terms)
	}
	if !admits(next, old) {
		c.sayAccess(Narrows, c.who+" "+also(hardened(old, next))+terms)
	}
}

// target tells where the requests go. Whoever is admitted reaches what was not
// reached by this way before.
func (c *changer) target(old, next string) {
	if old != next {
		c.say(Widens, fmt.Sprintf("%s goes to upstream %s, before to %s", c.who, next, old))
	}
	if c.m.moved[0] != c.m.moved[1] {
		c.say(Widens, fmt.Sprintf("%s asks the upstream for %s, before for %s", c.who, c.m.moved[1], c.m.moved[0]))
	}
}

// added returns what next has and old has not.
func added[T comparable](old, next []T) []T {
	return slices.DeleteFunc(slices.Clone(next), func(v T) bool { return slices.Contains(old, v) })
}
