package route

import "strings"

// The paths of the authorization server. They always win, and what is not an
// endpoint there is 404: it is never forwarded, not even by a root "/*".
const (
	reservedTree = "/oauth/"
	// reservedWellKnown is a prefix of a segment, not a tree: RFC 8414 and
	// RFC 9728 append a resource's path to names that begin with it.
	reservedWellKnown = "/.well-known/oauth-"
)

// Reserved reports whether a route with this pattern must be refused: its
// literal beginning lies among the authorization server's paths, so that it
// could only match what never reaches it. A pattern that merely covers them,
// like "/*", is not reserved; it does not get these paths.
func Reserved(p Pattern) bool {
	literal := ""
	for _, s := range p.segments {
		if s.name != "" {
			return isReserved(literal + "/")
		}
		literal += "/" + s.literal
	}
	if p.rest {
		literal += "/"
	}
	return isReserved(literal)
}

// IsReservedPath reports whether a path as received, without query, belongs to
// the authorization server in its one reading, however it is spelled:
// "/%6fauth/token" does, and so does "/oauth%2ftoken". A path without a single
// reading belongs to nobody; Canonical refuses it.
func IsReservedPath(raw string) bool {
	// Only these beginnings can decode to a reserved path; all others need no
	// second reading.
	if len(raw) < 2 || raw[0] != '/' || raw[1] != 'o' && raw[1] != '.' && raw[1] != '%' {
		return false
	}
	path, err := Canonical(raw)
	return err == nil && path.Reserved()
}

// Reserved reports whether the path belongs to the authorization server.
func (p *Path) Reserved() bool {
	if !p.HasEncodedSlash {
		return isReserved(p.text)
	}
	return isReserved(p.split())
}

func isReserved(text string) bool {
	return strings.HasPrefix(text, reservedTree) || strings.HasPrefix(text, reservedWellKnown)
}
