package config

import (
	"bytes"
	"encoding/json"
)

// Schema returns the JSON Schema (draft 2020-12) of routes.yaml for editors. It
// accepts whatever Load accepts, and refuses what can be seen without looking
// at other values, the environment or the order of things.
func Schema() ([]byte, error) {
	s := &schemaWriter{seen: make(map[string]bool)}
	root := s.object(configObject.describe())
	document := ordered{
		{"$schema", "https://json-schema.org/draft/2020-12/schema"},
		{"$id", "https://scopegate.invalid/routes.schema.json"},
	}
	document = append(append(document, root...), member{"$defs", s.definitions})
	plain, err := plainJSON(document)
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
	definitions ordered
	seen        map[string]bool
}

func (w *schemaWriter) value(s *shape) ordered {
	schema := ordered{{"type", s.kind}}
	switch {
	case s.kind == "object" && s.title != "":
		return w.reference(s)
	case s.kind == "object":
		schema = append(schema, member{"minProperties", 1},
			member{"propertyNames", w.value(s.names)}, member{"additionalProperties", w.value(s.items)})
	case s.kind == "array":
		schema = append(schema, member{"minItems", 1}, member{"items", w.value(s.items)})
		if s.unique {
			schema = append(schema, member{"uniqueItems", true})
		}
	case s.kind == "string" && s.words != nil:
		schema = append(schema, member{"enum", s.words})
	case s.kind == "string":
		if s.pattern != "" {
			schema = append(schema, member{"pattern", s.pattern})
		}
		if s.longest > 0 {
			schema = append(schema, member{"maxLength", s.longest})
		}
	case s.minimum != nil:
		schema = append(schema, member{"minimum", *s.minimum}, member{"maximum", *s.maximum})
	}
	return schema
}

func (w *schemaWriter) reference(s *shape) ordered {
	if !w.seen[s.title] {
		w.seen[s.title] = true
		w.definitions = append(w.definitions, member{definitionName(s.title), nil})
		at := len(w.definitions) - 1
		w.definitions[at].value = w.object(s)
	}
	return ordered{{"$ref", "#/$defs/" + definitionName(s.title)}}
}

func (w *schemaWriter) object(s *shape) ordered {
	var properties ordered
	var required []string
	for _, f := range s.fields {
		schema := append(w.value(f.shape), member{"description", f.doc})
		if f.fallback != nil && f.shape.kind != "object" {
			schema = append(schema, member{"default", f.fallback})
		}
		properties = append(properties, member{f.key, schema})
		if f.required {
			required = append(required, f.key)
		}
	}
	schema := ordered{{"type", "object"}, {"description", s.doc}, {"additionalProperties", false}, {"properties", properties}}
	if required != nil {
		schema = append(schema, member{"required", required})
	}
	var rules []any
	for _, r := range s.rules {
		rules = append(rules, r.schema())
	}
	if rules != nil {
		schema = append(schema, member{"allOf", rules})
	}
	return schema
}

// definitionName makes a name of a title.
func definitionName(title string) string {
	name := []byte(title)
	for i, c := range name {
		if !isAlphanumeric(c) {
			name[i] = '_'
		}
	}
	return string(bytes.Trim(name, "_"))
}
