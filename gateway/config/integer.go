package config

import (
	"fmt"
	"regexp"
	"strconv"

	"gopkg.in/yaml.v3"
)

// decimal is how whole numbers are written: 010 is eight to some readers and
// ten to others, so neither it nor 1_000, 0x10 or 1e3 is read.
var decimal = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)

// integer is a whole number from min to max.
type integer[V int | int64] struct{ min, max V }

func (k integer[V]) read(r *reader, n *yaml.Node, path string) (V, bool) {
	n, ok := r.enter(n, path)
	if !ok {
		return 0, false
	}
	if n.Kind != yaml.ScalarNode || n.Tag != "!!int" || !decimal.MatchString(n.Value) {
		r.wrongKind(n, path, k.want())
		return 0, false
	}
	v, err := strconv.ParseInt(n.Value, 10, 64)
	if err != nil || v < int64(k.min) || v > int64(k.max) {
		r.wrongKind(n, path, k.want())
		return 0, false
	}
	return V(v), true
}

func (k integer[V]) want() string {
	if k.min == k.max {
		return fmt.Sprintf("the number %d", k.min)
	}
	return fmt.Sprintf("a whole number from %d to %d", k.min, k.max)
}

func (k integer[V]) show(v V) (any, bool) { return v, v >= k.min }

func (k integer[V]) describe() *shape {
	low, high := int64(k.min), int64(k.max)
	return &shape{kind: "integer", word: k.want(), minimum: &low, maximum: &high}
}
