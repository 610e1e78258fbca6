package assertion

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"scopegate/authz"
)

// ErrNoKeys: nothing has been signed yet, and so there are no keys.
var ErrNoKeys = errors.New("there are no signing keys: no upstream asks for principal_assertion")

// Keeper holds the keys in force, which are exchanged while requests run. Set
// its fields before its first use. Its methods may be called at the same time.
type Keeper struct {
	Now func() time.Time
	// Save keeps the keys durably; inForce (nil: none) is what it must find in
	// its place. If nil, the keys are fixed.
	Save func(inForce, next *Keys) error
	// Note writes a change into the control log; if nil, none is written.
	Note func(ctx context.Context, ch authz.Change) error

	current  atomic.Pointer[Keys]
	changing sync.Mutex
}

// Use puts keys in force that are kept already.
func (k *Keeper) Use(keys *Keys) { k.current.Store(keys) }

// Ready makes the first key if there is none.
func (k *Keeper) Ready(ctx context.Context) error {
	k.changing.Lock()
	defer k.changing.Unlock()
	if k.current.Load() != nil {
		return nil
	}
	now := k.Now()
	id := newKeyID(now)
	first, err := NewKeys(id, ES256, now)
	if err != nil {
		return err
	}
	return k.exchange(ctx, first, authz.EventKeysRotated, authz.By{Actor: "system"}, "signing key "+id+" is the first")
}

// AppendSigned appends the claims, signed and good from now for the given
// whole seconds, from 1 s to MaxTTL. It fills in ID, IssuedAt and ExpiresAt. It
// is ErrNoKeys before Ready or Use.
func (k *Keeper) AppendSigned(b []byte, c *Claims, ttl time.Duration) ([]byte, error) {
	keys := k.current.Load()
	if keys == nil {
		return b, ErrNoKeys
	}
	return keys.appendSigned(b, c, k.Now(), ttl)
}

// KeySet returns the JSON Web Key Set, nil while there are no keys.
func (k *Keeper) KeySet() []byte {
	if keys := k.current.Load(); keys != nil {
		return keys.KeySet()
	}
	return nil
}

// States tells of all keys, in the order in which they sign.
func (k *Keeper) States() []KeyState {
	if keys := k.current.Load(); keys != nil {
		return keys.States(k.Now())
	}
	return nil
}

// Rotate makes a new key and returns its id. It is published at once and signs
// after Lead; with atOnce it signs now, which verifiers that keep the key set
// may refuse until they ask again. It is a *authz.FieldError while another key
// waits for its time.
func (k *Keeper) Rotate(ctx context.Context, a Algorithm, atOnce bool, by authz.By) (string, error) {
	if err := by.Check(); err != nil {
		return "", err
	}
	k.changing.Lock()
	defer k.changing.Unlock()
	keys, now := k.current.Load(), k.Now()
	if keys == nil {
		return "", fmt.Errorf("%w: %w", authz.ErrNotFound, ErrNoKeys)
	}
	if !slices.Contains(Algorithms(), a) {
		return "", &authz.FieldError{Field: "algorithm", Problem: "must be ES256 or EdDSA"}
	}
	if last := keys.list[len(keys.list)-1]; last.signsFrom.After(now) {
		return "", &authz.FieldError{Field: "signs_from", Problem: fmt.Sprintf("of key %s is %s already; wait for it or retire it", last.id, last.signsFrom.Format(time.RFC3339))}
	}
	from := now
	if !atOnce {
		from = now.Add(Lead)
	}
	id := newKeyID(now)
	next, err := keys.WithNew(id, a, from)
	if err != nil {
		return "", &authz.FieldError{Field: "id", Problem: err.Error()}
	}
	detail := fmt.Sprintf("signing key %s (%s) signs from %s", id, a, from.UTC().Format(time.RFC3339))
	return id, k.exchange(ctx, next, authz.EventKeysRotated, by, detail)
}

// Retire takes a key out of the key set. It is a *authz.FieldError for the key
// that signs and, unless forced, for one whose assertions may still live, and
// authz.ErrNotFound where there is no such key.
func (k *Keeper) Retire(ctx context.Context, id string, force bool, by authz.By) error {
	if err := by.Check(); err != nil {
		return err
	}
	k.changing.Lock()
	defer k.changing.Unlock()
	keys, now := k.current.Load(), k.Now()
	if keys == nil {
		return fmt.Errorf("%w: %w", authz.ErrNotFound, ErrNoKeys)
	}
	next, err := keys.retire(id, now, force)
	if err != nil {
		return err
	}
	detail := "signing key " + id + " dropped"
	if force {
		detail += " by force"
	}
	return k.exchange(ctx, next, authz.EventKeysRetired, by, detail)
}

// exchange keeps the keys, then uses them, then notes it: what is in use is
// always on disk.
func (k *Keeper) exchange(ctx context.Context, next *Keys, kind authz.EventKind, by authz.By, detail string) error {
	if k.Save == nil {
		return authz.ErrKeysFixed
	}
	if err := k.Save(k.current.Load(), next); err != nil {
		return fmt.Errorf("keep the signing keys: %w", err)
	}
	k.current.Store(next)
	if k.Note == nil {
		return nil
	}
	ch := authz.Change{
		Kind: kind, At: k.Now().UTC().Truncate(time.Millisecond), Actor: by.Actor, Reason: by.Reason, Remote: by.Remote, Detail: detail,
	}
	if err := k.Note(context.WithoutCancel(ctx), ch); err != nil {
		return fmt.Errorf("the signing keys are changed, but the control log does not tell of it: %w", err)
	}
	return nil
}

// newKeyID names a key by its day, and by chance.
func newKeyID(now time.Time) string {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return "s" + now.UTC().Format("20060102") + "-" + hex.EncodeToString(b[:])
}
