package strict

import (
	"bytes"
	"encoding/json"
)

// Schema returns the JSON Schema (draft 2020-12) of files with the given root,
// for editors; id names it.
func Schema(id string, root *Shape) ([]byte, error) {
	s := &schemaWriter{seen: make(map[string]bool)}
	members := s.object(root)
	document := Ordered{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", id},
	}
	document = append(append(document, members...), Member{"$defs", s.definitions})
	plain, err := PlainJSON(document)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, plain, "", "  "); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

// schemaWriter collects the definitions of titled objects, each once.
type schemaWriter struct {
	definitions Ordered
	seen        map[string]bool
}

func (w *schemaWriter) value(s *Shape) Ordered {
	schema := Ordered{{"type", s.Kind}}
	switch {
	case s.Kind == "object" && s.title != "":
		return w.reference(s)
	case s.Kind == "object":
		schema = append(schema, Member{"minProperties", 1},
			Member{"propertyNames", w.value(s.names)}, Member{"additionalProperties", w.value(s.items)})
	case s.Kind == "array":
		schema = append(schema, Member{"minItems", 1}, Member{"items", w.value(s.items)})
		if s.unique {
			schema = append(schema, Member{"uniqueItems", true})
		}
	case s.Kind == "string" && s.words != nil:
		schema = append(schema, Member{"enum", s.words})
	case s.Kind == "string":
		if s.Pattern != "" {
			schema = append(schema, Member{"pattern", s.Pattern})
		}
		if s.longest > 0 {
			schema = append(schema, Member{"maxLength", s.longest})
		}
	case s.minimum != nil:
		schema = append(schema, Member{"minimum", *s.minimum}, Member{"maximum", *s.maximum})
	}
	return schema
}

func (w *schemaWriter) reference(s *Shape) Ordered {
	if !w.seen[s.title] {
		w.seen[s.title] = true
		w.definitions = append(w.definitions, Member{definitionName(s.title), nil})
		at := len(w.definitions) - 1
		w.definitions[at].Value = w.object(s)
	}
	return Ordered{{"$ref", "#/$defs/" + definitionName(s.title)}}
}

func (w *schemaWriter) object(s *Shape) Ordered {
	var properties Ordered
	var required []string
	for _, f := range s.fields {
		schema := append(w.value(f.shape), Member{"description", f.doc})
		if f.fallback != nil && f.shape.Kind != "object" {
			schema = append(schema, Member{"default", f.fallback})
		}
		properties = append(properties, Member{f.key, schema})
		if f.required {
			required = append(required, f.key)
		}
	}
	schema := Ordered{{"type", "object"}, {"description", s.doc}, {"additionalProperties", false}, {"properties", properties}}
	if required != nil {
		schema = append(schema, Member{"required", required})
	}
	var rules []any
	for _, r := range s.rules {
		rules = append(rules, r.Schema())
	}
	if rules != nil {
		schema = append(schema, Member{"allOf", rules})
	}
	return schema
}

// definitionName makes a name of a title.
func definitionName(title string) string {
	name := []byte(title)
	for i, c := range name {
		if !isLetterOrDigit(c) {
			name[i] = '_'
		}
	}
	return string(bytes.Trim(name, "_"))
}
