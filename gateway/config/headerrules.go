package config

import (
	"slices"

	"scopegate/strict"
)

// single are fields that hold one value: a second line of the same name makes
// the message one that readers take differently (RFC 9110 section 5.3, for
// Cookie RFC 6265 section 5.4).
var single = []string{
	"age", "authorization", "content-disposition", "content-location", "content-range", "content-type", "cookie",
	"date", "etag", "expires", "from", "if-modified-since", "if-range", "if-unmodified-since", "last-modified",
	"location", "max-forwards", "origin", "referer", "retry-after", "server", "user-agent",
}

// addedHeadersKind is a table of headers that stand beside others of the name.
var addedHeadersKind = strict.Checked[[]Header]{Kind: headersKind, Check: func(r *strict.Reader, headers []Header, path string) {
	for _, h := range headers {
		if slices.Contains(single, fold(h.Name)) {
			r.ProblemAt(strict.Join(path, h.Name), "%s holds one value (RFC 9110 5.3); set replaces it", h.Name)
		}
	}
}}

var headerRulesObject = strict.Object[HeaderRules]{
	Title: "headers",
	Doc:   "What is changed in the header of a request or of an answer. Principal headers, hop-by-hop headers and those that scopegate writes itself can neither be set, added nor removed, in no spelling that folds to theirs.",
	Fields: []strict.Field[HeaderRules]{
		strict.Key("set", headersKind, func(h *HeaderRules) *[]Header { return &h.Set },
			"Headers to set; whatever has a name that folds to theirs is replaced.").Or("nothing"),
		strict.Key("add", addedHeadersKind, func(h *HeaderRules) *[]Header { return &h.Add },
			"Headers to add, each as a line of its own after what the message has under that name: the caller's or the backend's, and what is `set`. Other spellings that fold to the name are removed, and in a request so is the caller's own if the value says who is calling. Not for headers that hold one value.").Or("nothing"),
		strict.Key("remove", strict.List[string]{Of: headerName, Same: fold}, func(h *HeaderRules) *[]string { return &h.Remove },
			"Headers to remove, with all whose names fold to theirs.").Or("nothing"),
	},
	Check: func(r *strict.Reader, h *HeaderRules, path string) {
		for i, name := range h.Remove {
			at := strict.Item(strict.Join(path, "remove"), i)
			switch {
			case name == "":
			case namesFolded(h.Set, name):
				r.ProblemAt(at, "%s is also set", name)
			case namesFolded(h.Add, name):
				r.ProblemAt(at, "%s is also added; set replaces what is there", name)
			}
		}
	},
}

// each calls f with every header that is set or added and the key it stands in.
func (h *HeaderRules) each(f func(key string, h Header)) {
	for _, set := range h.Set {
		f("set", set)
	}
	for _, added := range h.Add {
		f("add", added)
	}
}

// keepOff reports rules that speak of the principal's headers.
func (h *HeaderRules) keepOff(r *strict.Reader, principal []Header, path, whose string) {
	h.each(func(key string, h Header) {
		if h.Name != "" && namesFolded(principal, h.Name) {
			r.ProblemAt(strict.Join(strict.Join(path, key), h.Name), "%s is one of %sprincipal_headers", h.Name, whose)
		}
	})
	for i, name := range h.Remove {
		if name != "" && namesFolded(principal, name) {
			r.ProblemAt(strict.Item(strict.Join(path, "remove"), i), "%s is one of %sprincipal_headers", name, whose)
		}
	}
}

func namesFolded(headers []Header, name string) bool {
	return slices.ContainsFunc(headers, func(h Header) bool { return fold(h.Name) == fold(name) })
}
