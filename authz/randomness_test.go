package authz_test

import (
	"regexp"
	"strings"
	"testing"

	"scopegate/authz"
)

// RFC 6749 section 10.10 wants guesses to succeed with 2^-160 at most: of each
// token 43 base62 digits are random, 256 bits. RFC 6750 section 2.1 wants
// b64tokens.
func TestTenThousandTokensOfRFC6749Section10_10AreApartAndEven(t *testing.T) {
	const tokens, random = 10_000, 43
	b64token := regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)
	seen := map[string]bool{}
	var count [62]int
	for range tokens {
		token, _, err := authz.NewToken("spoat_", 500_000, nil)
		if err != nil {
			t.Fatal(err)
		}
		text := token.Text()
		if !b64token.MatchString(text) || len(text) != len(sampleToken) {
			t.Fatalf("%q is no b64token of the usual length", text)
		}
		body := text[len("spoat_")+4:][:random]
		if seen[body] {
			t.Fatal("the same token twice")
		}
		seen[body] = true
		for _, digit := range body {
			count[strings.IndexRune(base62, digit)]++
		}
	}
	expected, chi := float64(tokens*random)/62, 0.0
	for _, n := range count {
		chi += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	// With 61 degrees of freedom an even source exceeds 153 once in a billion.
	if chi > 153 {
		t.Errorf("chi-square %.1f over the digits %v", chi, count)
	}
}
