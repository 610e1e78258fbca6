package strict

import (
	"gopkg.in/yaml.v3"
)

// Table is a mapping from names that the file's author chooses to values; its
// entries stay in the order of the file.
type Table[V, E any] struct {
	Name  Scalar[string]
	Value Kind[V]
	Join  func(name string, v V) E
	Split func(e E) (string, V)
	// Fold returns what makes two names one; if nil, only equal names are.
	Fold func(name string) string
}

// Read implements Kind.
func (k Table[V, E]) Read(r *Reader, n *yaml.Node, path string) ([]E, bool) {
	n, ok := r.Enter(n, path)
	if !ok {
		return nil, false
	}
	if n.Kind != yaml.MappingNode {
		r.WrongKind(n, path, "a mapping")
		return nil, false
	}
	if len(n.Content) == 0 {
		r.empty(n, path)
		return nil, false
	}
	entries := make([]E, 0, len(n.Content)/2)
	first := make(map[string]string)
	r.pairs(n, path, func(key, value *yaml.Node) {
		at := Join(path, key.Value)
		name, err := k.Name.judge(key.Value)
		if err != nil {
			r.Problem(key, at, "%s", err)
		} else if k.Fold != nil {
			if other, twice := first[k.Fold(name)]; twice {
				r.Problem(key, at, "is the same name as %q to a backend", other)
			}
			first[k.Fold(name)] = name
		}
		v, _ := k.Value.Read(r, value, at) // a bad value is still an entry that others may name
		entries = append(entries, k.Join(name, v))
	})
	return entries, true
}

// Show implements Kind.
func (k Table[V, E]) Show(entries []E) (any, bool) {
	var shown Ordered
	for _, e := range entries {
		name, v := k.Split(e)
		one, ok := k.Value.Show(v)
		if !ok {
			one = ""
		}
		shown = append(shown, Member{name, one})
	}
	return shown, len(shown) > 0
}

// Describe implements Kind.
func (k Table[V, E]) Describe() *Shape {
	return &Shape{Kind: "object", Word: "mapping", names: k.Name.Describe(), items: k.Value.Describe()}
}
