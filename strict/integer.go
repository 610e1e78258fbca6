package strict

import (
	"fmt"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"
)

// decimal is how whole numbers are written: 010 is eight to some readers and
// ten to others, so neither it nor 1_000, 0x10 or 1e3 is read.
var decimal = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)

// Integer is a whole number from min to max.
type Integer[V int | int64] struct{ Min, Max V }

// Read implements Kind.
func (k Integer[V]) Read(r *Reader, n *yaml.Node, path string) (V, bool) {
	n, ok := r.Enter(n, path)
	if !ok {
		return 0, false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || !decimal.MatchString(n.Value) {
		r.WrongKind(n, path, k.want())
		return 0, false
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil || v < int64(k.Min) || v > int64(k.Max) {
		r.WrongKind(n, path, k.want())
		return 0, false
	}
	return V(v), true
}

func (k Integer[V]) want() string {
	if k.Min == k.Max {
		return fmt.Sprintf("the number %d", k.Min)
	}
	return fmt.Sprintf("a whole number from %d to %d", k.Min, k.Max)
}

// Show implements Kind.
func (k Integer[V]) Show(v V) (any, bool) { return v, v >= k.Min }

// Describe implements Kind.
func (k Integer[V]) Describe() *Shape {
	low, high := int64(k.Min), int64(k.Max)
	return &Shape{Kind: "integer", Word: k.want(), minimum: &low, maximum: &high}
}
