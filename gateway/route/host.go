package route

import (
	"net/netip"
	"strings"
)

// maxHost bounds a host name in bytes (RFC 1035 section 2.3.4).
const maxHost = 253

// CanonicalHost returns the host of a Host field, an :authority or a route as
// hosts are compared: in lower case, without port and without trailing dot. An
// IPv6 literal comes in brackets and in its RFC 5952 form.
//
// The grammar is stricter than RFC 3986's: names of letters, digits, "-" and
// "_", IPv4 addresses among them, and IPv6 literals without zone. Anything else
// (user information, escapes, spaces, lists) is not ok; nor is an empty host.
// It does not allocate for a host that is canonical but for its port.
func CanonicalHost(text string) (string, bool) {
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 || !isPort(text[end+1:]) {
			return "", false
		}
		return canonicalIPv6(text[:end+1])
	}
	host := text
	if colon := strings.IndexByte(text, ':'); colon >= 0 {
		if !isPort(text[colon:]) {
			return "", false
		}
		host = text[:colon]
	}
	host = strings.TrimSuffix(host, ".")
	if !isHostName(host) {
		return "", false
	}
	return strings.ToLower(host), true // allocates only if it changes something
}

func canonicalIPv6(literal string) (string, bool) {
	address, err := netip.ParseAddr(literal[1 : len(literal)-1])
	if err != nil || !address.Is6() || address.Zone() != "" {
		return "", false
	}
	var space [64]byte
	text := append(address.AppendTo(append(space[:0], '[')), ']')
	if string(text) == literal {
		return literal, true
	}
	return string(text), true
}

// isPort reports whether text is empty or ":" and a port. RFC 3986 section
// 3.2.3 lets the digits be absent.
func isPort(text string) bool {
	if text == "" {
		return true
	}
	if text[0] != ':' || len(text) > len(":65535") {
		return false
	}
	port := 0
	for _, c := range []byte(text[1:]) {
		if c < '0' || c > '9' {
			return false
		}
		port = port*10 + int(c-'0')
	}
	return port <= 65535
}

// isHostName checks labels (RFC 1123 section 2.1), with "_" as many internal
// networks use it.
func isHostName(host string) bool {
	if host == "" || len(host) > maxHost {
		return false
	}
	start := 0
	for i := 0; i <= len(host); i++ {
		if i < len(host) && host[i] != '.' {
			if c := host[i]; !isLetterOrDigit(c) && c != '-' && c != '_' {
				return false
			}
			continue
		}
		label := host[start:i]
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		start = i + 1
	}
	return true
}
