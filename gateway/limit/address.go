package limit

import (
	"encoding/binary"
	"net/netip"
	"slices"
)

// Address is what counts as one caller: an IPv4 address, or the /64 of an
// IPv6 address, whose other half a caller may choose at will. It is a key for
// Keyed and KeyedGate.
type Address struct{ high, low uint64 }

// AddressOf returns the caller that the peer's address stands for. An IPv4
// address in IPv6 form is that IPv4 address; a zone does not count.
func AddressOf(addr netip.Addr) Address {
	b := addr.As16()
	a := Address{high: binary.BigEndian.Uint64(b[:8])}
	if addr.Is4() || addr.Is4In6() {
		a.low = binary.BigEndian.Uint64(b[8:])
	}
	return a
}

// AddressList says which addresses may call. Deny rules over Allow; an empty
// Allow allows all.
type AddressList struct{ Allow, Deny []netip.Prefix }

// Empty reports whether the list lets everybody call.
func (l AddressList) Empty() bool { return len(l.Allow) == 0 && len(l.Deny) == 0 }

// Permits reports whether the address may call. What is no address may not,
// unless the list is empty.
func (l AddressList) Permits(addr netip.Addr) bool {
	if l.Empty() {
		return true
	}
	if !addr.IsValid() {
		return false
	}
	// A prefix contains no address with a zone, and none of the other family.
	addr = addr.WithZone("").Unmap()
	if contains(l.Deny, addr) {
		return false
	}
	return len(l.Allow) == 0 || contains(l.Allow, addr)
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	return slices.ContainsFunc(prefixes, func(p netip.Prefix) bool {
		if p.Addr().Is4In6() && addr.Is4() {
			return p.Contains(netip.AddrFrom16(addr.As16()))
		}
		return p.Contains(addr)
	})
}
