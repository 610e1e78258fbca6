package strict

// Shape is what schema and reference know of a kind of value.
type Shape struct {
	Kind    string // JSON type: string, integer, boolean, array or object
	Word    string // for people
	Pattern string // string: what it matches; empty: anything
	words   []string
	longest int // string: in bytes; 0: no bound to tell

	minimum, maximum *int64 // integer

	items  *Shape // array: its elements; object without fields: its values
	unique bool   // array
	names  *Shape // object without fields: its keys

	title, doc string // object with fields
	fields     []fieldShape
	rules      []Rule
}

// fieldShape is one key of an object.
type fieldShape struct {
	key, doc  string
	required  bool
	fallback  any    // the default; nil: none
	otherwise string // or what an absent key means
	shape     *Shape
}

// Rule is what the keys of an object must be together, as far as a schema can
// say it.
type Rule interface{ Schema() Ordered }

type needed []string

// AnyOf asks for at least one of the keys.
func AnyOf(keys ...string) Rule { return needed(keys) }

// Schema implements Rule.
func (keys needed) Schema() Ordered {
	alternatives := make([]any, len(keys))
	for i, key := range keys {
		alternatives[i] = Ordered{{"required", []string{key}}}
	}
	return Ordered{{"anyOf", alternatives}}
}

type pair struct{ a, b string }

// Together asks for both keys or none.
func Together(a, b string) Rule { return pair{a, b} }

// Schema implements Rule.
func (p pair) Schema() Ordered {
	return Ordered{{"dependentRequired", Ordered{{p.a, []string{p.b}}, {p.b, []string{p.a}}}}}
}

type exclusive []string

// NotBoth refuses the keys together.
func NotBoth(keys ...string) Rule { return exclusive(keys) }

// Schema implements Rule.
func (keys exclusive) Schema() Ordered {
	return Ordered{{"not", Ordered{{"required", []string(keys)}}}}
}
