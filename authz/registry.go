package authz

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
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

// Create registers a client and returns its one secret, which is never shown
// again. The error of a bad field is a *FieldError; nothing is stored then.
func (r *Registry) Create(ctx context.Context, n Registration, by By) (Client, SecretText, error) {
	if err := by.Check(); err != nil {
		return Client{}, SecretText{}, err
	}
	now := r.Now().UTC().Truncate(time.Millisecond)
	c, u := Client{Status: StatusActive, CreatedAt: now, Generation: 1}, n.update()
	if _, err := r.apply(&c, &u); err != nil {
		return Client{}, SecretText{}, err
	}
	if err := c.Validate(r.Policy.Load().MaxTokenTTL); err != nil {
		return Client{}, SecretText{}, err
	}
	id, err := r.newID()
	if err != nil {
		return Client{}, SecretText{}, err
	}
	c.ID = id
	r.hashing.RLock()
	defer r.hashing.RUnlock()
	text, err := r.addSecret(&c, now)
	if err != nil {
		return Client{}, SecretText{}, err
	}
	ch := by.change(EventClientCreated)
	ch.At = now
	ch.SecretID = c.Secrets[0].ID
	ch.say(describe(&c)...)
	c, err = r.Store.PutClient(ctx, c, ch)
	if err != nil {
		return Client{}, SecretText{}, fmt.Errorf("register client: %w", err)
	}
	return c, text, nil
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
	text, err := NewSecret(r.Random)
	if err != nil {
		return SecretText{}, fmt.Errorf("make a secret: %w", err)
	}
	hash, keyID := r.Keys.Keys().Hash(text)
	c.Secrets = append(c.Secrets, Secret{
		ID: fmt.Sprintf("s%d", c.Version+1), Hash: hash, HashKeyID: keyID, Preview: text.Preview(), CreatedAt: now,
	})
	return text, nil
}

// change reads, edits and writes a client, again after a conflict.
func (r *Registry) change(ctx context.Context, id ClientID, ch Change, edit func(*Client, *Change) error) (Client, error) {
	if err := ch.by().Check(); err != nil {
		return Client{}, err
	}
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

// Update changes fields of a client. A scope taken from it ends in its tokens
// at once; a scope given reaches only new tokens.
func (r *Registry) Update(ctx context.Context, id ClientID, u Update, by By) (Client, error) {
	return r.change(ctx, id, by.change(EventClientUpdated), func(c *Client, ch *Change) error {
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
		ch.say(fields...)
		return c.Validate(r.Policy.Load().MaxTokenTTL)
	})
}

// Rotate gives the client a new secret, returned once. The secrets before it
// end at once, or after overlap (0 to 90 days). Tokens already issued stay.
func (r *Registry) Rotate(ctx context.Context, id ClientID, overlap time.Duration, by By) (Client, SecretText, error) {
	if overlap < 0 || overlap > 90*24*time.Hour {
		return Client{}, SecretText{}, &FieldError{"overlap", "must be from 0s to 2160h"}
	}
	r.hashing.RLock()
	defer r.hashing.RUnlock()
	var text SecretText
	c, err := r.change(ctx, id, by.change(EventSecretRotated), func(c *Client, ch *Change) (err error) {
		if c.Status == StatusRevoked {
			return ErrRevoked
		}
		ended := endSecrets(c, ch.At, overlap)
		if len(c.Secrets) >= MaxSecrets {
			return &FieldError{"overlap", fmt.Sprintf("the client has %d living secrets already; rotate without overlap or remove one", MaxSecrets)}
		}
		if text, err = r.addSecret(c, ch.At); err != nil {
			return err
		}
		c.SecretsDeclared = false
		ch.SecretID = c.Secrets[len(c.Secrets)-1].ID
		ch.say(append([]string{"new secret " + ch.SecretID}, ended...)...)
		return nil
	})
	if err != nil {
		return Client{}, SecretText{}, err
	}
	return c, text, nil
}

// endSecrets lets the living secrets end after overlap and drops dead ones. It
// says what became of each that it changed.
func endSecrets(c *Client, now time.Time, overlap time.Duration) (ended []string) {
	end := now.Add(overlap)
	for i := range c.Secrets {
		s := &c.Secrets[i]
		if !s.ExpiresAt.IsZero() && !s.ExpiresAt.After(end) {
			continue
		}
		s.ExpiresAt, s.Warned = end, 0
		if s.Live(now) {
			ended = append(ended, fmt.Sprintf("secret %s ends at %s", s.ID, end.UTC().Format(time.RFC3339)))
		}
	}
	c.Secrets = slices.DeleteFunc(c.Secrets, func(s Secret) bool {
		if !s.Live(now) {
			ended = append(ended, "secret "+s.ID+" removed")
		}
		return !s.Live(now)
	})
	return ended
}

// Revoke ends a client for good: its generation rises, so that all its tokens
// are dead in the same instant, and its secrets go. Repeating it is no error.
func (r *Registry) Revoke(ctx context.Context, id ClientID, by By) (Client, error) {
	return r.change(ctx, id, by.change(EventClientRevoked), func(c *Client, ch *Change) error {
		if c.Status == StatusRevoked {
			return errUnchanged
		}
		ch.say(fromTo("status", string(c.Status), string(StatusRevoked)), fmt.Sprintf("all tokens end; %d secret(s) removed", len(c.Secrets)))
		c.Status, c.Secrets = StatusRevoked, nil
		c.Generation++
		return nil
	})
}

// Disable ends all tokens of a client and refuses new ones until Enable.
func (r *Registry) Disable(ctx context.Context, id ClientID, by By) (Client, error) {
	return r.change(ctx, id, by.change(EventClientDisabled), func(c *Client, ch *Change) error {
		switch c.Status {
		case StatusRevoked:
			return ErrRevoked
		case StatusDisabled:
			return errUnchanged
		}
		ch.say(fromTo("status", string(c.Status), string(StatusDisabled)), "all tokens end")
		c.Status = StatusDisabled
		c.Generation++
		return nil
	})
}

// Enable lets a disabled client ask for tokens again; old tokens stay dead.
func (r *Registry) Enable(ctx context.Context, id ClientID, by By) (Client, error) {
	return r.change(ctx, id, by.change(EventClientEnabled), func(c *Client, ch *Change) error {
		switch c.Status {
		case StatusRevoked:
			return ErrRevoked
		case StatusActive:
			return errUnchanged
		}
		ch.say(fromTo("status", string(c.Status), string(StatusActive)))
		c.Status = StatusActive
		return nil
	})
}

// RemoveSecret ends one secret at once. The last living one goes only by force.
func (r *Registry) RemoveSecret(ctx context.Context, id ClientID, secretID string, force bool, by By) (Client, error) {
	return r.change(ctx, id, by.change(EventSecretRemoved), func(c *Client, ch *Change) error {
		i := slices.IndexFunc(c.Secrets, func(s Secret) bool { return s.ID == secretID })
		if i < 0 {
			return fmt.Errorf("secret %.40q: %w", secretID, ErrNotFound)
		}
		c.Secrets = slices.Delete(c.Secrets, i, i+1)
		c.SecretsDeclared = false
		ch.SecretID = secretID
		ch.say("secret " + secretID + " removed")
		if !force && !slices.ContainsFunc(c.Secrets, func(s Secret) bool { return s.Live(ch.At) }) {
			return &FieldError{"secret", "is the client's last; rotate first, or remove it by force"}
		}
		return nil
	})
}
