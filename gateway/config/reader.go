package config

import (
	"fmt"
	"unicode"

	"gopkg.in/yaml.v3"
)

// maxValues bounds what one file may come to, counting what aliases repeat: a
// file of a few lines can otherwise expand without end.
const maxValues = 500_000

// position is a place in the file, both from 1.
type position struct{ line, col int }

// reader walks the nodes of one file. It keeps the position of every value by
// its path, for problems that are found later.
type reader struct {
	file      string
	env       Environment
	problems  Problems
	positions map[string]position
	uses      []scopeUse
	values    int
}

// problem reports what is wrong at a node.
func (r *reader) problem(n *yaml.Node, path, format string, args ...any) {
	r.add(position{n.Line, n.Column}, path, format, args...)
}

// problemAt reports what is wrong with a value that was read before, or with
// its nearest surrounding one.
func (r *reader) problemAt(path, format string, args ...any) {
	r.add(locate(r.positions, path), path, format, args...)
}

func (r *reader) add(at position, path, format string, args ...any) {
	// Sorting needs some to choose from; beyond that there is only noise.
	if len(r.problems) < 2*maxProblems {
		r.problems = append(r.problems, Problem{r.file, at.line, at.col, path, fmt.Sprintf(format, args...)})
	}
}

// full reports that more problems will not be shown.
func (r *reader) full() bool { return len(r.problems) >= 2*maxProblems }

// given reports whether the value at a path was written, well or badly.
func (r *reader) given(path string) bool {
	_, ok := r.positions[path]
	return ok
}

// enter begins the reading of a value: it follows an alias, remembers the
// place, and refuses what no key takes.
func (r *reader) enter(n *yaml.Node, path string) (*yaml.Node, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias // never itself an alias: an anchor names a value
	}
	r.positions[path] = position{n.Line, n.Column}
	if r.values++; r.values > maxValues {
		return n, false // Load says so
	}
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		r.problem(n, path, "the tag %.40s is not allowed; write the plain value", n.Tag)
	case n.Tag == "!!null":
		r.problem(n, path, "has no value")
	default:
		return n, true
	}
	return n, false
}

// wrongKind reports a value of another kind than wanted.
func (r *reader) wrongKind(n *yaml.Node, path, want string) {
	r.problem(n, path, "want %s, got %s", want, describe(n))
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!int" || n.Tag == "!!float":
		return fmt.Sprintf("the number %.40s", n.Value)
	case n.Tag == "!!bool" || n.Tag == "!!timestamp" || n.Tag == "!!merge":
		return fmt.Sprintf("%.40s", n.Value)
	}
	return fmt.Sprintf("the text %.60q", n.Value)
}

// text reads a scalar that is text. fits tells whether a number or a word would
// do if it stood in quotes.
func (r *reader) text(n *yaml.Node, path, want string, fits func(string) bool) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.wrongKind(n, path, want)
	case n.Tag != "!!str" && fits(n.Value):
		r.problem(n, path, "want %s, got %s; put it in quotes", want, describe(n))
	case n.Tag != "!!str":
		r.wrongKind(n, path, want)
	default:
		return n.Value, true
	}
	return "", false
}

// controlCharacter finds a control character, or one that YAML takes in no
// file (YAML 1.2.2 section 5.1).
func controlCharacter(s string) (rune, bool) {
	for _, c := range s {
		if unicode.IsControl(c) || c == 0xfeff || c == 0xfffe || c == 0xffff {
			return c, true
		}
	}
	return 0, false
}

// pairs calls yield for each key of a mapping, each key once.
func (r *reader) pairs(n *yaml.Node, path string, yield func(key, value *yaml.Node)) {
	lines := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if r.values++; r.values > maxValues {
			return // Load says so
		}
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.Tag == "!!merge":
			r.problem(key, path, "merge keys (<<) are not allowed: what a route asks stands in the route; an alias may stand for a whole value")
			continue
		case key.Kind != yaml.ScalarNode || key.Tag != "!!str" || key.Style&yaml.TaggedStyle != 0:
			r.problem(key, path, "want text as key, got %s; put text that looks like something else in quotes", describe(key))
			continue
		}
		if line, twice := lines[key.Value]; twice {
			r.problem(key, join(path, key.Value), "stands twice, first in line %d", line)
			continue
		}
		lines[key.Value] = key.Line
		yield(key, value)
	}
}
