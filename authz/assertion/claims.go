package assertion

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Type is the "typ" of an assertion (RFC 8725 section 3.11): no verifier that
// looks at it takes one for an access token or an ID token.
const Type = "principal-assertion+jwt"

// MaxTTL is the longest that an assertion may live.
const MaxTTL = time.Minute

// Claims are what an assertion says: who asks the audience for what, now.
type Claims struct {
	Issuer    string `json:"iss"`
	Audience  string `json:"aud"`
	Subject   string `json:"sub"` // the client's id, as in RFC 9068 section 2.2
	ClientID  string `json:"client_id"`
	Scope     string `json:"scope"` // RFC 8693 section 4.2: separated by spaces
	GrantType string `json:"grant_type"`
	OwnerType string `json:"owner_type,omitempty"`
	OwnerID   string `json:"owner_id,omitempty"`
	TokenID   string `json:"token_id"`
	RequestID string `json:"request_id"` // may be of the caller's choosing
	Method    string `json:"htm"`        // RFC 9449 section 4.2
	Path      string `json:"htu"`        // as the audience sees it, without the query

	// Set by Sign.
	ID        string `json:"jti"` // 130 random bits
	IssuedAt  int64  `json:"iat"` // Unix seconds
	ExpiresAt int64  `json:"exp"` // Unix seconds
}

// appendSigned appends the claims in compact serialization (RFC 7515 section
// 7.1), good from now for the given whole seconds.
func (k *Keys) appendSigned(b []byte, c *Claims, now time.Time, ttl time.Duration) ([]byte, error) {
	if ttl < time.Second || ttl > MaxTTL {
		return b, fmt.Errorf("an assertion of %s; it lives from 1s to %s", ttl, MaxTTL)
	}
	if c.Audience == "" || c.Subject == "" || c.Method == "" || c.Path == "" {
		return b, errors.New("an assertion without audience, subject, method or path would be good for any")
	}
	c.ID, c.IssuedAt = rand.Text(), now.Unix()
	c.ExpiresAt = c.IssuedAt + int64(ttl/time.Second)
	payload, err := json.Marshal(c)
	if err != nil {
		return b, fmt.Errorf("write claims: %w", err)
	}
	signs, begin := k.signing(now), len(b)
	out := append(b, signs.header...)
	out = base64.RawURLEncoding.AppendEncode(out, payload)
	input := out[begin:]
	if out, err = signs.appendSignature(append(out, '.'), input); err != nil {
		return b, err
	}
	return out, nil
}
