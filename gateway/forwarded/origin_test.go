package forwarded_test

import (
	"net/netip"
	"strings"
	"testing"

	"scopegate/gateway/exchange"
	"scopegate/gateway/forwarded"
)

func TestOrigin(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	xff := func(values ...string) (fields []exchange.Field) {
		for _, v := range values {
			fields = append(fields, exchange.Field{Name: "x-forwarded-FOR", Value: v})
		}
		return fields
	}
	tests := []struct {
		name, peer string
		fields     []exchange.Field
		client     string
		xff        string
		forwarded  string
	}{
		{
			"F-1: a stranger contributes nothing", "203.0.113.9:4711", xff("1.2.3.4"), "203.0.113.9",
			"203.0.113.9", `for=203.0.113.9;proto=http;host="api.example:8080"`,
		},
		{
			"F-3: IPv6 is quoted", "[2001:db8::1]:4711", nil, "2001:db8::1",
			"2001:db8::1", `for="[2001:db8::1]";proto=http;host="api.example:8080"`,
		},
		{
			"an IPv4 address in IPv6 clothes is itself", "[::ffff:203.0.113.9]:1", nil, "203.0.113.9",
			"203.0.113.9", `for=203.0.113.9;proto=http;host="api.example:8080"`,
		},
		{
			"F-2: a trusted peer contributes", "10.0.0.1:1", xff("203.0.113.9"), "203.0.113.9",
			"203.0.113.9, 10.0.0.1", `for=203.0.113.9;proto=http;host="api.example:8080", for=10.0.0.1`,
		},
		{
			"F-6: the rightmost untrusted is the client, what it says is not passed on", "10.0.0.1:1",
			xff("6.6.6.6, 203.0.113.9, 10.0.0.2"), "203.0.113.9",
			"203.0.113.9, 10.0.0.2, 10.0.0.1", `for=203.0.113.9;proto=http;host="api.example:8080", for=10.0.0.2, for=10.0.0.1`,
		},
		{
			"several fields are one list", "10.0.0.1:1", xff("203.0.113.9", "10.0.0.2"), "203.0.113.9",
			"203.0.113.9, 10.0.0.2, 10.0.0.1", `for=203.0.113.9;proto=http;host="api.example:8080", for=10.0.0.2, for=10.0.0.1`,
		},
		{
			"ports and brackets", "[fd00::1]:1", xff("[2001:db8::7]:99, 10.0.0.2:80"), "2001:db8::7",
			"2001:db8::7, 10.0.0.2, fd00::1", `for="[2001:db8::7]";proto=http;host="api.example:8080", for=10.0.0.2, for="[fd00::1]"`,
		},
		{
			"garbage ends the chain", "10.0.0.1:1", xff("203.0.113.9, evil\", 10.0.0.2"), "10.0.0.2",
			"10.0.0.2, 10.0.0.1", `for=10.0.0.2;proto=http;host="api.example:8080", for=10.0.0.1`,
		},
		{"an empty field", "10.0.0.1:1", xff(""), "10.0.0.1", "10.0.0.1", `for=10.0.0.1;proto=http;host="api.example:8080"`},
		{
			"a thousand trusted hops are read up to the bound", "10.0.0.1:1", xff(strings.Repeat("10.0.0.3,", 1000) + "10.0.0.3"), "10.0.0.3",
			strings.Repeat("10.0.0.3, ", 16) + "10.0.0.1", "",
		},
		{"a Unix socket has no address", "", nil, "invalid IP", "", `for=unknown;proto=http;host="api.example:8080"`},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			x := &exchange.Exchange{Host: "api.example:8080", Fields: tc.fields}
			if tc.peer != "" {
				x.Peer = netip.MustParseAddrPort(tc.peer)
			}
			var o forwarded.Origin
			o.Read(x, trusted)
			if got := o.Client.String(); got != tc.client {
				t.Errorf("client: got %s, want %s", got, tc.client)
			}
			if got := string(o.AppendFor(nil)); got != tc.xff {
				t.Errorf("X-Forwarded-For: got %s, want %s", got, tc.xff)
			}
			if got := string(o.AppendForwarded(nil)); tc.forwarded != "" && got != tc.forwarded {
				t.Errorf("Forwarded: got %s\nwant %s", got, tc.forwarded)
			}
		})
	}
}

func TestOriginProtoAndHost(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	fields := []exchange.Field{
		{Name: "X-Forwarded-Proto", Value: "gopher, https"},
		{Name: "X-Forwarded-Host", Value: "evil.example, shop.example"},
	}
	tests := []struct {
		name, peer  string
		fields      []exchange.Field
		proto, host string
	}{
		{"of a stranger", "203.0.113.9:1", fields, "http", "api.example"},
		{"of a trusted peer", "10.0.0.1:1", fields, "https", "shop.example"},
		{
			"F-4: a host that would leave its quotes", "10.0.0.1:1",
			[]exchange.Field{{Name: "X-Forwarded-Host", Value: `a";for=6.6.6.6`}},
			"http", "api.example",
		},
	}
	for _, tc := range tests {
		t.Run(tc.name, func(t *testing.T) {
			var o forwarded.Origin
			o.Read(&exchange.Exchange{Host: "api.example", Fields: tc.fields, Peer: netip.MustParseAddrPort(tc.peer)}, trusted)
			if o.Proto != tc.proto || o.Host != tc.host {
				t.Errorf("got %s %s, want %s %s", o.Proto, o.Host, tc.proto, tc.host)
			}
		})
	}
}

func TestForwardedHostCannotLeaveItsQuotes(t *testing.T) {
	o := forwarded.Origin{Peer: netip.MustParseAddrPort("203.0.113.9:1"), Proto: "http", Host: "a\"\\\r\n,for=6.6.6.6"}
	const want = `for=203.0.113.9;proto=http;host="a\"\\??,for=6.6.6.6"`
	if got := string(o.AppendForwarded(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestReadingAnOriginDoesNotAllocate(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	x := &exchange.Exchange{
		Host: "api.example", Peer: netip.MustParseAddrPort("10.0.0.1:1"),
		Fields: []exchange.Field{{Name: "X-Forwarded-For", Value: "203.0.113.9, 10.0.0.2"}},
	}
	var o forwarded.Origin
	buf := make([]byte, 0, 512)
	if n := testing.AllocsPerRun(100, func() {
		o.Read(x, trusted)
		buf = o.AppendForwarded(o.AppendFor(buf[:0]))
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
