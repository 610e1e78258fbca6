package config

import (
	"gopkg.in/yaml.v3"
)

// object is a mapping with known keys.
type object[T any] struct {
	title  string   // its section in the reference
	doc    string   // what it is
	fresh  func() T // with the defaults; if nil, the zero T
	fields []field[T]
	// check reports what the fields together get wrong; if nil, nothing.
	check func(r *reader, v *T, path string)
	rules []rule // what the schema can say of that
}

// field is one key of an object.
type field[T any] struct {
	key       string
	doc       string
	required  bool
	otherwise string // what an absent key means, where it is no plain default
	read      func(r *reader, n *yaml.Node, path string, into *T)
	show      func(v *T) (any, bool)
	describe  func() *shape
}

// key returns a field of an object. doc says what it means.
func key[T, V any](name string, k kind[V], of func(*T) *V, doc string) field[T] {
	return field[T]{
		key: name, doc: doc,
		read: func(r *reader, n *yaml.Node, path string, into *T) {
			if v, ok := k.read(r, n, path); ok {
				*of(into) = v
			}
		},
		show:     func(v *T) (any, bool) { return k.show(*of(v)) },
		describe: k.describe,
	}
}

// must makes the field one that is always written.
func (f field[T]) must() field[T] {
	f.required = true
	return f
}

// or says what an absent key means.
func (f field[T]) or(words string) field[T] {
	f.otherwise = words
	return f
}

func (o object[T]) read(r *reader, n *yaml.Node, path string) (T, bool) {
	v := o.zero()
	n, ok := r.enter(n, path)
	if !ok {
		return v, false
	}
	if n.Kind != yaml.MappingNode {
		r.wrongKind(n, path, "a mapping")
		return v, false
	}
	r.pairs(n, path, func(key, value *yaml.Node) {
		f := o.field(key.Value)
		if f == nil {
			hint := ""
			if !r.full() {
				hint = o.hint(key.Value)
			}
			r.problem(key, path, "unknown key %.60q%s", key.Value, hint)
			return
		}
		f.read(r, value, join(path, key.Value), &v)
	})
	for _, f := range o.fields {
		if f.required && !r.given(join(path, f.key)) {
			r.problem(n, path, "%s is missing", f.key)
		}
	}
	if o.check != nil {
		o.check(r, &v, path)
	}
	return v, true
}

func (o object[T]) zero() T {
	if o.fresh == nil {
		var v T
		return v
	}
	return o.fresh()
}

func (o object[T]) field(key string) *field[T] {
	for i := range o.fields {
		if o.fields[i].key == key {
			return &o.fields[i]
		}
	}
	return nil
}

func (o object[T]) hint(key string) string {
	known := make([]string, len(o.fields))
	for i, f := range o.fields {
		known[i] = f.key
	}
	if hint := didYouMean(key, known); hint != "" {
		return hint
	}
	return "; known: " + quoted(known)
}

func (o object[T]) show(v T) (any, bool) {
	var shown ordered
	for _, f := range o.fields {
		if one, ok := f.show(&v); ok {
			shown = append(shown, member{f.key, one})
		}
	}
	return shown, len(shown) > 0
}

func (o object[T]) describe() *shape {
	s := &shape{kind: "object", word: "mapping", title: o.title, doc: o.doc, rules: o.rules}
	zero := o.zero()
	for _, f := range o.fields {
		fs := fieldShape{key: f.key, doc: f.doc, required: f.required, otherwise: f.otherwise, shape: f.describe()}
		if shown, ok := f.show(&zero); ok && !f.required {
			fs.fallback = shown
		}
		s.fields = append(s.fields, fs)
	}
	return s
}
