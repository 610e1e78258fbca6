package authz

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

// Registry is the life of clients: registered, changed, rotated, disabled,
// revoked. Every method is durable when it returns nil, and appends one event
// to the control log.
type Registry struct {
	Store  Store
	Keys   *KeyRing
	Policy *CurrentPolicy
	Now    func() time.Time
	Random io.Reader // nil: crypto/rand
	// SaveKeys keeps the hash keys next in place of those in force, durably;
	// nil: they are fixed.
	SaveKeys func(inForce, next *HashKeys) error

	// hashing is held for reading from the moment a secret is hashed until it
	// is stored, and for writing while keys change.
	hashing sync.RWMutex
}

// ErrRevoked: the client was revoked and cannot come back.
var ErrRevoked = errors.New("client is revoked")

// previewLength is how many characters of a secret its preview shows: the
// prefix and four more, of 43.
const previewLength = len(SecretPrefix) + 4

// retries bounds how often a change is tried again after ErrConflict.
const retries = 16

// NewClient is what a registration asks for.
type NewClient struct {
	Name           string
	AllowedGrants  []GrantType // nil: client_credentials
	AllowedScopes  []Scope
	Confidential   bool
	OwnerType      string
	OwnerID        string
	AccessTokenTTL time.Duration
	IssueLimit     IssueLimit
	Addresses      Addresses
	Labels         map[string]string
	Actor          string
}

// Create registers a client and returns its one secret, which is never shown
// again. The error of a bad field is a *FieldError; nothing is stored then.
func (r *Registry) Create(ctx context.Context, n NewClient) (Client, SecretText, error) {
	if n.AllowedGrants == nil {
		n.AllowedGrants = []GrantType{GrantClientCredentials}
	}
	scopes, err := r.grantable(n.AllowedScopes)
	if err != nil {
		return Client{}, SecretText{}, err
	}
	now := r.Now().UTC().Truncate(time.Millisecond)
	c := Client{
		Name: n.Name, AllowedGrants: n.AllowedGrants, AllowedScopes: scopes, Confidential: n.Confidential,
		OwnerType: n.OwnerType, OwnerID: n.OwnerID, AccessTokenTTL: n.AccessTokenTTL, Labels: n.Labels,
		IssueLimit: n.IssueLimit, Addresses: n.Addresses,
		Status: StatusActive, CreatedAt: now, Generation: 1,
	}
	if err := c.Validate(r.Policy.Load().MaxTokenTTL); err != nil {
		return Client{}, SecretText{}, err
	}
	if c.ID, err = r.newID(); err != nil {
		return Client{}, SecretText{}, err
	}
	r.hashing.RLock()
	defer r.hashing.RUnlock()
	text, err := r.addSecret(&c, now)
	if err != nil {
		return Client{}, SecretText{}, err
	}
	c, err = r.Store.PutClient(ctx, c, Change{Kind: EventClientCreated, At: now, Actor: n.Actor, Detail: describe(&c)})
	if err != nil {
		return Client{}, SecretText{}, fmt.Errorf("register client: %w", err)
	}
	return c, text, nil
}

func describe(c *Client) string {
	return fmt.Sprintf("name %q, scopes %q", c.Name, c.AllowedScopes)
}

// grantable turns asked scopes into a set of catalogued ones, each named once.
func (r *Registry) grantable(asked []Scope) (*ScopeSet, error) {
	policy := r.Policy.Load()
	for i, s := range asked {
		if _, err := ParseScope(string(s)); err != nil {
			return nil, &FieldError{"allowed_scopes", err.Error()}
		}
		if !policy.Knows(s) {
			return nil, &FieldError{"allowed_scopes", fmt.Sprintf("scope %q is not in the catalogue", string(s))}
		}
		if slices.Contains(asked[:i], s) {
			return nil, &FieldError{"allowed_scopes", fmt.Sprintf("scope %q stands twice", string(s))}
		}
	}
	return NewScopeSet(asked...), nil
}

// newID makes a UUIDv4 (RFC 9562 section 5.4).
func (r *Registry) newID() (ClientID, error) {
	random := r.Random
	if random == nil {
		random = rand.Reader
	}
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make a client id: %w", err)
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return ClientID(fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:])), nil
}

// addSecret gives the client a new secret. Its id comes from the version that
// the change will have, so that no id is ever used twice.
func (r *Registry) addSecret(c *Client, now time.Time) (SecretText, error) {
	text, err := newSecretText(r.Random)
	if err != nil {
		return SecretText{}, fmt.Errorf("make a secret: %w", err)
	}
	hash, keyID := r.Keys.Keys().Hash(text)
	c.Secrets = append(c.Secrets, Secret{
		ID: fmt.Sprintf("s%d", c.Version+1), Hash: hash, HashKeyID: keyID, Preview: text.text[:previewLength], CreatedAt: now,
	})
	return text, nil
}

// change reads, edits and writes a client, again after a conflict.
func (r *Registry) change(ctx context.Context, id ClientID, ch Change, edit func(*Client, *Change) error) (Client, error) {
	for range retries {
		c, err := r.Store.Client(ctx, id)
		if err != nil {
			return Client{}, fmt.Errorf("read client %s: %w", id, err)
		}
		ch.At = r.Now().UTC().Truncate(time.Millisecond)
		if err := edit(&c, &ch); err != nil {
			if errors.Is(err, errUnchanged) {
				return c, nil
			}
			return Client{}, err
		}
		stored, err := r.Store.PutClient(ctx, c, ch)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return Client{}, fmt.Errorf("%s %s: %w", ch.Kind, id, err)
		}
		return stored, nil
	}
	return Client{}, fmt.Errorf("%s %s: %w", ch.Kind, id, ErrConflict)
}

// errUnchanged: the client already is as asked, so nothing is written.
var errUnchanged = errors.New("unchanged")

// Update names what a change sets; nil fields stay.
type Update struct {
	Name           *string
	AllowedGrants  *[]GrantType
	AllowedScopes  *[]Scope
	Confidential   *bool
	OwnerType      *string
	OwnerID        *string
	AccessTokenTTL *time.Duration
	IssueLimit     *IssueLimit
	Addresses      *Addresses
	Labels         *map[string]string
	Actor          string
}

// Update changes fields of a client. A scope taken from it ends in its tokens
// at once; a scope given reaches only new tokens.
func (r *Registry) Update(ctx context.Context, id ClientID, u Update) (Client, error) {
	ch := Change{Kind: EventClientUpdated, Actor: u.Actor}
	return r.change(ctx, id, ch, func(c *Client, ch *Change) error {
		if c.Status == StatusRevoked {
			return ErrRevoked
		}
		fields, err := r.apply(c, &u)
		if err != nil {
			return err
		}
		if len(fields) == 0 {
			return errUnchanged
		}
		ch.Detail = "set " + strings.Join(fields, ", ")
		return c.Validate(r.Policy.Load().MaxTokenTTL)
	})
}

// apply sets the asked fields and names them.
func (r *Registry) apply(c *Client, u *Update) (fields []string, err error) {
	if u.AllowedScopes != nil {
		if c.AllowedScopes, err = r.grantable(*u.AllowedScopes); err != nil {
			return nil, err
		}
		fields = append(fields, fmt.Sprintf("allowed_scopes to %q", c.AllowedScopes))
	}
	fields = set(fields, "name", &c.Name, u.Name)
	fields = set(fields, "allowed_grants", &c.AllowedGrants, u.AllowedGrants)
	fields = set(fields, "confidential", &c.Confidential, u.Confidential)
	fields = set(fields, "owner_type", &c.OwnerType, u.OwnerType)
	fields = set(fields, "owner_id", &c.OwnerID, u.OwnerID)
	fields = set(fields, "access_token_ttl", &c.AccessTokenTTL, u.AccessTokenTTL)
	fields = set(fields, "issue_limit", &c.IssueLimit, u.IssueLimit)
	fields = set(fields, "addresses", &c.Addresses, u.Addresses)
	fields = set(fields, "labels", &c.Labels, u.Labels)
	return fields, nil
}

func set[T any](fields []string, name string, field *T, value *T) []string {
	if value == nil {
		return fields
	}
	*field = *value
	return append(fields, name)
}

// Rotate gives the client a new secret, returned once. The secrets before it
// end at once, or after overlap (0 to 90 days). Tokens already issued stay.
func (r *Registry) Rotate(ctx context.Context, id ClientID, overlap time.Duration, actor string) (Client, SecretText, error) {
	if overlap < 0 || overlap > 90*24*time.Hour {
		return Client{}, SecretText{}, &FieldError{"overlap", "must be from 0s to 2160h"}
	}
	r.hashing.RLock()
	defer r.hashing.RUnlock()
	var text SecretText
	ch := Change{Kind: EventSecretRotated, Actor: actor}
	c, err := r.change(ctx, id, ch, func(c *Client, ch *Change) (err error) {
		if c.Status == StatusRevoked {
			return ErrRevoked
		}
		endSecrets(c, ch.At, overlap)
		if len(c.Secrets) >= MaxSecrets {
			return &FieldError{"overlap", fmt.Sprintf("the client has %d living secrets already; rotate without overlap or remove one", MaxSecrets)}
		}
		if text, err = r.addSecret(c, ch.At); err != nil {
			return err
		}
		ch.Detail = fmt.Sprintf("new secret %s, older ones end after %s", c.Secrets[len(c.Secrets)-1].ID, overlap)
		return nil
	})
	if err != nil {
		return Client{}, SecretText{}, err
	}
	return c, text, nil
}

// endSecrets lets the living secrets end after overlap and drops dead ones.
func endSecrets(c *Client, now time.Time, overlap time.Duration) {
	end := now.Add(overlap)
	for i := range c.Secrets {
		if s := &c.Secrets[i]; s.ExpiresAt.IsZero() || s.ExpiresAt.After(end) {
			s.ExpiresAt = end
		}
	}
	c.Secrets = slices.DeleteFunc(c.Secrets, func(s Secret) bool { return !s.Live(now) })
}

// Revoke ends a client for good: its generation rises, so that all its tokens
// are dead in the same instant, and its secrets go. Repeating it is no error.
func (r *Registry) Revoke(ctx context.Context, id ClientID, actor string) (Client, error) {
	return r.change(ctx, id, Change{Kind: EventClientRevoked, Actor: actor}, func(c *Client, _ *Change) error {
		if c.Status == StatusRevoked {
			return errUnchanged
		}
		c.Status, c.Secrets = StatusRevoked, nil
		c.Generation++
		return nil
	})
}

// Disable ends all tokens of a client and refuses new ones until Enable.
func (r *Registry) Disable(ctx context.Context, id ClientID, actor string) (Client, error) {
	return r.change(ctx, id, Change{Kind: EventClientDisabled, Actor: actor}, func(c *Client, _ *Change) error {
		switch c.Status {
		case StatusRevoked:
			return ErrRevoked
		case StatusDisabled:
			return errUnchanged
		}
		c.Status = StatusDisabled
		c.Generation++
		return nil
	})
}

// Enable lets a disabled client ask for tokens again; old tokens stay dead.
func (r *Registry) Enable(ctx context.Context, id ClientID, actor string) (Client, error) {
	return r.change(ctx, id, Change{Kind: EventClientEnabled, Actor: actor}, func(c *Client, _ *Change) error {
		switch c.Status {
		case StatusRevoked:
			return ErrRevoked
		case StatusActive:
			return errUnchanged
		}
		c.Status = StatusActive
		return nil
	})
}

// RevokeTokens ends all tokens of a client that were issued before the given
// instant (zero: all until now), without touching the client otherwise.
func (r *Registry) RevokeTokens(ctx context.Context, id ClientID, issuedBefore time.Time, actor string) (Client, error) {
	return r.change(ctx, id, Change{Kind: EventTokensRevoked, Actor: actor}, func(c *Client, ch *Change) error {
		if issuedBefore.IsZero() {
			c.Generation++
			ch.Detail = "all tokens"
			return nil
		}
		if issuedBefore.After(ch.At.Add(time.Second)) {
			return &FieldError{"issued_before", "lies in the future"}
		}
		cut := issuedBefore.UTC().Truncate(time.Second)
		if !cut.After(c.TokensNotBefore) {
			return errUnchanged
		}
		c.TokensNotBefore = cut
		ch.Detail = "tokens issued before " + cut.Format(time.RFC3339)
		return nil
	})
}

// RemoveSecret ends one secret at once. The last living one goes only by force.
func (r *Registry) RemoveSecret(ctx context.Context, id ClientID, secretID string, force bool, actor string) (Client, error) {
	ch := Change{Kind: EventSecretRemoved, Actor: actor, Detail: "secret " + secretID}
	return r.change(ctx, id, ch, func(c *Client, ch *Change) error {
		i := slices.IndexFunc(c.Secrets, func(s Secret) bool { return s.ID == secretID })
		if i < 0 {
			return fmt.Errorf("secret %.40q: %w", secretID, ErrNotFound)
		}
		c.Secrets = slices.Delete(c.Secrets, i, i+1)
		if !force && !slices.ContainsFunc(c.Secrets, func(s Secret) bool { return s.Live(ch.At) }) {
			return &FieldError{"secret", "is the client's last; rotate first, or remove it by force"}
		}
		return nil
	})
}
