package config

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"scopegate/strict"
)

// HeaderRules change the header of a request or an answer: what is removed,
// then what is set, then what is added.
type HeaderRules struct {
	Set    []Header
	Add    []Header // stand beside what the message has under that name already
	Remove []string
}

// Header is a field that is set or added.
type Header struct {
	Name  string
	Value Value
}

// headerName is the name of a field that routes.yaml may change.
var headerName = strict.Word(strict.Scalar[string]{
	Want:    "a header name (RFC 9110 5.1)",
	Pattern: regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$"),
	Parse: func(text string) (string, error) {
		if why := reserved(text); why != "" {
			return "", fmt.Errorf("%s %s", text, why)
		}
		return text, nil
	},
})

// fold returns a name as PHP, CGI, WSGI and servlet containers read it: what is
// not a letter or digit is a dash, case does not count, and no dashes around it
// make it another name.
func fold(name string) string {
	return strings.Trim(strings.Map(func(c rune) rune {
		if c < 0x80 && isAlphanumeric(byte(c)) {
			return c
		}
		return '-'
	}, strings.ToLower(name)), "-")
}

func isAlphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// hopByHop are the fields of one connection (RFC 9110 section 7.6.1) and of
// message framing (RFC 9112 section 6).
var hopByHop = []string{
	"connection", "content-length", "expect", "host", "http2-settings", "keep-alive",
	"proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
	"transfer-encoding", "upgrade",
}

// ours are the fields whose value scopegate alone knows.
var ours = []string{
	"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-principal",
	"x-request-id", "x-scopegate-error",
}

// reserved says why a field can neither be set, added nor removed, in any
// spelling; empty if it can.
func reserved(name string) string {
	folded := fold(name)
	switch {
	case strings.HasPrefix(folded, "x-principal-"):
		return "is a principal header, which only scopegate sets"
	case slices.Contains(hopByHop, folded):
		return "belongs to the connection and cannot be set, added or removed"
	case slices.Contains(ours, folded):
		return "is written by scopegate and cannot be set, added or removed"
	}
	return ""
}

var headersKind = strict.Table[Value, Header]{
	Name:  headerName,
	Value: valueKind{},
	Join:  func(name string, v Value) Header { return Header{name, v} },
	Split: func(h Header) (string, Value) { return h.Name, h.Value },
	Fold:  fold,
}

// principalHeadersKind is a table of headers that say who is calling.
var principalHeadersKind = strict.Checked[[]Header]{Kind: headersKind, Check: func(r *strict.Reader, headers []Header, path string) {
	for _, h := range headers {
		if h.Value.parts != nil && !h.Value.NamesPrincipal() {
			r.ProblemAt(strict.Join(path, h.Name), "says nothing of the principal; request_headers.set is for other values")
		}
	}
}}
