package gateway_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"scopegate/gateway"
	"scopegate/gateway/gatewaytest"
)

func FuzzJSONTextCannotLeaveItsQuotes(f *testing.F) {
	for _, s := range []string{"plain", "a\"b\\c", "\r\n\x1b[2J\x7f", "\u0085\u009f\u2028", "\xff\xfe", "é€😀", "</script>", "\u202egpj.exe\u2066\ufeff\U000e0041"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		b := gateway.AppendJSON(nil, s)
		var back string
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatalf("%q: %v", b, err)
		}
		if want := strings.ToValidUTF8(s, "\ufffd"); utf8.ValidString(s) && back != want {
			t.Errorf("%q came back as %q", s, back)
		}
		for _, r := range string(b) {
			if !unicode.IsPrint(r) {
				t.Errorf("%q holds %U", b, r)
			}
		}
	})
}

func TestPathsAreMasked(t *testing.T) {
	token := gatewaytest.TokenText("read")
	encoded := strings.NewReplacer("s", "%73", "_", "%5F", "o", "%6f").Replace(token)
	for _, tc := range []struct{ name, path, want string }{
		{"nothing to mask", "/a/spo/x%20y", "/a/spo/x%20y"},
		{"a token", "/t/" + token + "/x", "/t/[redacted]/x"},
		{"a token, percent-encoded", "/t/" + encoded + ";x", "/t/[redacted];x"},
		{"a token, percent-encoded twice", "/t/" + strings.ReplaceAll(encoded, "%", "%25") + "%253Bx", "/t/[redacted]%253Bx"},
		{"a secret", "/spocs_abc", "/[redacted]"},
		{"half a token", "/" + token[:20], "/[redacted]"},
		{"the configured prefix", "/acme_0000abc", "/[redacted]"},
		{"a broken escape", "/%zz%", "/%zz%"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := string(gateway.AppendMasked(nil, tc.path, "acme_")); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}
