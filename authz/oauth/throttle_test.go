package oauth_test

import (
	"testing"
	"time"

	"scopegate/authz/oauth"
)

func TestGuessesAreSlowedByTheNetworkOfTheirCaller(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	const id = "00000000-0000-4000-8000-000000000000"
	for name, tc := range map[string]struct {
		from, then string
		same       bool
	}{
		"the same IPv6 address":       {"2001:db8:1:2::1", "2001:db8:1:2::1", true},
		"another one of the same /64": {"2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
		"one of another /64":          {"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		"written otherwise":           {"2001:db8:1:2::1", "2001:0DB8:1:2:0:0:0:9", true},
		"in another zone":             {"fe80::1%eth0", "fe80::2%eth1", true},
		"the same IPv4 address":       {"192.0.2.1", "192.0.2.1", true},
		"its neighbour":               {"192.0.2.1", "192.0.2.2", false},
		"IPv4 as IPv6":                {"192.0.2.1", "::ffff:192.0.2.1", true},
		"its neighbour, as IPv6":      {"::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		"no address":                  {"", "", true},
		"no address and one":          {"", "192.0.2.1", false},
	} {
		t.Run(name, func(t *testing.T) {
			throttle := oauth.NewThrottle()
			wait := time.Duration(0)
			for n := 0; wait == 0 && n < 1000; n++ {
				wait = throttle.Failed(id, tc.from, now)
			}
			if wait == 0 {
				t.Fatal("a thousand failures cost nothing")
			}
			if got := throttle.Failed(id, tc.then, now) > 0; got != tc.same {
				t.Errorf("after failures from %q one from %q waits: %t, want %t", tc.from, tc.then, got, tc.same)
			}
			throttle.Succeeded(id, tc.from)
			for range 2 {
				if wait := throttle.Failed(id, tc.from, now); wait > 0 {
					t.Errorf("after the right secret a failure waits %s", wait)
				}
			}
		})
	}
}
