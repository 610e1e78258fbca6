package strict

import (
	"gopkg.in/yaml.v3"
)

// Kind is how values of one kind are read, shown and described.
type Kind[V any] interface {
	// Read reports what is wrong with the node; then ok is false, and the value
	// is whatever could be understood.
	Read(r *Reader, n *yaml.Node, path string) (v V, ok bool)
	// Show returns the value for JSON, as it would be written; ok is false for
	// one that is not set.
	Show(v V) (shown any, ok bool)
	// Describe tells schema and reference what is accepted.
	Describe() *Shape
}

// boolean is true or false, and no other spelling of them.
type boolean struct{}

// Bool is the kind of true and false.
var Bool Kind[bool] = boolean{}

// Read implements Kind.
func (boolean) Read(r *Reader, n *yaml.Node, path string) (bool, bool) {
	n, ok := r.Enter(n, path)
	if !ok {
		return false, false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" || n.Value != "true" && n.Value != "false" {
		r.WrongKind(n, path, "true or false")
		return false, false
	}
	return n.Value == "true", true
}

// Show implements Kind.
func (boolean) Show(v bool) (any, bool) { return v, true }

// Describe implements Kind.
func (boolean) Describe() *Shape { return &Shape{Kind: "boolean", Word: "true or false"} }

// Optional is a value that may be absent: nil.
type Optional[V any] struct{ Of Kind[V] }

// Read implements Kind.
func (k Optional[V]) Read(r *Reader, n *yaml.Node, path string) (*V, bool) {
	v, ok := k.Of.Read(r, n, path)
	return &v, ok
}

// Show implements Kind.
func (k Optional[V]) Show(v *V) (any, bool) {
	if v == nil {
		return nil, false
	}
	return k.Of.Show(*v)
}

// Describe implements Kind.
func (k Optional[V]) Describe() *Shape { return k.Of.Describe() }

// Checked is a kind with a further check.
type Checked[V any] struct {
	Kind[V]
	Check func(r *Reader, v V, path string)
}

// Read implements Kind.
func (k Checked[V]) Read(r *Reader, n *yaml.Node, path string) (V, bool) {
	v, ok := k.Kind.Read(r, n, path)
	if ok {
		k.Check(r, v, path)
	}
	return v, ok
}
