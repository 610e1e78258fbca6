package config

import (
	"gopkg.in/yaml.v3"
)

// table is a mapping from names that the file's author chooses to values; its
// entries stay in the order of the file.
type table[V, E any] struct {
	name  scalar[string]
	value kind[V]
	join  func(name string, v V) E
	split func(e E) (string, V)
	// fold returns what makes two names one; if nil, only equal names are.
	fold func(name string) string
}

func (k table[V, E]) read(r *reader, n *yaml.Node, path string) ([]E, bool) {
	n, ok := r.enter(n, path)
	if !ok {
		return nil, false
	}
	if n.Kind != yaml.MappingNode {
		r.wrongKind(n, path, "a mapping")
		return nil, false
	}
	if len(n.Content) == 0 {
		r.problem(n, path, "is empty; leave it out or say what is meant")
		return nil, false
	}
	entries := make([]E, 0, len(n.Content)/2)
	first := make(map[string]string)
	r.pairs(n, path, func(key, value *yaml.Node) {
		at := join(path, key.Value)
		name, err := k.name.judge(key.Value)
		if err != nil {
			r.problem(key, at, "%s", err)
		} else if k.fold != nil {
			if other, twice := first[k.fold(name)]; twice {
				r.problem(key, at, "is the same name as %q to a backend", other)
			}
			first[k.fold(name)] = name
		}
		v, _ := k.value.read(r, value, at) // a bad value is still an entry that others may name
		entries = append(entries, k.join(name, v))
	})
	return entries, true
}

func (k table[V, E]) show(entries []E) (any, bool) {
	var shown ordered
	for _, e := range entries {
		name, v := k.split(e)
		one, ok := k.value.show(v)
		if !ok {
			one = ""
		}
		shown = append(shown, member{name, one})
	}
	return shown, len(shown) > 0
}

func (k table[V, E]) describe() *shape {
	return &shape{kind: "object", word: "mapping", names: k.name.describe(), items: k.value.describe()}
}
