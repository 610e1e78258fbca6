package config

import (
	"slices"
	"strings"

	"scopegate/strict"
)

// Endpoint is one address of an upstream.
type Endpoint struct {
	URL    Text   // as written, expanded
	Scheme string // http, https or unix

	address, authority Text
}

// Address returns host:port, or the path of a Unix socket.
func (e Endpoint) Address() Text { return e.address }

// Authority returns the Host that the endpoint expects; "localhost" at a Unix
// socket.
func (e Endpoint) Authority() Text { return e.authority }

var endpointObject = strict.Object[Endpoint]{
	Title: "endpoint",
	Doc:   "One address of an upstream.",
	Fields: []strict.Field[Endpoint]{
		strict.Key("url", expandable[Endpoint]{
			want: "a URL such as http://127.0.0.1:9001", looks: `\$\{|^[A-Za-z]+://[^/?#@\\ ]+$|^unix:/[^/]`,
			parse: parseEndpoint,
			text:  func(e Endpoint) Text { return e.URL },
		}, func(e *Endpoint) *Endpoint { return e },
			"`http://HOST[:PORT]`, `https://HOST[:PORT]` or `unix:/PATH`, without path, query, fragment and user information.").Required(),
	},
}

func parseEndpoint(text string, hidden bool) (Endpoint, error) {
	e := Endpoint{URL: newText(text, hidden)}
	if path, ok := strings.CutPrefix(text, "unix:"); ok {
		if !isSocketPath(path) {
			return Endpoint{}, errSocket
		}
		e.Scheme, e.address, e.authority = "unix", newText(path, hidden), newText("localhost", false)
		return e, nil
	}
	u, err := splitURL(text)
	switch {
	case err != nil:
		return Endpoint{}, err
	case u.scheme != "http" && u.scheme != "https":
		return Endpoint{}, errScheme("http, https or unix")
	case u.path == "/":
		return Endpoint{}, errFinalSlash
	case u.path != "":
		return Endpoint{}, errPath
	}
	e.Scheme, e.address, e.authority = u.scheme, newText(u.address(), hidden), newText(u.authority(), hidden)
	return e, nil
}

// isSocketPath accepts what fits sun_path on every system that has it.
func isSocketPath(path string) bool {
	parts := strings.Split(path, "/")
	return len(path) <= 100 && len(parts) > 1 && parts[0] == "" &&
		!slices.ContainsFunc(parts[1:], func(p string) bool { return p == "" || p == "." || p == ".." })
}
