package config

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"scopegate/strict"
)

// Placeholder is a run-time value that a header value may hold in braces.
type Placeholder string

// All placeholders there are.
const (
	PrincipalClientID  Placeholder = "principal.client_id"
	PrincipalGrantType Placeholder = "principal.grant_type"
	PrincipalScopes    Placeholder = "principal.scopes"
	PrincipalTokenID   Placeholder = "principal.token_id"
	PrincipalOwnerType Placeholder = "principal.owner_type"
	PrincipalOwnerID   Placeholder = "principal.owner_id"
	RequestID          Placeholder = "request.id"
)

var placeholders = []Placeholder{
	PrincipalClientID, PrincipalGrantType, PrincipalScopes, PrincipalTokenID,
	PrincipalOwnerType, PrincipalOwnerID, RequestID,
}

func (p Placeholder) ofPrincipal() bool { return strings.HasPrefix(string(p), "principal.") }

// Value is a header value: fixed text and placeholders. One that held ${...}
// prints [redacted], like Text.
type Value struct {
	parts   []Part
	written Text // as in the file; hidden if it held ${...}
}

// Part is a piece of a Value: a Placeholder or, if that is empty, a Text.
type Part struct {
	Placeholder Placeholder
	Text        Text
}

// Parts returns the pieces in order. What a Text reveals is literal: braces in
// it are just braces.
func (v Value) Parts() []Part { return slices.Clone(v.parts) }

// Equal reports whether both come to the same value for every request.
func (v Value) Equal(o Value) bool {
	return slices.EqualFunc(v.parts, o.parts, func(a, b Part) bool {
		return a.Placeholder == b.Placeholder && a.Text.Reveal() == b.Text.Reveal()
	})
}

// String returns the value as written, or [redacted].
func (v Value) String() string { return v.written.String() }

// Format implements fmt.Formatter, for all verbs.
func (v Value) Format(f fmt.State, verb rune) { v.written.Format(f, verb) }

// MarshalText implements encoding.TextMarshaler, for JSON and YAML.
func (v Value) MarshalText() ([]byte, error) { return v.written.MarshalText() }

// LogValue implements slog.LogValuer.
func (v Value) LogValue() slog.Value { return v.written.LogValue() }

// NamesPrincipal reports whether the value says who is calling: it has no value
// where nobody is known.
func (v Value) NamesPrincipal() bool {
	return slices.ContainsFunc(v.parts, func(p Part) bool { return p.Placeholder.ofPrincipal() })
}

// valueKind is a header value (RFC 9110 section 5.5).
type valueKind struct{}

func (valueKind) Read(r *strict.Reader, n *yaml.Node, path string) (Value, bool) {
	n, ok := r.Enter(n, path)
	if !ok {
		return Value{}, false
	}
	text, ok := r.Text(n, path, "a header value", func(string) bool { return true })
	if !ok {
		return Value{}, false
	}
	v, errs := expandValue(r.Env, text)
	for _, err := range errs {
		r.Problem(n, path, "%s", err)
	}
	return v, len(errs) == 0
}

// expandValue expands a header value and finds its placeholders.
func expandValue(e Environment, text string) (v Value, errs []error) {
	pieces, err := cutPieces(text, true)
	if err != nil {
		return Value{}, []error{err}
	}
	v.written = newText(text, strings.Contains(text, "${"))
	var whole strings.Builder
	for _, p := range pieces {
		part := Part{Text: newText(p.text, false)}
		switch p.what {
		case variablePiece:
			expanded, err := expand(e, p.text)
			if err != nil {
				errs = append(errs, err)
			}
			part.Text = newText(expanded, true)
		case placeholderPiece:
			part = Part{Placeholder: Placeholder(p.text)}
			if !slices.Contains(placeholders, part.Placeholder) {
				errs = append(errs, unknownPlaceholder(p.text))
			}
		}
		whole.WriteString(part.Text.Reveal())
		if part.Placeholder != "" {
			whole.WriteByte('x')
		}
		v.parts = append(v.parts, part)
	}
	if len(errs) == 0 {
		errs = checkValue(whole.String())
	}
	return v, errs
}

func unknownPlaceholder(name string) error {
	known := make([]string, len(placeholders))
	for i, p := range placeholders {
		known[i] = "{" + string(p) + "}"
	}
	hint := strict.DidYouMean("{"+name+"}", known)
	if hint == "" {
		hint = "; known: " + strings.Join(known, ", ")
	}
	return fmt.Errorf("unknown placeholder {%.60s}%s", name, hint)
}

func checkValue(text string) []error {
	if err := checkExpanded(text); err != nil {
		return []error{err}
	}
	switch {
	case text == "":
		return []error{errors.New("the value is empty; remove takes a header away")}
	case strings.Trim(text, " ") != text:
		return []error{errors.New("the value begins or ends with a space, which does not travel (RFC 9110 5.5)")}
	}
	return nil
}

func (valueKind) Show(v Value) (any, bool) { return v.String(), v.parts != nil }

func (valueKind) Describe() *strict.Shape {
	return &strict.Shape{Kind: "string", Word: "header value, `${VAR}`, `${file:PATH}` and `{placeholder}` expanded"}
}
