package strict

import (
	"fmt"
	"unicode"

	"gopkg.in/yaml.v3"
)

// maxValues bounds what one file may come to, counting what aliases repeat: a
// file of a few lines can otherwise expand without end.
const maxValues = 500_000

// Reader walks the nodes of one file. It keeps the position of every value by
// its path, for problems that are found later.
type Reader struct {
	Env Environment

	file      string
	problems  Problems
	positions Positions
	mentions  []Mention
	values    int
	required  string // the path of the last required value that was begun
}

// Environment is what a file may refer to outside of it.
type Environment struct {
	// LookupEnv is os.LookupEnv in the running program; if nil, no variable is
	// set.
	LookupEnv func(name string) (string, bool)
	// ReadFile is os.ReadFile there; if nil, no file can be read.
	ReadFile func(name string) ([]byte, error)
	// Hidden tells texts that problems do not repeat; if nil, all may be.
	Hidden func(text string) bool
}

// Mention is a name in the file that must stand elsewhere in it, and where.
type Mention struct{ Text, Path string }

// Mention keeps a name for the check of the whole file.
func (r *Reader) Mention(text, path string) { r.mentions = append(r.mentions, Mention{text, path}) }

// Mentions returns the names that were kept.
func (r *Reader) Mentions() []Mention { return r.mentions }

// Problem reports what is wrong at a node.
func (r *Reader) Problem(n *yaml.Node, path, format string, args ...any) {
	r.add(Position{n.Line, n.Column}, path, format, args...)
}

// ProblemAt reports what is wrong with a value that was read before, or with
// its nearest surrounding one.
func (r *Reader) ProblemAt(path, format string, args ...any) {
	r.add(r.Place(path), path, format, args...)
}

func (r *Reader) add(at Position, path, format string, args ...any) {
	// Sorting needs some to choose from; beyond that there is only noise.
	if len(r.problems) < 2*maxProblems {
		r.problems = append(r.problems, Problem{r.file, at.Line, at.Col, path, fmt.Sprintf(format, args...)})
	}
}

// Place returns where the value at a path was written, or the nearest one
// around it.
func (r *Reader) Place(path string) Position { return r.positions.Of(path) }

// Full reports that more problems will not be shown.
func (r *Reader) Full() bool { return len(r.problems) >= 2*maxProblems }

// Given reports whether the value at a path was written, well or badly.
func (r *Reader) Given(path string) bool {
	_, ok := r.positions[path]
	return ok
}

// Enter begins the reading of a value: it follows an alias, remembers the
// place, and refuses what no key takes.
func (r *Reader) Enter(n *yaml.Node, path string) (*yaml.Node, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias // never itself an alias: an anchor names a value
	}
	r.positions[path] = Position{n.Line, n.Column}
	if r.values++; r.values > maxValues {
		return n, false // Read says so
	}
	switch {
	case n.Style&yaml.TaggedStyle != 0:
		r.Problem(n, path, "the tag %.40s is not allowed; write the plain value", n.Tag)
	case n.Tag == "!!null":
		r.Problem(n, path, "has no value")
	default:
		return n, true
	}
	return n, false
}

// WrongKind reports a value of another kind than wanted.
func (r *Reader) WrongKind(n *yaml.Node, path, want string) {
	r.Problem(n, path, "want %s, got %s", want, r.describe(n))
}

// empty reports a list or mapping that holds nothing.
func (r *Reader) empty(n *yaml.Node, path string) {
	if path == r.required {
		r.Problem(n, path, "is empty; at least one is needed")
		return
	}
	r.Problem(n, path, "is empty; leave it out or say what is meant")
}

func (r *Reader) describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!int" || n.Tag == "!!float":
		return fmt.Sprintf("the number %.40s", n.Value)
	case n.Tag == "!!bool" || n.Tag == "!!timestamp" || n.Tag == "!!merge":
		return fmt.Sprintf("%.40s", n.Value)
	case r.Env.Hidden != nil && r.Env.Hidden(n.Value):
		return "a text that is not repeated here"
	}
	return fmt.Sprintf("the text %.60q", n.Value)
}

// Text reads a scalar that is text. fits tells whether a number or a word would
// do if it stood in quotes.
func (r *Reader) Text(n *yaml.Node, path, want string, fits func(string) bool) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.WrongKind(n, path, want)
	case n.Tag != "!!str" && fits(n.Value):
		r.Problem(n, path, "want %s, got %s; put it in quotes", want, r.describe(n))
	case n.Tag != "!!str":
		r.WrongKind(n, path, want)
	default:
		return n.Value, true
	}
	return "", false
}

// ControlCharacter finds a control character, or one that YAML takes in no
// file (YAML 1.2.2 section 5.1).
func ControlCharacter(s string) (rune, bool) {
	for _, c := range s {
		if unicode.IsControl(c) || c == 0xfeff || c == 0xfffe || c == 0xffff {
			return c, true
		}
	}
	return 0, false
}

// pairs calls yield for each key of a mapping, each key once.
func (r *Reader) pairs(n *yaml.Node, path string, yield func(key, value *yaml.Node)) {
	lines := make(map[string]int)
	for i := 0; i+1 < len(n.Content); i += 2 {
		if r.values++; r.values > maxValues {
			return // Read says so
		}
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		switch {
		case key.Tag == "!!merge":
			r.Problem(key, path, "merge keys (<<) are not allowed: what a value is stands in it; an alias may stand for a whole value")
			continue
		case key.Kind != yaml.ScalarNode || key.Tag != "!!str" || key.Style&yaml.TaggedStyle != 0:
			r.Problem(key, path, "want text as key, got %s; put text that looks like something else in quotes", r.describe(key))
			continue
		}
		if line, twice := lines[key.Value]; twice {
			r.Problem(key, Join(path, key.Value), "stands twice, first in line %d", line)
			continue
		}
		lines[key.Value] = key.Line
		yield(key, value)
	}
}
