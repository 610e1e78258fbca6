package gateway

import "scopegate/gateway/config"

// template is a configured header value with its fixed texts revealed.
type template struct{ parts []templatePart }

type templatePart struct {
	what config.Placeholder // empty: text
	text string
}

func newTemplate(v config.Value) (t template) {
	for _, p := range v.Parts() {
		if p.Placeholder != "" {
			t.parts = append(t.parts, templatePart{what: p.Placeholder})
			continue
		}
		if last := len(t.parts) - 1; last >= 0 && t.parts[last].what == "" {
			t.parts[last].text += p.Text.Reveal()
			continue
		}
		t.parts = append(t.parts, templatePart{text: p.Text.Reveal()})
	}
	return t
}

// appendTo appends the value for one request. ok is false where a placeholder
// has no value there, as those of the principal on a public route: a header
// that says half of something is not sent.
func (t *template) appendTo(b []byte, p *passage) (_ []byte, ok bool) {
	for i := range t.parts {
		part := &t.parts[i]
		if part.what == "" {
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

// fixed returns the value of a template without placeholders.
func (t *template) fixed() (string, bool) {
	if len(t.parts) == 1 && t.parts[0].what == "" {
		return t.parts[0].text, true
	}
	return "", false
}
