package forwarded

import (
	"net/netip"
	"slices"
	"strings"

	"scopegate/gateway/exchange"
)

// maxHops is how many addresses of X-Forwarded-For are read; a chain of
// trusted proxies is short, and a caller can make the field long.
const maxHops = 16

// maxHost is the longest host name with port that is believed.
const maxHost = 260

// Origin is where a request came from.
type Origin struct {
	// Client is the nearest address that no trusted proxy vouched away: the
	// connection's own peer unless that one is trusted.
	Client netip.Addr
	// Peer is the other end of the connection.
	Peer netip.AddrPort
	// Proto is the caller's scheme, Host its Host field.
	Proto string
	Host  string

	hops  [maxHops]netip.Addr // from the peer's side outwards, without the peer
	count int
}

// Read finds the origin of an exchange.
func (o *Origin) Read(x *exchange.Exchange, trusted []netip.Prefix) {
	o.Peer = netip.AddrPortFrom(x.Peer.Addr().Unmap().WithZone(""), x.Peer.Port())
	o.Client, o.count = o.Peer.Addr(), 0
	o.Proto, o.Host = "http", x.Host
	if x.TLS {
		o.Proto = "https"
	}
	if !contains(trusted, o.Client) {
		return
	}
	o.readChain(x.Fields, trusted)
	if proto := lastElement(x.Fields, "X-Forwarded-Proto"); proto == "http" || proto == "https" {
		o.Proto = proto
	}
	if host := lastElement(x.Fields, "X-Forwarded-Host"); validHost(host) {
		o.Host = host
	}
}

// readChain walks X-Forwarded-For from its end: each trusted address vouches
// for the one before it, and the first that is not trusted is the client.
func (o *Origin) readChain(fields []exchange.Field, trusted []netip.Prefix) {
	for _, field := range slices.Backward(fields) {
		if !exchange.EqualName(field.Name, "X-Forwarded-For") {
			continue
		}
		for rest := field.Value; rest != ""; {
			var last string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, last = rest[:comma], rest[comma+1:]
			} else {
				rest, last = "", rest
			}
			addr, ok := parseNode(strings.Trim(last, " \t"))
			if !ok || o.count == maxHops {
				return
			}
			o.Client = addr
			o.hops[o.count] = addr
			o.count++
			if !contains(trusted, addr) {
				return
			}
		}
	}
}

// parseNode reads an address with or without port and brackets.
func parseNode(s string) (netip.Addr, bool) {
	if len(s) > 64 || s == "" || strings.IndexByte(s, '%') >= 0 {
		return netip.Addr{}, false
	}
	if c := s[0]; (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') && c != ':' && c != '[' {
		return netip.Addr{}, false // "unknown", "_hidden": no error text is made for garbage
	}
	if addr, err := netip.ParseAddr(s); err == nil {
		return addr.Unmap(), true
	}
	if s[0] == '[' && s[len(s)-1] == ']' {
		addr, err := netip.ParseAddr(s[1 : len(s)-1])
		return addr.Unmap(), err == nil
	}
	ap, err := netip.ParseAddrPort(s)
	return ap.Addr().Unmap(), err == nil
}

// lastElement returns what the nearest proxy wrote into a list field.
func lastElement(fields []exchange.Field, name string) string {
	for _, field := range slices.Backward(fields) {
		if exchange.EqualName(field.Name, name) {
			v := field.Value
			return strings.Trim(v[strings.LastIndexByte(v, ',')+1:], " \t")
		}
	}
	return ""
}

// validHost reports whether s is a host with an optional port and nothing else.
func validHost(s string) bool {
	if s == "" || len(s) > maxHost {
		return false
	}
	for i := range len(s) {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case c == '.', c == '-', c == '_', c == ':', c == '[', c == ']':
		default:
			return false
		}
	}
	return true
}

func contains(prefixes []netip.Prefix, addr netip.Addr) bool {
	for i := range prefixes {
		if prefixes[i].Contains(addr) {
			return true
		}
	}
	return false
}
