package strict

import (
	"gopkg.in/yaml.v3"
)

// List is a list of at least one value. An empty one is refused: it reads as
// "none" to one reader and as "no bound" to the next.
type List[V any] struct {
	Of Kind[V]
	// Same returns what may stand once only; if nil, anything may be repeated.
	Same func(v V) string
	// Keep keeps the list if one of its elements cannot be read, so that what is
	// wrong with the others is reported too.
	Keep bool
}

// Read implements Kind.
func (k List[V]) Read(r *Reader, n *yaml.Node, path string) ([]V, bool) {
	n, ok := r.Enter(n, path)
	if !ok {
		return nil, false
	}
	if n.Kind != yaml.SequenceNode {
		r.WrongKind(n, path, "a list")
		return nil, false
	}
	if len(n.Content) == 0 {
		r.empty(n, path)
		return nil, false
	}
	first := make(map[string]int)
	values, good := make([]V, 0, len(n.Content)), true
	for i, element := range n.Content {
		v, ok := k.Of.Read(r, element, Item(path, i))
		values = append(values, v) // bad ones too, so that the places agree with the file
		good = good && ok
		if !ok || k.Same == nil {
			continue
		}
		if j, twice := first[k.Same(v)]; twice {
			r.ProblemAt(Item(path, i), "%.60q stands twice, first as %s", k.Same(v), Item(path, j))
			good = false
			continue
		}
		first[k.Same(v)] = i
	}
	return values, good || k.Keep
}

// Show implements Kind.
func (k List[V]) Show(v []V) (any, bool) {
	shown := make([]any, 0, len(v))
	for _, element := range v {
		one, _ := k.Of.Show(element)
		shown = append(shown, one)
	}
	return shown, len(v) > 0
}

// Describe implements Kind.
func (k List[V]) Describe() *Shape {
	return &Shape{Kind: "array", Word: "list", items: k.Of.Describe(), unique: k.Same != nil}
}

// Same is what may stand once only in a list of texts: the text itself.
func Same[V ~string](v V) string { return string(v) }
