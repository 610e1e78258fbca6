package authz

import "strings"

// Challenge is the WWW-Authenticate value that a refused caller reads
// (RFC 6750 section 3, RFC 9110 section 11.2). Empty attributes are left out.
type Challenge struct {
	Realm            string
	Error            string
	Description      string
	Scope            string
	ResourceMetadata string // URL of the RFC 9728 document
}

// invalidTokenText is one text for all that is wrong with a token: which it
// was stays with the log.
const invalidTokenText = "The access token is unknown, malformed, expired or revoked"

// Challenge returns what a caller refused by this Decision reads; ok is false
// where a token would change nothing, so that none is asked for.
//
// Without a token the challenge is bare: RFC 6750 section 3.1 wants no error
// information for a caller that did not try.
func (d *Decision) Challenge(realm, resourceMetadata string) (c Challenge, ok bool) {
	c = Challenge{Realm: realm, ResourceMetadata: resourceMetadata}
	switch {
	case d.Reason == ReasonNoToken:
		return c, true
	case d.Reason == ReasonInvalidRequest:
		c.Error, c.Description = "invalid_request", "Exactly one Authorization field with one bearer token is needed"
		return c, true
	case d.Reason == ReasonInsufficientScope:
		c.Error, c.Description = "insufficient_scope", "The access token lacks a scope"
		if d.Requirement != nil {
			c.Scope = d.Requirement.NeededScopes()
		}
		return c, true
	case d.Reason.PublicError() == "invalid_token":
		c.Error, c.Description = "invalid_token", invalidTokenText
		return c, true
	}
	return Challenge{}, false
}

// String returns the field value. Each attribute stands at most once, as a
// quoted-string (RFC 6750 section 3), and nothing in it can end its quotes.
func (c Challenge) String() string {
	var b strings.Builder
	b.WriteString("Bearer realm=")
	quote(&b, c.Realm)
	for _, a := range [...]struct{ name, value string }{
		{"error", c.Error},
		{"error_description", c.Description},
		{"scope", c.Scope},
		{"resource_metadata", c.ResourceMetadata},
	} {
		if a.value != "" {
			b.WriteString(", ")
			b.WriteString(a.name)
			b.WriteByte('=')
			quote(&b, plain(a.value))
		}
	}
	return b.String()
}

// quote writes a quoted-string (RFC 9110 section 5.6.4) of printable ASCII.
func quote(b *strings.Builder, s string) {
	b.WriteByte('"')
	for i := range len(s) {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c >= 0x20 && c < 0x7f:
			b.WriteByte(c)
		default:
			b.WriteByte('?')
		}
	}
	b.WriteByte('"')
}

// plain replaces what RFC 6750 section 3 keeps out of its attributes even
// where it is escaped: quotes and backslashes.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' {
			return '\''
		}
		return r
	}, s)
}
