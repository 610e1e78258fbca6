package main

import (
	"bytes"
	"os"
	"testing"
)

func TestTheDemosRoutesAreThoseOfTheRepository(t *testing.T) {
	want, err := os.ReadFile("../../routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, demoRoutes) {
		t.Error("demo.yaml is not routes.yaml: cp routes.yaml cmd/scopegate/demo.yaml")
	}
}
