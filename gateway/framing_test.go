package gateway_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway"
)

func TestFramingIsSeenHoweverTheBytesArrive(t *testing.T) {
	const raw = "POST /a HTTP/1.1\r\nHost: a.example\r\nX: " + "\r\ncontent-LENGTH:3\r\nTransfer-Encoding : x\r\n\r\nGET / HTTP/1.1\r\nHOST:B\r\n\r\n"
	for size := 1; size <= len(raw); size++ {
		var f gateway.Framing
		for rest := []byte(raw); len(rest) > 0; rest = rest[min(size, len(rest)):] {
			f.See(rest[:min(size, len(rest))])
		}
		length, encoding, hosts := f.Seen()
		if !length || encoding || !cmp.Equal(hosts, []string{"a.example", "B"}) {
			t.Fatalf("in pieces of %d: %t %t %q", size, length, encoding, hosts)
		}
	}
}

func TestFramingForgetsNoHostItCannotKeep(t *testing.T) {
	var f gateway.Framing
	f.See([]byte("Host: api.example\r\n"))
	if f.MayDiffer("API.example.:80") || !f.MayDiffer("evil.example") {
		t.Error("one host: the comparison is wrong")
	}
	for i := range 100 {
		f.See([]byte(fmt.Sprintf("Host: h%d.example\r\n", i)))
	}
	if _, _, hosts := f.Seen(); len(hosts) > 8 {
		t.Errorf("%d hosts are kept", len(hosts))
	}
	if !f.MayDiffer("api.example") {
		t.Error("many hosts: nothing is known, and yet they agree")
	}
}

func TestFramingKeepsNoLongLine(t *testing.T) {
	var f gateway.Framing
	f.See([]byte("Host: " + strings.Repeat("a", 1<<20)))
	f.See([]byte("\nContent-Length: 1\n"))
	length, _, hosts := f.Seen()
	if !length || len(hosts) != 1 || len(hosts[0]) > 320 {
		t.Errorf("%t, %d hosts", length, len(hosts))
	}
}

func TestAChunkedBodySeemsToHaveComeWhenItsEndCameLast(t *testing.T) {
	const head = "POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
	for _, tc := range []struct {
		name string
		seen []string
		want bool
	}{
		{"with the head", []string{head + "1\r\nx\r\n0\r\n\r\n"}, true},
		{"behind the head", []string{head, "1\r\nx\r\n0\r\n\r\n"}, true},
		{"the head alone", []string{head}, false},
		{"a part", []string{head + "1\r\nx\r\n"}, false},
		{"something after it", []string{head + "1\r\nx\r\n0\r\n\r\nGET"}, false},
		{"something later", []string{head + "1\r\nx\r\n0\r\n\r\n", "G"}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var f gateway.Framing
			for _, bytes := range tc.seen {
				f.See([]byte(bytes))
			}
			if f.BodyArrived() != tc.want {
				t.Errorf("%t, want %t", !tc.want, tc.want)
			}
		})
	}
}
