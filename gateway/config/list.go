package config

import (
	"gopkg.in/yaml.v3"

	"scopegate/authz"
)

// list is a list of at least one value. An empty one is refused: it reads as
// "none" to one reader and as "no bound" to the next.
type list[V any] struct {
	of kind[V]
	// same returns what may stand once only; if nil, anything may be repeated.
	same func(v V) string
	// keep keeps the list if one of its elements cannot be read, so that what is
	// wrong with the others is reported too.
	keep bool
}

func (k list[V]) read(r *reader, n *yaml.Node, path string) ([]V, bool) {
	n, ok := r.enter(n, path)
	if !ok {
		return nil, false
	}
	if n.Kind != yaml.SequenceNode {
		r.wrongKind(n, path, "a list")
		return nil, false
	}
	if len(n.Content) == 0 {
		r.problem(n, path, "is empty; leave it out or say what is meant")
		return nil, false
	}
	first := make(map[string]int)
	values, good := make([]V, 0, len(n.Content)), true
	for i, element := range n.Content {
		v, ok := k.of.read(r, element, item(path, i))
		values = append(values, v) // bad ones too, so that the places agree with the file
		good = good && ok
		if !ok || k.same == nil {
			continue
		}
		if j, twice := first[k.same(v)]; twice {
			r.problemAt(item(path, i), "%.60q stands twice, first as %s", k.same(v), item(path, j))
			good = false
			continue
		}
		first[k.same(v)] = i
	}
	return values, good || k.keep
}

func (k list[V]) show(v []V) (any, bool) {
	shown := make([]any, 0, len(v))
	for _, element := range v {
		one, _ := k.of.show(element)
		shown = append(shown, one)
	}
	return shown, len(v) > 0
}

func (k list[V]) describe() *shape {
	return &shape{kind: "array", word: "list", items: k.of.describe(), unique: k.same != nil}
}

// scopeUse is a scope that a route asks for, and where.
type scopeUse struct {
	scope authz.Scope
	path  string
}

// scopeSet is a list of scopes, kept as a set.
type scopeSet struct{ list[authz.Scope] }

func (k scopeSet) read(r *reader, n *yaml.Node, path string) (*authz.ScopeSet, bool) {
	scopes, ok := k.list.read(r, n, path)
	for i, s := range scopes {
		if s != "" {
			r.uses = append(r.uses, scopeUse{s, item(path, i)})
		}
	}
	if !ok {
		return nil, false
	}
	return authz.NewScopeSet(scopes...), true
}

func (k scopeSet) show(v *authz.ScopeSet) (any, bool) { return k.list.show(v.List()) }
