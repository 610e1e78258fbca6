package authz

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"hash/crc32"
	"io"
	"log/slog"
	"regexp"
	"strings"
	"time"
	"unsafe"
)

// The texts that travel are prefix + body + checksum in base62 (0-9A-Za-z);
// the checksum is CRC-32 (IEEE) of all before it, six digits padded with "0".
const (
	alphabet       = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	randomLength   = 43 // base62 digits: 256 bits
	hourLength     = 4  // base62 digits: hours up to the year 3655
	checksumLength = 6

	// SecretPrefix begins every client secret.
	SecretPrefix = "spocs_"
	// DefaultTokenPrefix begins every bearer token unless oauth.token_prefix says otherwise.
	DefaultTokenPrefix = "spoat_"
	// MaxTokenPrefix is the longest token prefix in bytes.
	MaxTokenPrefix = 16

	tokenBody = hourLength + randomLength + checksumLength
	redacted  = "[redacted]"
)

// BearerToken is the text of an access token as it travels. It prints itself
// as [redacted]; Text is the only way to its letters.
type BearerToken struct{ text string }

// Text returns the letters, for the one answer that carries them.
func (t BearerToken) Text() string { return t.text }

// String implements fmt.Stringer.
func (BearerToken) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (BearerToken) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler.
func (BearerToken) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (BearerToken) LogValue() slog.Value { return slog.StringValue(redacted) }

// SecretText is the text of a client secret. It prints itself as [redacted].
type SecretText struct{ text string }

// NewSecretText wraps what a caller presented as a secret.
func NewSecretText(s string) SecretText { return SecretText{s} }

// Text returns the letters, for the one answer that carries them.
func (s SecretText) Text() string { return s.text }

// String implements fmt.Stringer.
func (SecretText) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (SecretText) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler.
func (SecretText) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (SecretText) LogValue() slog.Value { return slog.StringValue(redacted) }

// Preview returns the first characters of a secret, to tell secrets apart: of
// what is none, nothing.
func (s SecretText) Preview() string {
	if len(s.text) < previewLength {
		return ""
	}
	return s.text[:previewLength]
}

// TokenHash is the SHA-256 of a bearer token: all that the store knows of it.
type TokenHash [sha256.Size]byte

// TokenID is a token's public name: the first 16 hex digits of its hash.
type TokenID string

var tokenIDPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)

// ParseTokenID reads a token id; ok is false for anything else.
func ParseTokenID(s string) (id TokenID, ok bool) {
	return TokenID(s), tokenIDPattern.MatchString(s)
}

// ID returns the token's public name.
func (h TokenHash) ID() TokenID { return TokenID(hex.EncodeToString(h[:8])) }

// AppendID appends the token's public name to dst without allocating more.
func (h TokenHash) AppendID(dst []byte) []byte { return hex.AppendEncode(dst, h[:8]) }

// Hour counts hours since the Unix epoch. A token's Hour is the one in which
// it expires: the store keeps and drops tokens by it.
type Hour uint32

// HourOf returns the hour that holds t.
func HourOf(t time.Time) Hour { return Hour(t.Unix() / 3600) }

// End returns the first instant after the hour.
func (h Hour) End() time.Time { return time.Unix((int64(h)+1)*3600, 0).UTC() }

// TokenKey finds a token in the store.
type TokenKey struct {
	Hash TokenHash
	Hour Hour
}

// ParseToken checks the shape and the checksum of a bearer token and returns
// its key. It neither allocates nor touches a store, so that garbage costs
// nothing. ok is false for whatever this server cannot have issued.
//
// Any prefix of up to MaxTokenPrefix letters is taken, so that changing
// oauth.token_prefix does not end the tokens already issued.
func ParseToken(text string) (key TokenKey, ok bool) {
	if len(text) < tokenBody || len(text) > tokenBody+MaxTokenPrefix {
		return TokenKey{}, false
	}
	prefix, body := text[:len(text)-tokenBody], text[len(text)-tokenBody:]
	for i := range len(prefix) {
		if digits[prefix[i]] < 0 && prefix[i] != '_' {
			return TokenKey{}, false
		}
	}
	if !areDigits(body) || !checksumHolds(text) {
		return TokenKey{}, false
	}
	var hour Hour
	for i := range hourLength {
		hour = hour*62 + Hour(digits[body[i]])
	}
	key.Hour, key.Hash = hour, sha256.Sum256(bytesOf(text))
	return key, true
}

// areDigits reports whether all bytes are base62 digits: eight at a time, since
// counting them one by one costs more than looking at them.
func areDigits(s string) bool {
	var all int8 // below zero once a byte is no digit
	for ; len(s) >= 8; s = s[8:] {
		all |= digits[s[0]] | digits[s[1]] | digits[s[2]] | digits[s[3]] |
			digits[s[4]] | digits[s[5]] | digits[s[6]] | digits[s[7]]
	}
	for i := range len(s) {
		all |= digits[s[i]]
	}
	return all >= 0
}

// newToken makes the text of a token that expires in the given hour.
func newToken(prefix string, hour Hour, random io.Reader) (BearerToken, TokenKey, error) {
	b := make([]byte, 0, len(prefix)+tokenBody)
	b = append(b, prefix...)
	var h [hourLength]byte
	for i, v := hourLength-1, uint32(hour); i >= 0; i, v = i-1, v/62 {
		h[i] = alphabet[v%62]
	}
	b = append(b, h[:]...)
	b, err := appendRandom(b, random)
	if err != nil {
		return BearerToken{}, TokenKey{}, err
	}
	b = appendChecksum(b)
	return BearerToken{string(b)}, TokenKey{Hour: hour, Hash: sha256.Sum256(b)}, nil
}

// NewSecret makes the text of a client secret. A nil random is crypto/rand.
func NewSecret(random io.Reader) (SecretText, error) {
	b, err := appendRandom([]byte(SecretPrefix), random)
	if err != nil {
		return SecretText{}, err
	}
	return SecretText{string(appendChecksum(b))}, nil
}

// IsSecretText reports whether s has the shape and checksum of a client secret.
func IsSecretText(s string) bool {
	return len(s) == len(SecretPrefix)+randomLength+checksumLength && strings.HasPrefix(s, SecretPrefix) && checksumHolds(s)
}

// appendRandom appends randomLength base62 digits, each equally likely: bytes
// of 248 and more are drawn again, since 248 = 4*62. A nil random is crypto/rand.
func appendRandom(b []byte, random io.Reader) ([]byte, error) {
	if random == nil {
		random = rand.Reader
	}
	var pool [64]byte
	for n := 0; n < randomLength; {
		if _, err := io.ReadFull(random, pool[:]); err != nil {
			return nil, err
		}
		for _, c := range pool {
			if c < 248 && n < randomLength {
				b = append(b, alphabet[c%62])
				n++
			}
		}
	}
	return b, nil
}

func appendChecksum(b []byte) []byte {
	sum := crc32.ChecksumIEEE(b)
	var d [checksumLength]byte
	for i := checksumLength - 1; i >= 0; i-- {
		d[i] = alphabet[sum%62]
		sum /= 62
	}
	return append(b, d[:]...)
}

// checksumHolds reports whether the last six digits are the checksum of the rest.
func checksumHolds(text string) bool {
	n := len(text) - checksumLength
	if n <= 0 {
		return false
	}
	var sum uint64 // six digits may say more than 32 bits hold
	for i := n; i < len(text); i++ {
		d := digits[text[i]]
		if d < 0 {
			return false
		}
		sum = sum*62 + uint64(d)
	}
	return sum == uint64(crc32.ChecksumIEEE(bytesOf(text[:n])))
}

// bytesOf returns the bytes of s without a copy, for functions that only read
// them: a copy for the checksum would be an allocation per request.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// digits holds the value of each base62 digit, and -1 for every other byte.
var digits = func() (values [256]int8) {
	for i := range values {
		values[i] = int8(strings.IndexByte(alphabet, byte(i)))
	}
	return values
}()
