package config_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"scopegate/gateway/config"
)

func TestSchemaInDocsIsMadeFromTheTables(t *testing.T) {
	schema, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../docs/routes.schema.json", string(schema))
}

func TestReferenceInDocsIsMadeFromTheTables(t *testing.T) {
	golden(t, "../../docs/configuration.md", config.Reference())
}

func TestSchemaAcceptsTheExamples(t *testing.T) {
	schema := compiledSchema(t)
	for _, path := range examples(t) {
		if got := verdict(schema, read(t, path)); got != "accepts" {
			t.Errorf("%s: schema %s", path, got)
		}
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(string(read(t, path)), got); diff != "" {
		t.Errorf("%s is old; run this test with -update (-old +new):\n%s", filepath.Base(path), diff)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func compiledSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	text, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("routes.schema.json", document); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("routes.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// verdict is what an editor says: "accepts", "refuses", or "cannot tell" of
// what is not even YAML or has keys that JSON has not.
func verdict(schema *jsonschema.Schema, routes []byte) string {
	var value any
	if err := yaml.Unmarshal(routes, &value); err != nil {
		return "cannot tell"
	}
	text, err := json.Marshal(value)
	if err != nil {
		return "cannot tell"
	}
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil || schema.Validate(plain) != nil {
		return "refuses"
	}
	return "accepts"
}
