package config

import (
	"regexp"

	"scopegate/authz"
	"scopegate/strict"
)

// resourceKind is a resource indicator (RFC 8707 section 2): absolute, without
// query and fragment. It is compared byte for byte with what callers send, so
// that it is written in the one form there is.
var resourceKind = strict.Word(strict.Scalar[string]{
	Want:    "an absolute URL such as https://api.example.com/billing, its host in lower case, without query and fragment",
	Pattern: regexp.MustCompile(`^https?://[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[1-9][0-9]{0,4})?(/[A-Za-z0-9._~/-]*)?$`),
	Longest: authz.MaxResourceLength,
})

// Resources returns the resources that routes belong to.
func (c *Config) Resources() map[string]struct{} {
	all := map[string]struct{}{}
	for i := range c.Routes {
		if r := c.Routes[i].Resource; r != "" {
			all[r] = struct{}{}
		}
	}
	return all
}
