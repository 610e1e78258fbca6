package config

import (
	"fmt"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"time"

	"scopegate/authz"
)

// nameKind is the name of a route or an upstream: a label in metrics and logs.
var nameKind = word(scalar[string]{
	want:    "a name of 1 to 64 characters a-z, 0-9, '.', '_' and '-'",
	pattern: regexp.MustCompile(`^[a-z0-9._-]{1,64}$`),
	parse: func(text string) (string, error) {
		if text == "none" || text == "other" {
			return "", fmt.Errorf("the name %q is reserved: metrics use it as a label of their own", text)
		}
		return text, nil
	},
})

var scopeKind = scalar[authz.Scope]{
	want:    "a scope",
	pattern: regexp.MustCompile(`^[\x21\x23-\x5b\x5d-\x7e]{1,200}$`),
	parse:   authz.ParseScope,
	print:   func(s authz.Scope) string { return string(s) },
}

var clientKind = scalar[authz.ClientID]{
	want:    "a client's id, a UUID in lower case",
	pattern: regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`),
	parse:   authz.ParseClientID,
	print:   func(id authz.ClientID) string { return string(id) },
}

// prefixKind is a range of addresses. Bits behind the mask are a slip of the
// pen, and an IPv4 address in IPv6 clothes matches nothing.
var prefixKind = scalar[netip.Prefix]{
	want:    "an address or a range of addresses such as 10.0.0.0/8",
	pattern: regexp.MustCompile(`^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$`),
	parse:   parsePrefix,
	print: func(p netip.Prefix) string {
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

// duration is a length of time from low to high, as Go writes them: 90s, 1h30m.
func duration(low, high time.Duration) scalar[time.Duration] {
	want := fmt.Sprintf("a duration from %s to %s such as 30s or 1h30m", shortDuration(low), shortDuration(high))
	return scalar[time.Duration]{
		want:    want,
		pattern: regexp.MustCompile(`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`),
		parse: func(text string) (time.Duration, error) {
			d, err := time.ParseDuration(text)
			if err != nil || d < low || d > high {
				return 0, fmt.Errorf("%.80q is not %s", text, want)
			}
			return d, nil
		},
		print: func(d time.Duration) string {
			if d == 0 && low > 0 {
				return "" // not set
			}
			return shortDuration(d)
		},
	}
}

// shortDuration writes 1h0m0s as 1h.
func shortDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

var units = []struct {
	name string
	size int64
}{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}}

// maxSize is the largest size in bytes that a limit may name.
const maxSize = 1 << 40

// sizeKind is a number of bytes.
var sizeKind = scalar[int64]{
	want:    "a size from 1KiB to 1024GiB such as 10MiB",
	pattern: regexp.MustCompile(`^[1-9][0-9]{0,9}(KiB|MiB|GiB)$`),
	parse: func(text string) (int64, error) {
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
	print: func(n int64) string {
		for _, u := range units {
			if n > 0 && n%u.size == 0 {
				return strconv.FormatInt(n/u.size, 10) + u.name
			}
		}
		return ""
	},
}

// hostKind is the host that a route is for.
var hostKind = word(scalar[string]{
	want:    "a host name without port, such as api.example.com",
	pattern: regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$`),
	longest: 253,
	parse: func(text string) (string, error) {
		if !isHost(text) {
			return "", fmt.Errorf("%.80q is not a host name", text)
		}
		return strings.ToLower(text), nil
	},
})

// isHost reports whether text is a DNS name, with underscores as containers
// use them, or an IPv4 address.
func isHost(text string) bool {
	labels := strings.Split(text, ".")
	for _, label := range labels {
		if len(label) > 63 || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") ||
			strings.Contains(label, ".") || !isWord(label) {
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
var pathText = word(scalar[string]{
	want:    "a path that begins with /",
	pattern: regexp.MustCompile(`^/`),
	longest: 2048,
})

// methods are the methods that a route may name: those of RFC 9110 and RFC 5789
// but for TRACE and CONNECT, which never pass, and those of WebDAV.
var methods = []string{
	"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY",
	"PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "REPORT", "SEARCH",
}

var methodKind = word(scalar[string]{want: "method", words: methods})

func same[V ~string](v V) string { return string(v) }
