package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"

	"scopegate/authz"
	"scopegate/strict"
)

// nameKind is the name of a route or an upstream: a label in metrics and logs.
var nameKind = strict.Word(strict.Scalar[string]{
	Want:    "a name of 1 to 64 characters a-z, 0-9, '.', '_' and '-'",
	Pattern: regexp.MustCompile(`^[a-z0-9._-]{1,64}$`),
	Parse: func(text string) (string, error) {
		if text == "none" || text == "other" {
			return "", fmt.Errorf("the name %q is reserved: metrics use it as a label of their own", text)
		}
		return text, nil
	},
})

var scopeKind = strict.Scalar[authz.Scope]{
	Want:    "a scope",
	Pattern: regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,200}$`),
	Parse:   authz.ParseScope,
	Print:   func(s authz.Scope) string { return string(s) },
}

var clientKind = strict.Scalar[authz.ClientID]{
	Want:    "a client's id, a UUID in lower case",
	Pattern: regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`),
	Parse:   authz.ParseClientID,
	Print:   func(id authz.ClientID) string { return string(id) },
}

// prefixKind is a range of addresses. Bits behind the mask are a slip of the
// pen, and an IPv4 address in IPv6 clothes matches nothing.
var prefixKind = strict.Scalar[netip.Prefix]{
	Want:    "an address or a range of addresses such as 10.0.0.0/8",
	Pattern: regexp.MustCompile(`^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$`),
	Parse:   parsePrefix,
	Print: func(p netip.Prefix) string {
		if !p.IsValid() {
			return ""
		}
		return p.String()
	},
}

func parsePrefix(text string) (netip.Prefix, error) {
	if !strings.Contains(text, "/") {
		address, err := netip.ParseAddr(text)
		if err != nil {
			return netip.Prefix{}, fmt.Errorf("%q is not an address", text)
		}
		if address.Is4In6() {
			return netip.Prefix{}, fmt.Errorf("write %s as %s", text, address.Unmap())
		}
		return netip.PrefixFrom(address, address.BitLen()), nil
	}
	prefix, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		return netip.Prefix{}, fmt.Errorf("%q is not a range of addresses such as 10.0.0.0/8", text)
	case prefix.Addr().Is4In6():
		return netip.Prefix{}, fmt.Errorf("write the range %s as one of IPv4 addresses", text)
	case prefix != prefix.Masked():
		return netip.Prefix{}, fmt.Errorf("%s has bits behind its mask (did you mean %q?)", text, prefix.Masked())
	}
	return prefix, nil
}

var units = []struct {
	name string
	size int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// maxSize is the largest size in bytes that a limit may name.
const maxSize = 1 << 40

// sizeKind is a number of bytes.
var sizeKind = strict.Scalar[int64]{
	Want:    "a size from 1KiB to 1024GiB such as 10MiB",
	Pattern: regexp.MustCompile(`^[1-9][0-9]{0,9}(KiB|MiB|GiB)$`),
	Parse: func(text string) (int64, error) {
		for _, u := range units {
			if digits, ok := strings.CutSuffix(text, u.name); ok {
				n, err := strconv.ParseInt(digits, 10, 64)
				if err != nil || n > maxSize/u.size {
					return 0, fmt.Errorf("%q is more than 1024GiB", text)
				}
				return n * u.size, nil
			}
		}
		return 0, fmt.Errorf("%q is not a size", text)
	},
	Print: func(n int64) string {
		for _, u := range units {
			if n > 0 && n%u.size == 0 {
				return strconv.FormatInt(n/u.size, 10) + u.name
			}
		}
		return ""
	},
}

// hostKind is the host that a route is for.
var hostKind = strict.Word(strict.Scalar[string]{
	Want:    "a host name without port, such as api.example.com",
	Pattern: regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`),
	Longest: 253,
	Parse: func(text string) (string, error) {
		if !isHost(text) {
			return "", fmt.Errorf("%.80q is not a host name", text)
		}
		return strings.ToLower(text), nil
	},
})

var hostLabel = regexp.MustCompile(`^[A-Za-z0-9_-]{1,63}$`)

// isHost reports whether text is a DNS name, with underscores as containers
// use them, or an IPv4 address.
func isHost(text string) bool {
	labels := strings.Split(text, ".")
	for _, label := range labels {
		if !hostLabel.MatchString(label) || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
	}
	if strings.Trim(labels[len(labels)-1], "0123456789") == "" { // so is 010.1, which readers take differently
		_, err := netip.ParseAddr(text)
		return err == nil
	}
	return len(text) <= 253
}

// pathText is an absolute path; what it may hold, package route says.
var pathText = strict.Word(strict.Scalar[string]{
	Want:    "a path that begins with /",
	Pattern: regexp.MustCompile(`^/`),
	Longest: 2048,
})

// methods are the methods that a route may name: those of RFC 9110 and RFC 5789
// but for TRACE and CONNECT, which never pass, and those of WebDAV.
var methods = []string{
	"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
}

var methodKind = strict.Word(strict.Scalar[string]{Want: "method", Words: methods})
