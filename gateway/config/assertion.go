package config

import (
	"regexp"
	"time"

	"scopegate/authz/assertion"
	"scopegate/strict"
)

// Assertion asks for a signed statement of who is calling.
type Assertion struct {
	Audience string
	TTL      time.Duration // whole seconds, from 1s to assertion.MaxTTL
}

var assertionObject = strict.Object[Assertion]{
	Title: "principal_assertion",
	Doc:   "Says who is calling in `X-Principal-Assertion` too: a JSON Web Signature that the backend verifies by the keys of `/oauth/jwks.json`, good for this audience, for the request's method and path, and for a short time. Not sent on public routes, where nobody is known.",
	Fresh: func() Assertion { return Assertion{TTL: 30 * time.Second} },
	Fields: []strict.Field[Assertion]{
		strict.Key("audience", strict.Word(strict.Scalar[string]{
			Want:    "an audience of 1 to 200 printable ASCII characters but space, \" and \\, such as https://billing.internal",
			Pattern: regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,200}$`),
		}), func(a *Assertion) *string { return &a.Audience },
			"Its `aud`. Backends that must not take each other's assertions have different ones.").Required(),
		strict.Key("ttl", strict.Duration(time.Second, assertion.MaxTTL), func(a *Assertion) *time.Duration { return &a.TTL },
			"How long it is good, in whole seconds."),
	},
	Check: func(r *strict.Reader, a *Assertion, path string) {
		if a.TTL%time.Second != 0 {
			r.ProblemAt(strict.Join(path, "ttl"), "%s is not in whole seconds", strict.ShortDuration(a.TTL))
		}
	},
}

// Asserts reports whether any upstream asks for signed assertions.
func (c *Config) Asserts() bool {
	for i := range c.Upstreams {
		if c.Upstreams[i].Assertion != nil {
			return true
		}
	}
	return false
}
