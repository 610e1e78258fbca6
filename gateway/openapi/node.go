package openapi

import (
	"iter"

	"gopkg.in/yaml.v3"
)

// value follows an alias. An anchor names a value and never an alias.
func value(n *yaml.Node) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// child returns the value of a key, nil if there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	for k, v := range entries(n) {
		if k.Value == key {
			return v
		}
	}
	return nil
}

// entries yields the keys and values of a mapping; of anything else none.
func entries(n *yaml.Node) iter.Seq2[*yaml.Node, *yaml.Node] {
	return func(yield func(k, v *yaml.Node) bool) {
		n := value(n)
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], value(n.Content[i+1])) {
				return
			}
		}
	}
}

// items returns the elements of a list; of anything else none.
func items(n *yaml.Node) []*yaml.Node {
	n = value(n)
	if n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	list := make([]*yaml.Node, len(n.Content))
	for i := range n.Content {
		list[i] = value(n.Content[i])
	}
	return list
}

func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode {
		return ""
	}
	return n.Value
}
