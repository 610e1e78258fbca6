package strict

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// Scalar is a value written as text.
type Scalar[V any] struct {
	Want    string         // completes "want ..." and "is not ..."
	Pattern *regexp.Regexp // what every such text matches; nil: any
	Words   []string       // all there are; nil: any
	Longest int            // in bytes; 0: 4096
	Lines   bool           // line breaks are allowed
	Hidden  bool           // problems do not repeat the text: somebody may have put a secret there
	Plain   bool           // "${" stands for itself; else it is refused, since nothing is expanded here
	// Parse reads a text that matches; its error says what is wrong with it.
	// Word sets it where it is nil.
	Parse func(text string) (V, error)
	// Print is the way back; empty for a value that is not set.
	Print func(v V) string
}

// Word returns the scalar whose value is its text.
func Word(k Scalar[string]) Scalar[string] {
	check := k.Parse
	k.Parse = func(text string) (string, error) {
		if check != nil {
			return check(text)
		}
		return text, nil
	}
	k.Print = func(v string) string { return v }
	return k
}

// Read implements Kind.
func (k Scalar[V]) Read(r *Reader, n *yaml.Node, path string) (V, bool) {
	var none V
	n, ok := r.Enter(n, path)
	if !ok {
		return none, false
	}
	text, ok := r.Text(n, path, k.accepted(), func(text string) bool {
		_, err := k.judge(text)
		return err == nil
	})
	if !ok {
		return none, false
	}
	v, err := k.judge(text)
	if err != nil {
		r.Problem(n, path, "%s", err)
		return none, false
	}
	return v, true
}

func (k Scalar[V]) accepted() string {
	if k.Words != nil {
		return "one of " + Quoted(k.Words)
	}
	return k.Want
}

// judge reads the text of a value or of a key.
func (k Scalar[V]) judge(text string) (V, error) {
	var none V
	if !k.Plain && strings.Contains(text, "${") {
		return none, fmt.Errorf("${...} is expanded in URLs, header values and secrets only")
	}
	if longest := k.maxLength(); len(text) > longest {
		return none, fmt.Errorf("is longer than %d bytes", longest)
	}
	checked := text
	if k.Lines {
		checked = strings.ReplaceAll(text, "\n", "")
	}
	if c, found := ControlCharacter(checked); found {
		return none, fmt.Errorf("holds the control character %U", c)
	}
	if k.Words != nil && !slices.Contains(k.Words, text) {
		hint := DidYouMean(text, k.Words)
		if hint == "" {
			hint = "; known: " + Quoted(k.Words)
		}
		return none, fmt.Errorf("unknown %s %.60q%s", k.Want, text, hint)
	}
	if k.Pattern != nil && !k.Pattern.MatchString(text) {
		if k.Hidden {
			return none, fmt.Errorf("is not %s", k.Want)
		}
		return none, fmt.Errorf("%.80q is not %s", text, k.Want)
	}
	return k.Parse(text)
}

func (k Scalar[V]) maxLength() int {
	if k.Longest == 0 {
		return 4096
	}
	return k.Longest
}

// Show implements Kind.
func (k Scalar[V]) Show(v V) (any, bool) {
	text := k.Print(v)
	return text, text != ""
}

// Describe implements Kind.
func (k Scalar[V]) Describe() *Shape {
	s := &Shape{Kind: "string", Word: k.Want, words: k.Words, longest: k.Longest}
	if k.Pattern != nil {
		s.Pattern = k.Pattern.String()
	}
	return s
}
