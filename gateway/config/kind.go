package config

import (
	"gopkg.in/yaml.v3"
)

// kind is how values of one kind are read, shown and described.
type kind[V any] interface {
	// read reports what is wrong with the node; then ok is false, and the value
	// is whatever could be understood.
	read(r *reader, n *yaml.Node, path string) (v V, ok bool)
	// show returns the value for JSON, as it would be written; ok is false for
	// one that is not set.
	show(v V) (shown any, ok bool)
	// describe tells schema and reference what is accepted.
	describe() *shape
}

// boolean is true or false, and no other spelling of them.
type boolean struct{}

var yesOrNo kind[bool] = boolean{}

func (boolean) read(r *reader, n *yaml.Node, path string) (bool, bool) {
	n, ok := r.enter(n, path)
	if !ok {
		return false, false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Value != "true" && n.Value != "false" {
		r.wrongKind(n, path, "true or false")
		return false, false
	}
	return n.Value == "true", true
}

func (boolean) show(v bool) (any, bool) { return v, true }

func (boolean) describe() *shape { return &shape{kind: "boolean", word: "true or false"} }

// maybe is a value that may be absent: nil.
type maybe[V any] struct{ of kind[V] }

func (k maybe[V]) read(r *reader, n *yaml.Node, path string) (*V, bool) {
	v, ok := k.of.read(r, n, path)
	return &v, ok
}

func (k maybe[V]) show(v *V) (any, bool) {
	if v == nil {
		return nil, false
	}
	return k.of.show(*v)
}

func (k maybe[V]) describe() *shape { return k.of.describe() }

// checked is a kind with a further check.
type checked[V any] struct {
	kind[V]
	check func(r *reader, v V, path string)
}

func (k checked[V]) read(r *reader, n *yaml.Node, path string) (V, bool) {
	v, ok := k.kind.read(r, n, path)
	if ok {
		k.check(r, v, path)
	}
	return v, ok
}
