package assertion

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"scopegate/authz"
)

// The times of a rotation.
const (
	// MaxAge is how long anybody may keep the key set without asking again.
	MaxAge = 5 * time.Minute
	// Lead is how long a new key is published before it signs: longer than
	// MaxAge, so that whoever asks again in time knows it.
	Lead = 2 * MaxAge
	// Rest is how long a key that another one took over from stays published:
	// longer than its last assertion lives, for clocks that are minutes apart.
	Rest = 10 * time.Minute
	// maxKeys bounds the key set, which every verifier reads.
	maxKeys = 10
)

// Keys are the keys of one moment, immutable, each published until it is taken
// away. They print themselves redacted.
type Keys struct{ list []*key } // by signsFrom, at least one

// NewKeys makes a set of one random key that signs at once.
func NewKeys(id string, a Algorithm, now time.Time) (*Keys, error) {
	return (&Keys{}).WithNew(id, a, now)
}

// WithNew returns the set with one more random key, which signs from that time.
func (k *Keys) WithNew(id string, a Algorithm, signsFrom time.Time) (*Keys, error) {
	made, err := newKey(id, a, signsFrom)
	if err != nil {
		return nil, err
	}
	return k.with(made)
}

func (k *Keys) with(made *key) (*Keys, error) {
	if k.find(made.id) != nil {
		return nil, fmt.Errorf("there is a key %q already", made.id)
	}
	if len(k.list) == maxKeys {
		return nil, fmt.Errorf("there are %d keys, as many as may be; retire one", maxKeys)
	}
	next := &Keys{append(slices.Clone(k.list), made)}
	slices.SortStableFunc(next.list, func(a, b *key) int { return a.signsFrom.Compare(b.signsFrom) })
	return next, nil
}

// without returns the set without one key.
func (k *Keys) without(id string) *Keys {
	return &Keys{slices.DeleteFunc(slices.Clone(k.list), func(k *key) bool { return k.id == id })}
}

// Parse reads the file format: a line "id algorithm signs-from hex-of-32-bytes"
// for each key. Lines that begin with "#" are comments. Errors name the line
// and never its content.
func Parse(data []byte) (*Keys, error) {
	k := &Keys{}
	for i, line := range strings.Split(string(bytes.TrimSpace(data)), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parsed, err := parseLine(strings.Fields(line))
		if err == nil {
			k, err = k.with(parsed)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
	}
	if len(k.list) == 0 {
		return nil, errors.New("no signing key in it")
	}
	return k, nil
}

func parseLine(fields []string) (*key, error) {
	errShape := fmt.Errorf("want an id of a-z0-9-, ES256 or EdDSA, a time as in RFC 3339 and %d hex digits", 2*keySize)
	if len(fields) != 4 {
		return nil, errShape
	}
	var from time.Time
	err := from.UnmarshalText([]byte(fields[2]))
	raw, bad := hex.DecodeString(fields[3])
	if err != nil || bad != nil || len(raw) != keySize || from.Unix() < 0 {
		return nil, errShape
	}
	return keyOf(fields[0], Algorithm(fields[1]), from, [keySize]byte(raw))
}

// Encode returns the file format of Parse.
func (k *Keys) Encode() []byte {
	var b []byte
	for _, one := range k.list {
		b = append(b, one.line()...)
	}
	return b
}

// signing returns the key that signs at a time: the latest of those whose time
// has come. If none's has, since a clock was set back, the first one signs.
func (k *Keys) signing(now time.Time) *key {
	signs := k.list[0]
	for _, one := range k.list[1:] {
		if !one.signsFrom.After(now) {
			signs = one
		}
	}
	return signs
}

func (k *Keys) find(id string) *key {
	for _, one := range k.list {
		if one.id == id {
			return one
		}
	}
	return nil
}

// KeyState is where a key stands in its life.
type KeyState struct {
	ID        string
	Algorithm Algorithm
	SignsFrom time.Time
	Signs     bool // now
	// RetireFrom is when its last assertion has ended for everybody; zero while
	// no other key took over.
	RetireFrom time.Time
}

// States tells of all keys at a time, in the order in which they sign.
func (k *Keys) States(now time.Time) []KeyState {
	signs := k.signing(now)
	states := make([]KeyState, len(k.list))
	for i, one := range k.list {
		states[i] = KeyState{ID: one.id, Algorithm: one.algorithm, SignsFrom: one.signsFrom, Signs: one == signs}
		if one != signs && i+1 < len(k.list) && !one.signsFrom.After(now) {
			states[i].RetireFrom = k.list[i+1].signsFrom.Add(Rest)
		}
	}
	return states
}

// retire returns the set without a key that nobody needs any more. force takes
// it away before its assertions have ended, as one does with a key that others
// may know.
func (k *Keys) retire(id string, now time.Time, force bool) (*Keys, error) {
	for _, s := range k.States(now) {
		switch {
		case s.ID != id:
		case s.Signs:
			return nil, &authz.FieldError{Field: "id", Problem: "is the key that signs; rotate first, and wait until the new key signs"}
		case now.Before(s.RetireFrom) && !force:
			return nil, &authz.FieldError{Field: "id", Problem: "may still be needed until " + s.RetireFrom.Format(time.RFC3339) + "; force refuses what it signed"}
		default:
			return k.without(id), nil
		}
	}
	return nil, fmt.Errorf("signing key %.40q: %w", id, authz.ErrNotFound)
}

const redacted = "[redacted]"

// String implements fmt.Stringer.
func (*Keys) String() string { return redacted }

// GoString implements fmt.GoStringer.
func (*Keys) GoString() string { return redacted }

// MarshalText implements encoding.TextMarshaler.
func (*Keys) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// LogValue implements slog.LogValuer.
func (*Keys) LogValue() slog.Value { return slog.StringValue(redacted) }
