package config

import "scopegate/strict"

// requireOrPublic asks for exactly one of require and public: true.
type requireOrPublic struct{}

func (requireOrPublic) Schema() strict.Ordered {
	is := func(open bool) strict.Ordered {
		return object("properties", object("public", object("const", open)))
	}
	require := object("required", []string{"require"})
	return strict.Ordered{
		{Name: "if", Value: append(is(true), strict.Member{Name: "required", Value: []string{"public"}})},
		{Name: "then", Value: object("not", require)},
		{Name: "else", Value: require},
	}
}

func object(name string, value any) strict.Ordered {
	return strict.Ordered{{Name: name, Value: value}}
}
