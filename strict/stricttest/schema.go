package stricttest

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

// The verdicts of a Schema.
const (
	Accepts    = "accepts"
	Refuses    = "refuses"
	CannotTell = "cannot tell" // what is not even YAML, or has keys that JSON has not
)

// Schema is a JSON Schema as an editor uses it.
type Schema struct{ compiled *jsonschema.Schema }

// Compile compiles the JSON Schema whose text a function makes. If it cannot,
// the test ends.
func Compile(t testing.TB, schema func() ([]byte, error)) *Schema {
	t.Helper()
	text, err := schema()
	if err != nil {
		t.Fatalf("make the schema: %v", err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatalf("read the schema: %v", err)
	}
	const name = "schema.json"
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, document); err != nil {
		t.Fatalf("add the schema: %v", err)
	}
	compiled, err := compiler.Compile(name)
	if err != nil {
		t.Fatalf("compile the schema: %v", err)
	}
	return &Schema{compiled}
}

// Verdict is what an editor says of a YAML text: Accepts, Refuses or
// CannotTell.
func (s *Schema) Verdict(text []byte) string {
	var value any
	if err := yaml.Unmarshal(text, &value); err != nil {
		return CannotTell
	}
	asJSON, err := json.Marshal(value)
	if err != nil {
		return CannotTell
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil || s.compiled.Validate(plain) != nil {
		return Refuses
	}
	return Accepts
}
