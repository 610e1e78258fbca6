package config

import "net/netip"

// Addresses are the peers that may call a route. Deny wins; if Allow holds any,
// only those pass.
type Addresses struct {
	Allow, Deny []netip.Prefix
}

var addressesKind = list[netip.Prefix]{of: prefixKind, same: netip.Prefix.String}

var addressesObject = object[Addresses]{
	title: "addresses",
	doc:   "Which peers may call the route; a peer that is a trusted proxy speaks for the address that it forwards.",
	fields: []field[Addresses]{
		key("allow", addressesKind, func(a *Addresses) *[]netip.Prefix { return &a.Allow },
			"Only these addresses and ranges may.").or("all may"),
		key("deny", addressesKind, func(a *Addresses) *[]netip.Prefix { return &a.Deny },
			"These may not, even if `allow` names them.").or("none is denied"),
	},
	check: func(r *reader, _ *Addresses, path string) {
		if !r.given(join(path, "allow")) && !r.given(join(path, "deny")) {
			r.problemAt(path, "names neither allow nor deny")
		}
	},
	rules: []rule{anyOf("allow", "deny")},
}
