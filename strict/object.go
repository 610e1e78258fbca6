package strict

import (
	"gopkg.in/yaml.v3"
)

// Object is a mapping with known keys.
type Object[T any] struct {
	Title  string   // its section in the reference
	Doc    string   // what it is
	Fresh  func() T // with the defaults; if nil, the zero T
	Fields []Field[T]
	// Check reports what the fields together get wrong; if nil, nothing.
	Check func(r *Reader, v *T, path string)
	Rules []Rule // what the schema can say of that
}

// Field is one key of an object.
type Field[T any] struct {
	key       string
	doc       string
	required  bool
	otherwise string // what an absent key means, where it is no plain default
	read      func(r *Reader, n *yaml.Node, path string, into *T)
	show      func(v *T) (any, bool)
	describe  func() *Shape
}

// Key returns a field of an object. doc says what it means.
func Key[T, V any](name string, k Kind[V], of func(*T) *V, doc string) Field[T] {
	return Field[T]{
		key: name, doc: doc,
		read: func(r *Reader, n *yaml.Node, path string, into *T) {
			if v, ok := k.Read(r, n, path); ok {
				*of(into) = v
			}
		},
		show:     func(v *T) (any, bool) { return k.Show(*of(v)) },
		describe: k.Describe,
	}
}

// Required makes the field one that is always written.
func (f Field[T]) Required() Field[T] {
	f.required = true
	return f
}

// Or says what an absent key means.
func (f Field[T]) Or(words string) Field[T] {
	f.otherwise = words
	return f
}

// Read implements Kind.
func (o Object[T]) Read(r *Reader, n *yaml.Node, path string) (T, bool) {
	v := o.zero()
	n, ok := r.Enter(n, path)
	if !ok {
		return v, false
	}
	if n.Kind != yaml.MappingNode {
		r.WrongKind(n, path, "a mapping")
		return v, false
	}
	r.pairs(n, path, func(key, value *yaml.Node) {
		f := o.field(key.Value)
		if f == nil {
			hint := ""
			if !r.Full() {
				hint = o.hint(key.Value)
			}
			r.Problem(key, path, "unknown key %.60q%s", key.Value, hint)
			return
		}
		at := Join(path, key.Value)
		if f.required {
			r.required = at
		}
		f.read(r, value, at, &v)
	})
	for _, f := range o.Fields {
		if f.required && !r.Given(Join(path, f.key)) {
			r.Problem(n, path, "%s is missing", f.key)
		}
	}
	if o.Check != nil {
		o.Check(r, &v, path)
	}
	return v, true
}

func (o Object[T]) zero() T {
	if o.Fresh == nil {
		var v T
		return v
	}
	return o.Fresh()
}

func (o Object[T]) field(key string) *Field[T] {
	for i := range o.Fields {
		if o.Fields[i].key == key {
			return &o.Fields[i]
		}
	}
	return nil
}

func (o Object[T]) hint(key string) string {
	known := make([]string, len(o.Fields))
	for i, f := range o.Fields {
		known[i] = f.key
	}
	if hint := DidYouMean(key, known); hint != "" {
		return hint
	}
	return "; known: " + Quoted(known)
}

// Show implements Kind.
func (o Object[T]) Show(v T) (any, bool) {
	var shown Ordered
	for _, f := range o.Fields {
		if one, ok := f.show(&v); ok {
			shown = append(shown, Member{f.key, one})
		}
	}
	return shown, len(shown) > 0
}

// Describe implements Kind.
func (o Object[T]) Describe() *Shape {
	s := &Shape{Kind: "object", Word: "mapping", title: o.Title, doc: o.Doc, rules: o.Rules}
	zero := o.zero()
	for _, f := range o.Fields {
		fs := fieldShape{key: f.key, doc: f.doc, required: f.required, otherwise: f.otherwise, shape: f.describe()}
		if shown, ok := f.show(&zero); ok && !f.required {
			fs.fallback = shown
		}
		s.fields = append(s.fields, fs)
	}
	return s
}
