package authz

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
)

// SigningKeyPrefix begins the text of every signing key.
const SigningKeyPrefix = "whsec_"

// ErrSigningKey: the text is no signing key.
var ErrSigningKey = errors.New("want whsec_ and the base64 of 24 to 64 random bytes, as in `echo whsec_$(openssl rand -base64 32)`")

// SigningKey signs what is sent to a webhook. It prints itself redacted.
type SigningKey struct{ key []byte }

// ParseSigningKey reads a key as Standard Webhooks writes it. The error is
// ErrSigningKey, which does not repeat the text.
func ParseSigningKey(text string) (SigningKey, error) {
	encoded, ok := strings.CutPrefix(text, SigningKeyPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || strings.ContainsAny(text, "\r\n") || // which the decoder skips
		len(key) < 24 || len(key) > 64 {
		return SigningKey{}, ErrSigningKey
	}
	return SigningKey{key}, nil
}

// Sign returns the HMAC-SHA-256 of the parts, one after the other.
func (k SigningKey) Sign(parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, k.key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// String implements fmt.Stringer.
func (SigningKey) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (SigningKey) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler.
func (SigningKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (SigningKey) LogValue() slog.Value { return slog.StringValue(redacted) }
