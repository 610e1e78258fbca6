package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// scalar is a value written as text.
type scalar[V any] struct {
	want    string         // completes "want ..." and "is not ..."
	pattern *regexp.Regexp // what every such text matches; nil: any
	words   []string       // all there are; nil: any
	longest int            // in bytes; 0: 4096
	lines   bool           // line breaks are allowed
	// parse reads a text that matches; its error says what is wrong with it. If
	// nil, V is string and the text is the value.
	parse func(text string) (V, error)
	// print is the way back; empty for a value that is not set.
	print func(v V) string
}

// word returns the scalar whose value is its text.
func word(k scalar[string]) scalar[string] {
	check := k.parse
	k.parse = func(text string) (string, error) {
		if check != nil {
			return check(text)
		}
		return text, nil
	}
	k.print = func(v string) string { return v }
	return k
}

func (k scalar[V]) read(r *reader, n *yaml.Node, path string) (V, bool) {
	var none V
	n, ok := r.enter(n, path)
	if !ok {
		return none, false
	}
	text, ok := r.text(n, path, k.accepted(), func(text string) bool {
		_, err := k.judge(text)
		return err == nil
	})
	if !ok {
		return none, false
	}
	v, err := k.judge(text)
	if err != nil {
		r.problem(n, path, "%s", err)
		return none, false
	}
	return v, true
}

func (k scalar[V]) accepted() string {
	if k.words != nil {
		return "one of " + quoted(k.words)
	}
	return k.want
}

// judge reads the text of a value or of a key.
func (k scalar[V]) judge(text string) (V, error) {
	var none V
	if strings.Contains(text, "${") {
		return none, fmt.Errorf("${...} is expanded in URLs and header values only")
	}
	if longest := k.maxLength(); len(text) > longest {
		return none, fmt.Errorf("is longer than %d bytes", longest)
	}
	checked := text
	if k.lines {
		checked = strings.ReplaceAll(text, "\n", "")
	}
	if c, found := controlCharacter(checked); found {
		return none, fmt.Errorf("holds the control character %U", c)
	}
	if k.words != nil && !slices.Contains(k.words, text) {
		hint := didYouMean(text, k.words)
		if hint == "" {
			hint = "; known: " + quoted(k.words)
		}
		return none, fmt.Errorf("unknown %s %.60q%s", k.want, text, hint)
	}
	if k.pattern != nil && !k.pattern.MatchString(text) {
		return none, fmt.Errorf("%.80q is not %s", text, k.want)
	}
	return k.parse(text)
}

func (k scalar[V]) maxLength() int {
	if k.longest == 0 {
		return 4096
	}
	return k.longest
}

func (k scalar[V]) show(v V) (any, bool) {
	text := k.print(v)
	return text, text != ""
}

func (k scalar[V]) describe() *shape {
	s := &shape{kind: "string", word: k.want, words: k.words, longest: k.longest}
	if k.pattern != nil {
		s.pattern = k.pattern.String()
	}
	return s
}
