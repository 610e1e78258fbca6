package gateway

import (
	"fmt"
	"slices"
	"strings"
)

// placeholder is one of the run-time values that a configured header may hold.
type placeholder uint8

const (
	literalText placeholder = iota
	principalClientID
	principalGrantType
	principalScopes
	principalTokenID
	principalOwnerType
	principalOwnerID
	requestID
)

var placeholders = map[string]placeholder{
	"principal.client_id":  principalClientID,
	"principal.grant_type": principalGrantType,
	"principal.scopes":     principalScopes,
	"principal.token_id":   principalTokenID,
	"principal.owner_type": principalOwnerType,
	"principal.owner_id":   principalOwnerID,
	"request.id":           requestID,
}

// template is a configured header value, parsed once at load.
type template struct{ parts []templatePart }

type templatePart struct {
	what placeholder
	text string // of literalText
}

// parseTemplate reads "{name}" placeholders; anything else between braces is
// an error that names the known ones.
func parseTemplate(s string) (template, error) {
	var t template
	for s != "" {
		open := strings.IndexByte(s, '{')
		if open < 0 {
			t.parts = append(t.parts, templatePart{text: s})
			break
		}
		if open > 0 {
			t.parts = append(t.parts, templatePart{text: s[:open]})
		}
		name, rest, closed := strings.Cut(s[open+1:], "}")
		what, known := placeholders[name]
		if !closed || !known {
			return template{}, fmt.Errorf("unknown placeholder {%.60s}; known: %s", name, knownPlaceholders())
		}
		t.parts = append(t.parts, templatePart{what: what})
		s = rest
	}
	return t, nil
}

func knownPlaceholders() string {
	names := make([]string, 0, len(placeholders))
	for name := range placeholders {
		names = append(names, "{"+name+"}")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// appendTo appends the value for one request. ok is false where a placeholder
// has no value there, as those of the principal on a public route: a header
// that says half of something is not sent.
func (t *template) appendTo(b []byte, p *passage) (_ []byte, ok bool) {
	for i := range t.parts {
		part := &t.parts[i]
		if part.what == literalText {
			b = append(b, part.text...)
			continue
		}
		before := len(b)
		b = p.appendPlaceholder(b, part.what)
		if len(b) == before {
			return b, false
		}
	}
	return b, true
}

// static returns the value of a template without placeholders.
func (t *template) static() (string, bool) {
	switch {
	case len(t.parts) == 0:
		return "", true
	case len(t.parts) == 1 && t.parts[0].what == literalText:
		return t.parts[0].text, true
	}
	return "", false
}
