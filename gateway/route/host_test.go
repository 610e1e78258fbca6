package route_test

import (
	"strings"
	"testing"

	"scopegate/gateway/route"
)

func TestHostsCompareWithoutCasePortAndTrailingDot(t *testing.T) {
	tests := []struct{ host, canonical string }{
		{"example.com", "example.com"},
		{"Example.COM", "example.com"},
		{"example.com.", "example.com"},
		{"example.com:8080", "example.com"},
		{"EXAMPLE.com.:443", "example.com"},
		{"example.com:", "example.com"}, // RFC 3986 3.2.3
		{"localhost", "localhost"},
		{"legacy_backend:80", "legacy_backend"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example"},
		{"127.0.0.1:65535", "127.0.0.1"},
		{"[::1]", "[::1]"},
		{"[::1]:8080", "[::1]"},
		{"[2001:DB8:0:0::1]", "[2001:db8::1]"},
		{strings.Repeat("a", 63) + ".b", strings.Repeat("a", 63) + ".b"},
	}
	for _, test := range tests {
		if got, ok := route.CanonicalHost(test.host); !ok || got != test.canonical {
			t.Errorf("%q: %q, %t; want %q", test.host, got, ok, test.canonical)
		}
	}
}

func TestWhatIsNoHostIsRefused(t *testing.T) {
	for _, host := range []string{
		"", ".", "..", "a..b", ".a", "a..", ":80", "a:b", "a:80:80", "a:65536", "a:-1", "a:+1", "a:000080", "a b", " a", "a ", "a,b", "a, b",
		"user@a", "user:pass@a", "a/b", "a?b", "a#b", `a\b`, "a%2eb", "a\x00", "a\n", "ä.example", "-a.b", "a-.b", "*.example.com",
		"[::1", "::1", "[::1]x", "[::1]:x", "[fe80::1%eth0]", "[fe80::1%25eth0]", "[127.0.0.1]", "[]", "[v1.x]", "[::1]]", "[[::1]]",
		strings.Repeat("a", 64), strings.Repeat("a.", 127) + "bc",
	} {
		if got, ok := route.CanonicalHost(host); ok {
			t.Errorf("%q was read as %q", host, got)
		}
	}
}

func FuzzCanonicalHost(f *testing.F) {
	for _, seed := range []string{"example.com:80", "[::1]:80", "A.b.", "a_b", "[::ffff:1.2.3.4]", "-", "a@b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		host, ok := route.CanonicalHost(text)
		if !ok {
			return
		}
		if again, ok := route.CanonicalHost(host); !ok || again != host {
			t.Errorf("%q became %q, and that %q, %t", text, host, again, ok)
		}
		if strings.ContainsAny(host, " \t\r\n,@/?#%\\") || host != strings.ToLower(host) {
			t.Errorf("%q became %q", text, host)
		}
	})
}

func TestCanonicalHostsDoNotAllocate(t *testing.T) {
	for _, host := range []string{"api.example.com:8080", "[2001:db8::1]:8080", "127.0.0.1"} {
		if n := testing.AllocsPerRun(100, func() { route.CanonicalHost(host) }); n != 0 {
			t.Errorf("%s: %v allocations", host, n)
		}
	}
}
