package config

// shape is what schema and reference know of a kind of value.
type shape struct {
	kind    string // JSON type: string, integer, boolean, array or object
	word    string // for people
	pattern string // string: what it matches; empty: anything
	words   []string
	longest int // string: in bytes; 0: no bound to tell

	minimum, maximum *int64 // integer

	items  *shape // array: its elements; object without fields: its values
	unique bool   // array
	names  *shape // object without fields: its keys

	title, doc string // object with fields
	fields     []fieldShape
	rules      []rule
}

// fieldShape is one key of an object.
type fieldShape struct {
	key, doc  string
	required  bool
	fallback  any    // the default; nil: none
	otherwise string // or what an absent key means
	shape     *shape
}

// rule is what the keys of an object must be together, as far as a schema can
// say it.
type rule interface{ schema() ordered }

type needed []string

// anyOf asks for at least one of the keys.
func anyOf(keys ...string) rule { return needed(keys) }

func (keys needed) schema() ordered {
	alternatives := make([]any, len(keys))
	for i, key := range keys {
		alternatives[i] = ordered{{"required", []string{key}}}
	}
	return ordered{{"anyOf", alternatives}}
}

type pair struct{ a, b string }

// together asks for both keys or none.
func together(a, b string) rule { return pair{a, b} }

func (p pair) schema() ordered {
	return ordered{{"dependentRequired", ordered{{p.a, []string{p.b}}, {p.b, []string{p.a}}}}}
}

type exclusive []string

// notBoth refuses the keys together.
func notBoth(keys ...string) rule { return exclusive(keys) }

func (keys exclusive) schema() ordered {
	return ordered{{"not", ordered{{"required", []string(keys)}}}}
}

// requireOrPublic asks for exactly one of require and public: true.
type requireOrPublic struct{}

func (requireOrPublic) schema() ordered {
	is := func(open bool) ordered {
		return ordered{{"properties", ordered{{"public", ordered{{"const", open}}}}}}
	}
	return ordered{
		{"if", append(is(true), member{"required", []string{"public"}})},
		{"then", ordered{{"not", ordered{{"required", []string{"require"}}}}}},
		{"else", ordered{{"required", []string{"require"}}}},
	}
}
