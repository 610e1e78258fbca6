package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
)

func TestExamplesValidateAsTheyStand(t *testing.T) {
	files, err := filepath.Glob("../../examples/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range append(files, "../../routes.yaml") {
		if filepath.Base(file) == "clients.yaml" {
			continue // is no routes file; it is applied by another test
		}
		var stderr bytes.Buffer
		w := world{strings.NewReader(""), io.Discard, &stderr, func(name string) (string, bool) { return "Z2F0ZXdheTpzZWNyZXQ=", name == "LEGACY_BASIC" }}
		if code := run(context.Background(), []string{"validate", file}, w); code != exitOK {
			t.Errorf("%s: exit %d\n%s", file, code, &stderr)
		}
	}
}
