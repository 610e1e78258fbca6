package authz

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// Bounds of a client's fields.
const (
	MaxNameLength = 200 // characters
	MaxLabels     = 20
	MaxSecrets    = 10 // secrets of one client at a time
	MinTokenTTL   = time.Second
)

// ClientID is a client's identifier: a UUIDv4 (RFC 9562) in lower case,
// chosen by the server.
type ClientID string

// ParseClientID reads a UUID in its canonical lower-case form.
func ParseClientID(s string) (ClientID, error) {
	const form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	ok := len(s) == len(form)
	for i := 0; ok && i < len(form); i++ {
		if form[i] == '-' {
			ok = s[i] == '-'
		} else {
			ok = s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'f'
		}
	}
	if !ok {
		return "", fmt.Errorf("client id %.60q is not a UUID in lower case", s)
	}
	return ClientID(s), nil
}

// GrantType is how a token is asked for (RFC 6749 section 1.3).
type GrantType string

// GrantClientCredentials is the only grant type there is (RFC 6749 section 4.4).
const GrantClientCredentials GrantType = "client_credentials"

// Status says whether a client may act.
type Status string

// The states of a client. Revoked is final.
const (
	StatusActive   Status = "active"
	StatusDisabled Status = "disabled"
	StatusRevoked  Status = "revoked"
)

// constant returns the status with the letters of the constant, which compare
// without a look at those that were read with the client.
func (s Status) constant() Status {
	for _, known := range []Status{StatusActive, StatusDisabled, StatusRevoked} {
		if s == known {
			return known
		}
	}
	return s
}

// Client is a registered machine (RFC 6749 section 2).
type Client struct {
	ID             ClientID
	Name           string
	AllowedGrants  []GrantType
	AllowedScopes  *ScopeSet
	Confidential   bool
	OwnerType      string // with OwnerID, or both empty
	OwnerID        string
	AccessTokenTTL time.Duration // 0: the server's default
	IssueLimit     IssueLimit    // zero: none
	MaxLiveTokens  int           // cap on living tokens, up to MaxLiveTokens; 0: none
	Addresses      Addresses     // where it may act from; none: anywhere
	Labels         map[string]string
	ManagedBy      string // the set of declared clients that made it, see Registry.Apply; empty: made by hand
	Status         Status
	CreatedAt      time.Time
	LastUsedAt     time.Time // zero: never
	Secrets        []Secret
	// SecretsDeclared: the secrets are as a set of declared clients said, and
	// were not changed by hand since.
	SecretsDeclared bool

	// Generation rises with every revocation or disabling; a token lives only
	// while it carries its client's current one.
	Generation uint64
	// TokensNotBefore, when set, ends all tokens issued before it (whole seconds).
	TokensNotBefore time.Time
	// Version counts the record's changes, for compare-and-swap; 0: not stored.
	Version uint64
}

// Secret is one credential of a client, as stored: never its text.
type Secret struct {
	ID         string
	Hash       [32]byte // HMAC-SHA-256 of the text under the key HashKeyID
	HashKeyID  string
	Preview    string // the first characters of the text, to tell secrets apart
	CreatedAt  time.Time
	ExpiresAt  time.Time // zero: never
	LastUsedAt time.Time // zero: never
	// First tells it from others however often its hash key changes: SHA-256 of
	// the key id and hash that it was first kept under. Zero: it is there still.
	First [32]byte
	// Warned is the time before its end at which that end was announced last;
	// 0: not yet.
	Warned time.Duration
}

// Live reports whether the secret may still be used at now.
func (s *Secret) Live(now time.Time) bool {
	return s.ExpiresAt.IsZero() || now.Before(s.ExpiresAt)
}

// Clone returns a deep copy.
func (c Client) Clone() Client {
	c.AllowedGrants = slices.Clone(c.AllowedGrants)
	c.Secrets = slices.Clone(c.Secrets)
	c.Addresses = slices.Clone(c.Addresses)
	if c.Labels != nil {
		labels := make(map[string]string, len(c.Labels))
		maps.Copy(labels, c.Labels)
		c.Labels = labels
	}
	return c
}

// MayUse reports whether the client may ask for tokens by this grant type.
func (c *Client) MayUse(grant GrantType) bool { return slices.Contains(c.AllowedGrants, grant) }

// FieldError names the field of a request that is wrong, and why.
type FieldError struct {
	Field   string
	Problem string
}

// Error implements error.
func (e *FieldError) Error() string { return e.Field + ": " + e.Problem }

var (
	ownerPattern = regexp.MustCompile(`^[A-Za-z0-9._:@/-]{1,128}$`)
	labelPattern = regexp.MustCompile(`^[A-Za-z0-9._/-]{1,63}$`)
)

// Validate checks the fields that a caller chooses; maxTTL is the longest
// token lifetime allowed. The error is a *FieldError.
func (c *Client) Validate(maxTTL time.Duration) error {
	if err := validateName(c.Name); err != nil {
		return err
	}
	if len(c.AllowedGrants) == 0 {
		return &FieldError{"allowed_grants", "is empty; use [client_credentials]"}
	}
	for i, g := range c.AllowedGrants {
		if g != GrantClientCredentials {
			return &FieldError{"allowed_grants", fmt.Sprintf("unknown grant type %.60q; known: client_credentials", string(g))}
		}
		if slices.Contains(c.AllowedGrants[:i], g) {
			return &FieldError{"allowed_grants", "holds a grant type twice"}
		}
	}
	if c.AllowedScopes.Len() > MaxScopes {
		return &FieldError{"allowed_scopes", fmt.Sprintf("holds more than %d scopes", MaxScopes)}
	}
	if err := validateOwner(c.OwnerType, c.OwnerID); err != nil {
		return err
	}
	if ttl := c.AccessTokenTTL; ttl != 0 && (ttl < MinTokenTTL || ttl > maxTTL) {
		return &FieldError{"access_token_ttl", fmt.Sprintf("is %s; it must be from %s to %s", ttl, MinTokenTTL, maxTTL)}
	}
	if l := c.IssueLimit; l != (IssueLimit{}) && !l.valid() {
		return &FieldError{"issue_limit", fmt.Sprintf("must be 1 to %d in a second, a minute or an hour, such as 100/h", MaxIssueLimit)}
	}
	if n := c.MaxLiveTokens; n < 0 || n > MaxLiveTokens {
		return &FieldError{"max_live_tokens", fmt.Sprintf("is %d; it must be from 1 to %d, or 0 for no cap", n, MaxLiveTokens)}
	}
	if err := c.Addresses.check(); err != nil {
		return &FieldError{"addresses", err.Error()}
	}
	return validateLabels(c.Labels)
}

func validateName(name string) error {
	if n := utf8.RuneCountInString(name); n < 1 || n > MaxNameLength || !utf8.ValidString(name) {
		return &FieldError{"name", fmt.Sprintf("must be 1 to %d printable characters", MaxNameLength)}
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return &FieldError{"name", fmt.Sprintf("holds the unprintable character %U", r)}
		}
	}
	return nil
}

func validateOwner(ownerType, ownerID string) error {
	if ownerType == "" && ownerID == "" {
		return nil
	}
	if !ownerPattern.MatchString(ownerType) {
		return &FieldError{"owner_type", "must be 1 to 128 of A-Za-z0-9._:@/- (owner_type and owner_id go together)"}
	}
	if !ownerPattern.MatchString(ownerID) {
		return &FieldError{"owner_id", "must be 1 to 128 of A-Za-z0-9._:@/- (owner_type and owner_id go together)"}
	}
	return nil
}

func validateLabels(labels map[string]string) error {
	if len(labels) > MaxLabels {
		return &FieldError{"labels", fmt.Sprintf("holds more than %d labels", MaxLabels)}
	}
	for k, v := range labels {
		if !labelPattern.MatchString(k) || v != "" && !labelPattern.MatchString(v) {
			return &FieldError{"labels", "a label is 1 to 63 of A-Za-z0-9._/- with a value of the same or empty"}
		}
	}
	return nil
}
