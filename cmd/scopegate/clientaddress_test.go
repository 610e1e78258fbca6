package main

import (
	"net/http"
	"net/netip"
	"testing"
)

func TestTheFixedEndpointsBelieveOnlyATrustedProxysWord(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	cases := map[string]struct {
		peer string
		xff  []string
		want string
	}{
		"no proxy":                 {"192.0.2.1:5", nil, "192.0.2.1"},
		"a caller's own claim":     {"192.0.2.1:5", []string{"127.0.0.1"}, "192.0.2.1"},
		"a trusted proxy":          {"10.0.0.1:5", []string{"192.0.2.1"}, "192.0.2.1"},
		"a claim before the proxy": {"10.0.0.1:5", []string{"127.0.0.1, 192.0.2.1"}, "192.0.2.1"},
		"two fields":               {"10.0.0.1:5", []string{"127.0.0.1", "192.0.2.1"}, "192.0.2.1"},
		"mapped":                   {"[::ffff:192.0.2.1]:5", nil, "192.0.2.1"},
		"no address":               {"@", nil, ""},
	}
	for name, c := range cases {
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.xff}}
		if got := clientAddress(trusted)(r); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
