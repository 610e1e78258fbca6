package authz

import (
	"fmt"
	"net/netip"
	"slices"
)

// MaxAddresses is how many addresses and ranges a client may have.
const MaxAddresses = 100

// Addresses are where a client may act from, at the token endpoint and at
// every guarded route. None is anywhere.
type Addresses []netip.Prefix

// ParseAddresses reads addresses and CIDR ranges.
func ParseAddresses(texts []string) (Addresses, error) {
	var list Addresses
	for _, text := range texts {
		prefix, err := netip.ParsePrefix(text)
		if addr, aerr := netip.ParseAddr(text); aerr == nil && addr.Zone() == "" {
			prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("%.60q is not an address or a range such as 10.0.0.0/8", text)
		}
		list = append(list, prefix)
	}
	return list, list.check()
}

// check refuses what could be read in two ways: bits beyond the range's
// length, and IPv4 in the clothes of IPv6, which no peer is ever seen in.
func (list Addresses) check() error {
	if len(list) > MaxAddresses {
		return fmt.Errorf("holds more than %d addresses", MaxAddresses)
	}
	for i, p := range list {
		switch {
		case !p.IsValid():
			return fmt.Errorf("holds an invalid range")
		case p.Addr().Is4In6():
			return fmt.Errorf("%s: write IPv4 addresses as such", p)
		case p.Masked() != p:
			return fmt.Errorf("%s has bits beyond its length; did you mean %s?", p, p.Masked())
		case slices.Contains(list[:i], p):
			return fmt.Errorf("%s stands twice", p)
		}
	}
	return nil
}

// Permits reports whether the client may act from addr. An address that is not
// known is permitted only where none is listed.
func (list Addresses) Permits(addr netip.Addr) bool {
	if len(list) == 0 {
		return true
	}
	addr = addr.WithZone("").Unmap() // a prefix contains neither zones nor mapped addresses
	for i := range list {
		if list[i].Contains(addr) {
			return true
		}
	}
	return false
}

// Strings returns the ranges as ParseAddresses reads them.
func (list Addresses) Strings() []string {
	texts := make([]string, len(list))
	for i, p := range list {
		texts[i] = p.String()
	}
	return texts
}
