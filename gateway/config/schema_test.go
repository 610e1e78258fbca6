package config_test

import (
	"os"
	"testing"

	"scopegate/gateway/config"
	"scopegate/strict/stricttest"
)

func TestSchemaInDocsIsMadeFromTheTables(t *testing.T) {
	schema, err := config.Schema()
	if err != nil {
		t.Fatal(err)
	}
	stricttest.Golden(t, "../../docs/routes.schema.json", string(schema), *update)
}

func TestReferenceInDocsIsMadeFromTheTables(t *testing.T) {
	stricttest.Golden(t, "../../docs/configuration.md", config.Reference(), *update)
}

func TestSchemaAcceptsTheExamples(t *testing.T) {
	schema := stricttest.Compile(t, config.Schema)
	for _, path := range examples(t) {
		if got := schema.Verdict(read(t, path)); got != stricttest.Accepts {
			t.Errorf("%s: schema %s", path, got)
		}
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
