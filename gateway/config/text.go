package config

import (
	"fmt"
	"io"
	"log/slog"
)

// redacted stands wherever a text would be printed that came from outside the
// file.
const redacted = "[redacted]"

// Text is a text of routes.yaml that may hold what came from the environment
// or from a file. Such a text prints [redacted] in every fmt verb, in JSON,
// YAML and slog; only Reveal tells it.
type Text struct {
	value  *string // a pointer, so that not even a struct that hides its Text prints it
	hidden bool
}

func newText(value string, hidden bool) Text { return Text{&value, hidden} }

// Reveal returns the text itself.
func (t Text) Reveal() string {
	if t.value == nil {
		return ""
	}
	return *t.value
}

// Hidden reports whether the text held ${...} and so prints [redacted].
func (t Text) Hidden() bool { return t.hidden }

// String implements fmt.Stringer.
func (t Text) String() string {
	if t.hidden {
		return redacted
	}
	return t.Reveal()
}

// Format implements fmt.Formatter, for all verbs.
func (t Text) Format(f fmt.State, verb rune) {
	if verb == 'q' {
		fmt.Fprintf(f, "%q", t.String())
		return
	}
	_, _ = io.WriteString(f, t.String()) // a fmt.State keeps no error
}

// MarshalText implements encoding.TextMarshaler, for JSON and YAML.
func (t Text) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// LogValue implements slog.LogValuer.
func (t Text) LogValue() slog.Value { return slog.StringValue(t.String()) }
