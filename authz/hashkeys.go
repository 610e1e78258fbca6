package authz

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"regexp"
	"strings"
	"sync/atomic"
)

// hashKeySize is the length of a hash key in bytes.
const hashKeySize = 32

var hashKeyIDPattern = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

// HashKeys are the keys under which client secrets are hashed. The active one
// hashes new secrets; the others still verify old ones. It prints itself
// redacted. A HashKeys is immutable.
//
// No slow function is used: a secret has 256 random bits, so guessing is
// hopeless at any speed, and a slow hash is what makes token endpoints fall
// over.
type HashKeys struct {
	active string
	keys   map[string][hashKeySize]byte
	order  []string
}

// NewHashKeys makes a set with one random key. A nil random is crypto/rand.
func NewHashKeys(id string, random io.Reader) (*HashKeys, error) {
	return (&HashKeys{}).WithNew(id, random)
}

// WithNew returns the set with one more random key, which is active.
func (k *HashKeys) WithNew(id string, random io.Reader) (*HashKeys, error) {
	if random == nil {
		random = rand.Reader
	}
	if !hashKeyIDPattern.MatchString(id) {
		return nil, fmt.Errorf("hash key id %.40q: use 1 to 32 of a-z0-9-", id)
	}
	if _, ok := k.keys[id]; ok {
		return nil, fmt.Errorf("hash key %q is there already", id)
	}
	next := &HashKeys{active: id, keys: map[string][hashKeySize]byte{}, order: append(k.IDs(), id)}
	maps.Copy(next.keys, k.keys)
	var key [hashKeySize]byte
	if _, err := io.ReadFull(random, key[:]); err != nil {
		return nil, fmt.Errorf("make a hash key: %w", err)
	}
	next.keys[id] = key
	return next, nil
}

// Without returns the set without one key; the active one cannot leave.
func (k *HashKeys) Without(id string) (*HashKeys, error) {
	if id == k.active {
		return nil, fmt.Errorf("hash key %q is the active one", id)
	}
	if _, ok := k.keys[id]; !ok {
		return nil, fmt.Errorf("no hash key %q", id)
	}
	next := &HashKeys{active: k.active, keys: map[string][hashKeySize]byte{}}
	for _, other := range k.order {
		if other != id {
			next.order = append(next.order, other)
			next.keys[other] = k.keys[other]
		}
	}
	return next, nil
}

// ParseHashKeys reads the file format: a line "id hex-of-32-bytes" for each
// key, oldest first; the last is active. Lines that begin with "#" are
// comments. Errors name the line and never its content.
func ParseHashKeys(data []byte) (*HashKeys, error) {
	k := &HashKeys{keys: map[string][hashKeySize]byte{}}
	for i, line := range strings.Split(string(bytes.TrimSpace(data)), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, text, ok := strings.Cut(line, " ")
		raw, err := hex.DecodeString(strings.TrimSpace(text))
		if !ok || err != nil || len(raw) != hashKeySize || !hashKeyIDPattern.MatchString(id) {
			return nil, fmt.Errorf("line %d: want an id of a-z0-9- and %d hex digits", i+1, 2*hashKeySize)
		}
		if _, twice := k.keys[id]; twice {
			return nil, fmt.Errorf("line %d: key id %q stands twice", i+1, id)
		}
		k.keys[id] = [hashKeySize]byte(raw)
		k.order = append(k.order, id)
		k.active = id
	}
	if k.active == "" {
		return nil, fmt.Errorf("no hash key in it")
	}
	return k, nil
}

// Encode returns the file format of ParseHashKeys, the active key last.
func (k *HashKeys) Encode() []byte {
	var b bytes.Buffer
	for _, id := range k.order {
		if id != k.active {
			key := k.keys[id]
			fmt.Fprintf(&b, "%s %x\n", id, key[:])
		}
	}
	key := k.keys[k.active]
	fmt.Fprintf(&b, "%s %x\n", k.active, key[:])
	return b.Bytes()
}

// Active returns the id of the key that hashes new secrets.
func (k *HashKeys) Active() string { return k.active }

// IDs returns all key ids, oldest first.
func (k *HashKeys) IDs() []string { return append([]string(nil), k.order...) }

// Hash returns the HMAC-SHA-256 of a secret under the active key.
func (k *HashKeys) Hash(secret SecretText) (hash [32]byte, keyID string) {
	return k.hashUnder(k.active, secret.text), k.active
}

// Matches compares a presented secret with a stored hash in constant time. An
// unknown key id costs the same work and never matches.
func (k *HashKeys) Matches(s *Secret, secret SecretText) bool {
	_, known := k.keys[s.HashKeyID]
	sum := k.hashUnder(s.HashKeyID, secret.text)
	return hmac.Equal(sum[:], s.Hash[:]) && known
}

func (k *HashKeys) hashUnder(id, text string) [32]byte {
	key := k.keys[id]
	mac := hmac.New(sha256.New, key[:])
	io.WriteString(mac, text) //nolint:errcheck // a hash's Write never fails
	return [32]byte(mac.Sum(nil))
}

// String implements fmt.Stringer.
func (*HashKeys) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (*HashKeys) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler.
func (*HashKeys) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (*HashKeys) LogValue() slog.Value { return slog.StringValue(redacted) }

// KeyRing holds the HashKeys in force; they are exchanged while requests run.
type KeyRing struct{ current atomic.Pointer[HashKeys] }

// NewKeyRing starts with the given keys.
func NewKeyRing(k *HashKeys) *KeyRing {
	r := &KeyRing{}
	r.current.Store(k)
	return r
}

// Keys returns the keys in force.
func (r *KeyRing) Keys() *HashKeys { return r.current.Load() }

// Set exchanges the keys in force.
func (r *KeyRing) Set(k *HashKeys) { r.current.Store(k) }
