package authz

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// ErrKeysFixed: the hash keys, or those that sign, cannot be changed from here.
var ErrKeysFixed = errors.New("the keys cannot be changed")

// maxKeyUsers is how many clients a refusal to retire names.
const maxKeyUsers = 20

// KeyUse says what a hash key is still needed for: secrets that may be used,
// of clients that are not revoked.
type KeyUse struct {
	ID      string
	Active  bool
	Secrets int
	Clients []KeyUser // in the order of ids
}

// KeyUser is a client with a secret under a key.
type KeyUser struct {
	ID   ClientID
	Name string
}

// KeyInUseError refuses to retire a key that secrets are still hashed under.
type KeyInUseError struct{ Use KeyUse }

// Error implements error: it names up to 20 clients and counts the rest.
func (e *KeyInUseError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "hash key %q still verifies %d secret(s) of %d client(s): ", e.Use.ID, e.Use.Secrets, len(e.Use.Clients))
	for i, u := range e.Use.Clients[:min(maxKeyUsers, len(e.Use.Clients))] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s (%q)", u.ID, u.Name)
	}
	if more := len(e.Use.Clients) - maxKeyUsers; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	b.WriteString("; a secret moves to the active key when it is next used")
	return b.String()
}

// KeyUses says of each key, oldest first, what it is needed for.
func (r *Registry) KeyUses(ctx context.Context) ([]KeyUse, error) {
	keys, now := r.Keys.Keys(), r.Now()
	uses := make([]KeyUse, len(keys.order))
	byID := map[string]*KeyUse{}
	for i, id := range keys.order {
		uses[i] = KeyUse{ID: id, Active: id == keys.active}
		byID[id] = &uses[i]
	}
	for q := (ClientQuery{Limit: 1000}); ; {
		page, err := r.Store.Clients(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("read clients: %w", err)
		}
		for i := range page.Clients {
			countKeys(&page.Clients[i], now, byID)
		}
		if q.After = page.Next; q.After == "" {
			return uses, nil
		}
	}
}

func countKeys(c *Client, now time.Time, byID map[string]*KeyUse) {
	for i := range c.Secrets {
		use := byID[c.Secrets[i].HashKeyID]
		if use == nil || !c.Secrets[i].Live(now) {
			continue
		}
		use.Secrets++
		if n := len(use.Clients); n == 0 || use.Clients[n-1].ID != c.ID {
			use.Clients = append(use.Clients, KeyUser{c.ID, c.Name})
		}
	}
}

// RotateKeys makes a new hash key, which is active once it is kept durably.
// The older ones go on verifying; each secret moves to the new one when it is
// next used (see Rehash). It returns the new key's id.
func (r *Registry) RotateKeys(ctx context.Context, by By) (string, error) {
	if err := by.Check(); err != nil {
		return "", err
	}
	r.hashing.Lock()
	defer r.hashing.Unlock()
	now, keys := r.Now().UTC().Truncate(time.Millisecond), r.Keys.Keys()
	id, err := r.newKeyID(now)
	if err != nil {
		return "", err
	}
	next, err := keys.WithNew(id, r.Random)
	if err != nil {
		return "", err
	}
	ch := by.change(EventKeysRotated)
	ch.At = now
	ch.say(fromTo("active hash key", keys.active, id))
	return id, r.exchangeKeys(ctx, next, ch)
}

// newKeyID names a key by its day, and by chance, so that no id comes back
// that a restored backup may still name.
func (r *Registry) newKeyID(now time.Time) (string, error) {
	random := r.Random
	if random == nil {
		random = rand.Reader
	}
	var b [4]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return "", fmt.Errorf("make a hash key's id: %w", err)
	}
	return "k" + now.Format("20060102") + "-" + hex.EncodeToString(b[:]), nil
}

// RetireKey drops a key that verifies nothing any more. It is a *KeyInUseError
// while a secret needs it, ErrNotFound where there is no such key, and a
// *FieldError for the active one.
func (r *Registry) RetireKey(ctx context.Context, id string, by By) error {
	if err := by.Check(); err != nil {
		return err
	}
	r.hashing.Lock() // so that no secret is being hashed under it
	defer r.hashing.Unlock()
	keys := r.Keys.Keys()
	if !slices.Contains(keys.order, id) {
		return fmt.Errorf("hash key %.40q: %w", id, ErrNotFound)
	}
	next, err := keys.Without(id)
	if err != nil {
		return &FieldError{"id", "is the active key; rotate first"}
	}
	uses, err := r.KeyUses(ctx)
	if err != nil {
		return err
	}
	for i := range uses {
		if uses[i].ID == id && uses[i].Secrets > 0 {
			return &KeyInUseError{uses[i]}
		}
	}
	ch := by.change(EventKeysRetired)
	ch.At = r.Now().UTC().Truncate(time.Millisecond)
	ch.say("hash key " + id + " dropped")
	return r.exchangeKeys(ctx, next, ch)
}

// exchangeKeys keeps the keys, then uses them, then notes it. What is in use
// is always on disk; the note comes last, since the file is what counts.
func (r *Registry) exchangeKeys(ctx context.Context, next *HashKeys, ch Change) error {
	if r.SaveKeys == nil {
		return ErrKeysFixed
	}
	if err := r.SaveKeys(r.Keys.Keys(), next); err != nil {
		return fmt.Errorf("keep the hash keys: %w", err)
	}
	r.Keys.Set(next)
	if err := r.Store.Note(context.WithoutCancel(ctx), ch); err != nil {
		return fmt.Errorf("the hash keys are changed, but the control log does not tell of it: %w", err)
	}
	return nil
}

// Rehash moves a secret that was just presented to the active key; nothing is
// written where it is there already, or is another secret now. It runs to its
// end whatever becomes of ctx, so that a late write cannot bring back a key
// that was retired meanwhile.
func (r *Registry) Rehash(ctx context.Context, id ClientID, secretID string, text SecretText) error {
	r.hashing.RLock()
	defer r.hashing.RUnlock()
	keys := r.Keys.Keys()
	ch := By{Actor: "client:" + string(id), Reason: "used while another hash key is active"}.change(EventSecretRehashed)
	_, err := r.change(context.WithoutCancel(ctx), id, ch, func(c *Client, ch *Change) error {
		for i := range c.Secrets {
			s := &c.Secrets[i]
			if s.ID != secretID || s.HashKeyID == keys.active || !keys.Matches(s, text) {
				continue
			}
			ch.SecretID = s.ID
			ch.say("secret " + s.ID + ": " + fromTo("hash key", s.HashKeyID, keys.active))
			if s.First == ([32]byte{}) {
				s.First = firstOf(s.HashKeyID, s.Hash)
			}
			s.Hash, s.HashKeyID = keys.Hash(text)
			return nil
		}
		return errUnchanged
	})
	return err
}
