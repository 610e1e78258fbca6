package config

import (
	"net/netip"

	"scopegate/strict"
)

// Addresses are the peers that may call a route. Deny wins; if Allow holds any,
// only those pass.
type Addresses struct {
	Allow, Deny []netip.Prefix
}

var addressesKind = strict.List[netip.Prefix]{Of: prefixKind, Same: netip.Prefix.String}

var addressesObject = strict.Object[Addresses]{
	Title: "addresses",
	Doc:   "Which peers may call the route; a peer that is a trusted proxy speaks for the address that it forwards.",
	Fields: []strict.Field[Addresses]{
		strict.Key("allow", addressesKind, func(a *Addresses) *[]netip.Prefix { return &a.Allow },
			"Only these addresses and ranges may.").Or("all may"),
		strict.Key("deny", addressesKind, func(a *Addresses) *[]netip.Prefix { return &a.Deny },
			"These may not, even if `allow` names them.").Or("none is denied"),
	},
	Check: func(r *strict.Reader, _ *Addresses, path string) {
		if !r.Given(strict.Join(path, "allow")) && !r.Given(strict.Join(path, "deny")) {
			r.ProblemAt(path, "names neither allow nor deny")
		}
	},
	Rules: []strict.Rule{strict.AnyOf("allow", "deny")},
}
