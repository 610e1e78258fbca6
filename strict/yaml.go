package strict

import (
	"bytes"
	"fmt"
	"strconv"

	"gopkg.in/yaml.v3"
)

// YAML writes a value as Kind.Show returns it. Read reads it again as the same.
func YAML(shown any) ([]byte, error) {
	n, err := node(shown)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(n); err != nil {
		return nil, fmt.Errorf("write YAML: %w", err)
	}
	return b.Bytes(), e.Close()
}

func node(shown any) (*yaml.Node, error) {
	n := &yaml.Node{}
	switch v := shown.(type) {
	case Ordered:
		n.Kind = yaml.MappingNode
		for _, m := range v {
			value, err := node(m.Value)
			if err != nil {
				return nil, err
			}
			key := &yaml.Node{}
			key.SetString(m.Name)
			n.Content = append(n.Content, key, value)
		}
	case []any:
		n.Kind = yaml.SequenceNode
		for _, one := range v {
			value, err := node(one)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, value)
		}
	case string:
		n.SetString(v)
	case bool:
		n.Kind, n.Tag, n.Value = yaml.ScalarNode, "!!bool", strconv.FormatBool(v)
	case int:
		n.Kind, n.Tag, n.Value = yaml.ScalarNode, "!!int", strconv.Itoa(v)
	case int64:
		n.Kind, n.Tag, n.Value = yaml.ScalarNode, "!!int", strconv.FormatInt(v, 10)
	default:
		return nil, fmt.Errorf("a %T cannot be written as YAML", shown)
	}
	return n, nil
}
