//go:build linux

package main

import (
	"strings"
	"testing"
)

// The short form of what is measured with many live tokens: the figures are
// judged by who reads them, the answers are judged here.
func TestManyTokensAreWeighedAndRevoked(t *testing.T) {
	t.Parallel()
	s := &stage{dir: t.TempDir(), options: options{tokens: 3000}}
	var err error
	if s.binary, err = built(); err != nil {
		t.Fatal(err)
	}
	at, stopBackend, err := s.filled(t.Context(), "many", filling{tokens: s.tokens, clients: manyClients})
	if err != nil {
		t.Fatal(err)
	}
	defer stopBackend()
	texts, err := at.texts()
	if err != nil || len(texts) != s.tokens {
		t.Fatalf("%d tokens were written down, %v", len(texts), err)
	}
	row, err := s.weigh(t.Context(), at, texts)
	if err != nil || len(row) != len(weightColumns) || row[0] != "3000" || row[3] != "0 of 3000" {
		t.Errorf("weighed: %q, %v", row, err)
	}
	if err := s.revocations(t.Context(), at, texts); err != nil {
		t.Error(err)
	}
	var out strings.Builder
	if err := s.report.Text(&out); err != nil || !strings.Contains(out.String(), "with 300 tokens") {
		t.Errorf("the report is %q, %v", out.String(), err)
	}
}
