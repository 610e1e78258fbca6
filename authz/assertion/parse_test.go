package assertion_test

import (
	"strings"
	"testing"
	"time"

	"scopegate/authz/assertion"
)

const (
	scalar = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
	good   = "one ES256 2026-03-01T12:00:00Z " + scalar
)

func TestEachMistakeInAKeyFileNamesItsLineAndNoKey(t *testing.T) {
	for _, text := range []string{
		"", "# nothing\n", "one", "one ES256 2026-03-01T12:00:00Z", "one ES256 yesterday " + scalar, "one RS256 2026-03-01T12:00:00Z " + scalar,
		"one none 2026-03-01T12:00:00Z " + scalar, "ONE ES256 2026-03-01T12:00:00Z " + scalar, good + "00", good + " more",
		"one ES256 2026-03-01T12:00:00Z " + strings.Repeat("0", 64), "one ES256 2026-03-01T12:00:00Z " + strings.Repeat("f", 64),
		good + "\n" + good, "one ES256 2026-03-01T12:00:00Z " + scalar[:62] + "zz",
	} {
		_, err := assertion.Parse([]byte(text))
		if err == nil {
			t.Errorf("%q is taken", text)
			continue
		}
		if strings.Contains(err.Error(), scalar[:16]) {
			t.Errorf("%q: the error repeats the key: %v", text, err)
		}
		if strings.Contains(text, "one") && !strings.HasPrefix(err.Error(), "line ") {
			t.Errorf("%q: no line in %v", text, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(good + "\n")
	f.Add("# both\n" + good + "\ntwo EdDSA 2026-03-02T12:00:00+01:00 " + scalar + "\r\n")
	f.Add("x x x x")
	f.Add("1 EdDSA 0000-01-01T0:00:00+01:00 " + scalar) // the year before the first
	now := time.Date(2026, 3, 1, 12, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		keys, err := assertion.Parse([]byte(text))
		if err != nil {
			return
		}
		again, err := assertion.Parse(keys.Encode())
		if err != nil || string(again.Encode()) != string(keys.Encode()) || string(again.KeySet()) != string(keys.KeySet()) {
			t.Fatalf("%q does not come back: %v", text, err)
		}
		signs := 0
		for _, s := range keys.States(now) {
			if s.Signs {
				signs++
			}
		}
		if signs != 1 {
			t.Errorf("%d keys sign", signs)
		}
	})
}
