package config

import (
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"scopegate/strict"
)

// maxExpanded is the longest a value may become, in bytes: a few of them must
// fit into the header section that a backend accepts.
const maxExpanded = 8 << 10

var variable = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)(:-(.*))?$`)

// expand returns what the inside of ${...} stands for. Its errors never hold a
// value, only names.
func expand(e Environment, inside string) (string, error) {
	if name, ok := strings.CutPrefix(inside, "file:"); ok {
		return fileContent(e, name)
	}
	m := variable.FindStringSubmatch(inside)
	if m == nil {
		return "", fmt.Errorf("${%.60s} is none of ${NAME}, ${NAME:-default} and ${file:PATH}", inside)
	}
	value, set := "", false
	if e.LookupEnv != nil {
		value, set = e.LookupEnv(m[1])
	}
	switch {
	case m[2] != "" && (!set || value == ""):
		return m[3], nil // as in a shell: unset or empty
	case !set:
		return "", unsetError(m[1])
	}
	return value, nil
}

// unsetError names an environment variable that is not set.
type unsetError string

func (name unsetError) Error() string {
	return fmt.Sprintf("the environment variable %s is not set; ${%s:-default} gives a default", string(name), string(name))
}

func fileContent(e Environment, name string) (string, error) {
	if name == "" || e.ReadFile == nil {
		return "", fmt.Errorf("the file %q cannot be read here", name)
	}
	content, err := e.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("the file %q cannot be read: %w", name, err)
	}
	text := strings.TrimSuffix(string(content), "\n")
	return strings.TrimSuffix(text, "\r"), nil
}

// expandable is a text in which ${...} is expanded. want completes "want ...".
type expandable[V any] struct {
	want string
	// looks is what an editor can check: texts with ${...} match it too.
	looks string
	// parse reads the expanded text; hidden tells that it held ${...}, so that
	// the error must not repeat it.
	parse func(text string, hidden bool) (V, error)
	text  func(v V) Text // the way back
}

func (k expandable[V]) Read(r *strict.Reader, n *yaml.Node, path string) (V, bool) {
	var none V
	n, ok := r.Enter(n, path)
	if !ok {
		return none, false
	}
	text, ok := r.Text(n, path, k.want, func(string) bool { return false }) // no number is a URL
	if !ok {
		return none, false
	}
	pieces, err := cutPieces(text, false)
	var b strings.Builder
	for _, p := range pieces {
		if err == nil && p.what == variablePiece {
			p.text, err = expandInURL(r, p.text)
		}
		b.WriteString(p.text)
	}
	if err == nil {
		err = checkExpanded(b.String())
	}
	var v V
	if err == nil {
		v, err = k.parse(b.String(), strings.Contains(text, "${"))
	}
	if err != nil {
		r.Problem(n, path, "%s", err)
		return none, false
	}
	return v, true
}

func expandInURL(r *strict.Reader, inside string) (string, error) {
	if strings.HasPrefix(inside, "file:") {
		return "", fmt.Errorf("${file:...} is read in header values and secrets only")
	}
	return expand(r.Env, inside)
}

func (k expandable[V]) Show(v V) (any, bool) {
	text := k.text(v)
	return text.String(), text.Reveal() != ""
}

func (k expandable[V]) Describe() *strict.Shape {
	return &strict.Shape{Kind: "string", Word: k.want + ", `${VAR}` expanded", Pattern: k.looks}
}

func checkExpanded(text string) error {
	if len(text) > maxExpanded {
		return fmt.Errorf("the value is longer than %d bytes", maxExpanded)
	}
	if c, found := strict.ControlCharacter(text); found {
		return fmt.Errorf("the value holds the control character %U", c)
	}
	return nil
}

// piece is a part of a text: literal, the inside of ${...}, or the inside of
// {...}.
type piece struct {
	what pieceKind
	text string
}

type pieceKind uint8

const (
	literalPiece pieceKind = iota
	variablePiece
	placeholderPiece
)

// cutPieces takes a text apart, once: what a variable expands to is never
// looked into.
func cutPieces(text string, placeholders bool) ([]piece, error) {
	var pieces []piece
	for text != "" {
		open, what := strings.Index(text, "${"), variablePiece
		start := open + len("${")
		if brace := strings.IndexByte(text, '{'); placeholders && brace >= 0 && (open < 0 || brace < open) {
			open, start, what = brace, brace+1, placeholderPiece
		}
		if open < 0 {
			return append(pieces, piece{literalPiece, text}), nil
		}
		if open > 0 {
			pieces = append(pieces, piece{literalPiece, text[:open]})
		}
		end := strings.IndexByte(text[start:], '}')
		if end < 0 {
			return nil, fmt.Errorf("%q has no closing brace", text[open:start])
		}
		pieces = append(pieces, piece{what, text[start : start+end]})
		text = text[start+end+1:]
	}
	return pieces, nil
}
