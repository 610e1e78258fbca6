package limit_test

import (
	"net/netip"
	"testing"

	"scopegate/gateway/limit"
)

func TestAddressIsTheWholeIPv4AndHalfTheIPv6(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
		{"2001:db8:0:1::1", "2001:db8:0:2::1", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
		{"::1", "0.0.0.1", false},
		{"::", "0.0.0.0", false},
	} {
		a, b := limit.AddressOf(netip.MustParseAddr(tt.a)), limit.AddressOf(netip.MustParseAddr(tt.b))
		if (a == b) != tt.same {
			t.Errorf("%s and %s count as one: %v, want %v", tt.a, tt.b, a == b, tt.same)
		}
	}
	limit.AddressOf(netip.Addr{}) // a Unix socket's peer has none
}

func TestAddressListPermits(t *testing.T) {
	prefixes := func(texts ...string) (p []netip.Prefix) {
		for _, text := range texts {
			p = append(p, netip.MustParsePrefix(text))
		}
		return p
	}
	for name, tt := range map[string]struct {
		allow, deny []netip.Prefix
		yes, no     []string
	}{
		"empty":      {nil, nil, []string{"192.0.2.1", "::1", ""}, nil},
		"allow only": {prefixes("10.0.0.0/8", "2001:db8::/32"), nil, []string{"10.1.2.3", "::ffff:10.1.2.3", "2001:db8::1"}, []string{"11.0.0.1", "2001:db9::1", ""}},
		"deny only":  {nil, prefixes("10.0.0.0/8", "fe80::/10"), []string{"11.0.0.1", "2001:db8::1"}, []string{"10.1.2.3", "::ffff:10.1.2.3", "fe80::1", "fe80::1%eth0", ""}},
		"deny over allow": {
			prefixes("10.0.0.0/8"), prefixes("10.1.0.0/16"), []string{"10.2.0.1"}, []string{"10.1.0.1", "192.0.2.1"},
		},
		"IPv4 written as IPv6": {nil, prefixes("::ffff:10.0.0.0/104"), []string{"11.0.0.1"}, []string{"10.1.2.3", "::ffff:10.1.2.3"}},
		"a zone is no way in":  {prefixes("fe80::/10"), nil, []string{"fe80::1%eth0"}, []string{"2001:db8::1%eth0"}},
	} {
		t.Run(name, func(t *testing.T) {
			list := limit.AddressList{Allow: tt.allow, Deny: tt.deny}
			check := func(texts []string, want bool) {
				for _, text := range texts {
					addr, _ := netip.ParseAddr(text) // "" is no address
					if got := list.Permits(addr); got != want {
						t.Errorf("Permits(%q) = %v, want %v", text, got, want)
					}
				}
			}
			check(tt.yes, true)
			check(tt.no, false)
		})
	}
}
