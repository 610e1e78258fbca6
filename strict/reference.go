package strict

import (
	"fmt"
	"strings"
)

// Reference returns the sections of a reference in Markdown: a table of keys
// for the root and for each object below it.
func Reference(root *Shape) string {
	w := &referenceWriter{seen: make(map[string]bool)}
	w.section(root)
	return w.String()
}

type referenceWriter struct {
	strings.Builder
	seen map[string]bool
}

// section writes an object and then those below it, each once.
func (w *referenceWriter) section(s *Shape) {
	if w.seen[s.title] {
		return
	}
	w.seen[s.title] = true
	fmt.Fprintf(w, "## %s\n\n%s\n\n| key | value | default | meaning |\n|---|---|---|---|\n", s.title, s.doc)
	for _, f := range s.fields {
		fmt.Fprintf(w, "| `%s` | %s | %s | %s |\n", f.key, escapeCell(f.shape.accepts()), escapeCell(f.absent()), escapeCell(f.doc))
	}
	w.WriteByte('\n')
	for _, f := range s.fields {
		if inner := f.shape.innermost(); inner.title != "" {
			w.section(inner)
		}
	}
}

// innermost returns what a list or a table of names holds in the end.
func (s *Shape) innermost() *Shape {
	for s.items != nil {
		s = s.items
	}
	return s
}

// accepts says what is accepted.
func (s *Shape) accepts() string {
	switch {
	case s.words != nil:
		return "`" + strings.Join(s.words, "`, `") + "`"
	case s.Kind == "array":
		return "list of: " + s.items.accepts()
	case s.names != nil:
		return "mapping of names to: " + s.items.accepts()
	case s.title != "":
		return "mapping, see [" + s.title + "](#" + anchor(s.title) + ")"
	}
	return s.Word
}

// absent says what it means that a key is not written.
func (f *fieldShape) absent() string {
	switch {
	case f.required:
		return "required"
	case f.otherwise != "":
		return f.otherwise
	case f.fallback == nil || f.shape.Kind == "object":
		return ""
	}
	if list, ok := f.fallback.([]any); ok {
		return "`" + strings.Trim(fmt.Sprint(list), "[]") + "`"
	}
	return fmt.Sprintf("`%v`", f.fallback)
}

// anchor is the fragment that renderers of Markdown give a heading.
func anchor(title string) string {
	var b strings.Builder
	for _, c := range strings.ToLower(title) {
		switch {
		case c == ' ':
			b.WriteByte('-')
		case c == '-' || c == '_' || c < 0x80 && isLetterOrDigit(byte(c)):
			b.WriteRune(c)
		}
	}
	return b.String()
}

func escapeCell(text string) string { return strings.ReplaceAll(text, "|", `\|`) }
