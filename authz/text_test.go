package authz_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"scopegate/authz"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// sampleToken is spoat_, the hour 500000, 43 times "1" and their checksum,
// made by another program.
const sampleToken = "spoat_264W11111111111111111111111111111111111111111111dNJfv"

// repeated is a source of randomness that repeats its bytes.
type repeated struct {
	bytes []byte
	at    int
}

func (r *repeated) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = r.bytes[r.at%len(r.bytes)]
		r.at++
	}
	return len(p), nil
}

func ones() *repeated { return &repeated{bytes: []byte{1}} }

func TestTheFormOfTokensAndSecretsIsPinned(t *testing.T) {
	token, key, err := authz.NewToken("spoat_", 500_000, ones())
	if err != nil || token.Text() != sampleToken {
		t.Errorf("token is %q (%v), want %q", token.Text(), err, sampleToken)
	}
	if want := (authz.TokenKey{Hour: 500_000, Hash: sha256.Sum256([]byte(sampleToken))}); key != want {
		t.Errorf("key is %+v, want %+v", key, want)
	}
	secret, err := authz.NewSecret(ones())
	if want := "spocs_11111111111111111111111111111111111111111113iI6SZ"; err != nil || secret.Text() != want {
		t.Errorf("secret is %q (%v), want %q", secret.Text(), err, want)
	}
}

func TestAMintedTokenIsReadBack(t *testing.T) {
	for _, prefix := range []string{"", "spoat_", "a", "A_b_9", strings.Repeat("p", authz.MaxTokenPrefix)} {
		for _, hour := range []authz.Hour{0, 1, 500_000, 62*62*62*62 - 1} {
			token, key, err := authz.NewToken(prefix, hour, nil)
			if err != nil {
				t.Fatal(err)
			}
			got, ok := authz.ParseToken(token.Text())
			if !ok || got != key || got.Hour != hour {
				t.Errorf("prefix %q, hour %d: read as %+v (%t), want %+v", prefix, hour, got, ok, key)
			}
		}
	}
}

func TestWhatCannotBeATokenIsRefused(t *testing.T) {
	body := sampleToken[len("spoat_"):]
	for name, text := range map[string]string{
		"empty":                "",
		"prefix only":          "spoat_",
		"cut":                  sampleToken[:len(sampleToken)-1],
		"one more":             sampleToken + "1",
		"another prefix":       "spoax_" + body,
		"no prefix":            body,
		"prefix too long":      strings.Repeat("p", authz.MaxTokenPrefix+1) + body,
		"a secret":             "spocs_11111111111111111111111111111111111111111113iI6SZ",
		"space inside":         strings.Replace(sampleToken, "111", "1 1", 1),
		"newline at the end":   sampleToken + "\n",
		"NUL":                  strings.Replace(sampleToken, "1", "\x00", 1),
		"high byte":            strings.Replace(sampleToken, "1", "\xff", 1),
		"another letter case":  strings.ToUpper(sampleToken),
		"underscore in body":   strings.Replace(sampleToken, "111", "1_1", 1),
		"punctuation":          strings.Replace(sampleToken, "111", "1-1", 1),
		"a JWT":                "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
		"checksum beyond 2^32": sampleToken[:len(sampleToken)-6] + "zzzzzz",
		"very long":            strings.Repeat("1", 1<<16),
	} {
		if key, ok := authz.ParseToken(text); ok || key != (authz.TokenKey{}) {
			t.Errorf("%s: read as %+v (%t)", name, key, ok)
		}
	}
}

// Every single changed character is noticed: a typo never reaches the store.
func TestEveryChangedCharacterIsNoticed(t *testing.T) {
	for i := range sampleToken {
		for _, c := range []byte(base62 + "_") {
			changed := []byte(sampleToken)
			if changed[i] == c {
				continue
			}
			changed[i] = c
			if _, ok := authz.ParseToken(string(changed)); ok {
				t.Errorf("%s is taken for a token", changed)
			}
		}
	}
}

// A byte that is no digit is refused wherever it stands, also where the
// checksum holds.
func TestEveryByteOfATokenIsADigit(t *testing.T) {
	for at := len("spoat_"); at < len(sampleToken)-6; at++ {
		for _, c := range []byte("_-/:@[`{ \x00\x7f\x80\xff") {
			text := []byte(sampleToken[:len(sampleToken)-6])
			text[at] = c
			sum := crc32.ChecksumIEEE(text)
			var digits [6]byte
			for i := len(digits) - 1; i >= 0; i, sum = i-1, sum/62 {
				digits[i] = base62[sum%62]
			}
			if token := string(text) + string(digits[:]); acceptsToken(token) {
				t.Errorf("%q is taken for a token", token)
			}
		}
	}
}

func acceptsToken(text string) bool {
	_, ok := authz.ParseToken(text)
	return ok
}

// Bytes of 248 and more would favour the first digits: they are drawn again.
func TestRandomDigitsAreEquallyLikely(t *testing.T) {
	secret, err := authz.NewSecret(&repeated{bytes: []byte{248, 255, 61, 250}})
	if want := authz.SecretPrefix + strings.Repeat("z", 43); err != nil || !strings.HasPrefix(secret.Text(), want) {
		t.Errorf("secret is %q (%v), want it to begin with %q", secret.Text(), err, want)
	}
	every := make([]byte, 249) // one byte is drawn again; an odd number, so that each comes first once
	for i := range every {
		every[i] = byte(i)
	}
	source, count := &repeated{bytes: every}, map[rune]int{}
	for range every {
		secret, err := authz.NewSecret(source)
		if err != nil {
			t.Fatal(err)
		}
		for _, digit := range secret.Text()[len(authz.SecretPrefix) : len(authz.SecretPrefix)+43] {
			count[digit]++
		}
	}
	for _, digit := range base62 {
		if n := count[digit]; n < 4*43 || n > 4*43+1 {
			t.Errorf("digit %c came %d times, want %d", digit, n, 4*43)
		}
	}
}

func TestWithoutRandomnessNothingIsMade(t *testing.T) {
	dry := errors.New("no entropy")
	if token, _, err := authz.NewToken("spoat_", 1, iotest.ErrReader(dry)); !errors.Is(err, dry) || token.Text() != "" {
		t.Errorf("token %q, %v", token.Text(), err)
	}
	if secret, err := authz.NewSecret(iotest.ErrReader(dry)); !errors.Is(err, dry) || secret.Text() != "" {
		t.Errorf("secret %q, %v", secret.Text(), err)
	}
}

func TestTokensAndSecretsPrintThemselvesRedacted(t *testing.T) {
	token, key, err := authz.NewToken("spoat_", 500_000, nil)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := authz.NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	held := struct {
		Token  authz.BearerToken
		Secret authz.SecretText
		Both   []any
		Issued authz.Issued
	}{token, secret, []any{token, &token, secret, &secret}, authz.Issued{Text: token, Record: authz.AccessToken{Key: key}}}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&out, verb+verb+verb, held, token, secret)
	}
	if err := json.NewEncoder(&out).Encode(held); err != nil {
		t.Fatal(err)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("printed", "token", token, "secret", secret, "held", held)
	}
	for name, text := range map[string]string{"token": token.Text(), "secret": secret.Text()} {
		if strings.Contains(out.String(), text[len("spoat_"):len("spoat_")+20]) {
			t.Errorf("the %s was printed:\n%s", name, out.String())
		}
	}
	if !strings.Contains(out.String(), "[redacted]") {
		t.Error("nothing was printed")
	}
	if got := authz.NewSecretText("typed"); got.Text() != "typed" || got.String() != "[redacted]" {
		t.Errorf("a presented secret is %q and prints %q", got.Text(), got)
	}
}

func TestSecretsAreToldByTheirForm(t *testing.T) {
	secret, err := authz.NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	if !authz.IsSecretText(secret.Text()) {
		t.Error("a new secret is not told to be one")
	}
	text := secret.Text()
	for _, other := range []string{"", "spocs_", text[1:], text + "0", sampleToken, "spoat_" + text[6:], text[:48] + "######"} {
		if authz.IsSecretText(other) {
			t.Errorf("%q is told to be a secret", other)
		}
	}
}

func TestTokenIDsAreTheFirstDigitsOfTheHash(t *testing.T) {
	hash := authz.TokenHash{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xff}
	const want = "0123456789abcdef"
	if got := hash.ID(); got != want {
		t.Errorf("id is %s, want %s", got, want)
	}
	if got := string(hash.AppendID([]byte("id="))); got != "id="+want {
		t.Errorf("appended id is %s", got)
	}
	if id, ok := authz.ParseTokenID(want); !ok || id != want {
		t.Errorf("%s is read as %s (%t)", want, id, ok)
	}
	for _, bad := range []string{"", want[1:], want + "0", strings.ToUpper(want), "0123456789abcdeg", want + "\n"} {
		if _, ok := authz.ParseTokenID(bad); ok {
			t.Errorf("%q is taken for a token id", bad)
		}
	}
}

func TestAnHourHoldsItsInstants(t *testing.T) {
	begin := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	hour := authz.HourOf(begin)
	if authz.HourOf(begin.Add(time.Hour-1)) != hour || authz.HourOf(begin.Add(-1)) != hour-1 || authz.HourOf(begin.Add(time.Hour)) != hour+1 {
		t.Error("the hour's borders are wrong")
	}
	if got := hour.End(); !got.Equal(begin.Add(time.Hour)) {
		t.Errorf("the hour ends at %s", got)
	}
}

func TestReadingATokenAllocatesNothing(t *testing.T) {
	garbage := sampleToken[:len(sampleToken)-1] + "0"
	for name, text := range map[string]string{"token": sampleToken, "garbage": garbage} {
		if n := testing.AllocsPerRun(100, func() { authz.ParseToken(text) }); n != 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func FuzzParseToken(f *testing.F) {
	for _, seed := range []string{"", sampleToken, sampleToken[1:], sampleToken + "1", "spoat_", strings.Repeat("0", 59), strings.Repeat("\xff", 59)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// Whatever the text, with its own checksum it is judged by its form alone.
		for _, text := range []string{text, text + checksum(text)} {
			key, ok := authz.ParseToken(text)
			if want := looksLikeToken(text); ok != want {
				t.Fatalf("%q: taken is %t, want %t", text, ok, want)
			}
			if !ok && key != (authz.TokenKey{}) {
				t.Fatalf("%q is refused with the key %+v", text, key)
			}
			if ok && (key.Hash != sha256.Sum256([]byte(text)) || key.Hour != hourIn(text)) {
				t.Fatalf("%q has the key %+v", text, key)
			}
		}
	})
}

// looksLikeToken says the form again, in the plainest way.
func looksLikeToken(text string) bool {
	const body = 4 + 43 + 6
	if len(text) < body || len(text) > body+authz.MaxTokenPrefix {
		return false
	}
	prefix, rest := text[:len(text)-body], text[len(text)-body:]
	return strings.Trim(prefix, base62+"_") == "" && strings.Trim(rest, base62) == "" &&
		checksum(text[:len(text)-6]) == text[len(text)-6:]
}

func checksum(text string) string {
	sum, digits := crc32.ChecksumIEEE([]byte(text)), make([]byte, 6)
	for i := 5; i >= 0; i, sum = i-1, sum/62 {
		digits[i] = base62[sum%62]
	}
	return string(digits)
}

func hourIn(text string) (hour authz.Hour) {
	for _, digit := range text[len(text)-53 : len(text)-49] {
		hour = hour*62 + authz.Hour(strings.IndexRune(base62, digit))
	}
	return hour
}
