package authz

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"strings"
)

// WebhookKeyPrefix begins the text of every signing key.
const WebhookKeyPrefix = "whsec_"

// ErrWebhookKey: the text is no signing key.
var ErrWebhookKey = errors.New("want whsec_ and the base64 of 24 to 64 random bytes, as in `echo whsec_$(openssl rand -base64 32)`")

// WebhookKey signs what is sent to a webhook. It prints itself redacted.
type WebhookKey struct{ key []byte }

// ParseWebhookKey reads a key as Standard Webhooks writes it. The error is
// ErrWebhookKey, which does not repeat the text.
func ParseWebhookKey(text string) (WebhookKey, error) {
	encoded, ok := strings.CutPrefix(text, WebhookKeyPrefix)
	key, err := base64.StdEncoding.DecodeString(encoded)
	if !ok || err != nil || strings.ContainsAny(text, "\r\n") || // which the decoder skips
		len(key) < 24 || len(key) > 64 {
		return WebhookKey{}, ErrWebhookKey
	}
	return WebhookKey{key}, nil
}

// Sign returns the HMAC-SHA-256 of the parts, one after the other.
func (k WebhookKey) Sign(parts ...[]byte) []byte {
	mac := hmac.New(sha256.New, k.key)
	for _, p := range parts {
		mac.Write(p)
	}
	return mac.Sum(nil)
}

// String implements fmt.Stringer.
func (WebhookKey) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (WebhookKey) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler.
func (WebhookKey) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (WebhookKey) LogValue() slog.Value { return slog.StringValue(redacted) }
