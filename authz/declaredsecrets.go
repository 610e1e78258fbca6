package authz

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// editSecrets gives the client the declared secrets and no others, and says
// what became of each that it changed. The error is a *FieldError.
//
// Which secret is which, the hash tells: a declared one that is there already
// stays as it is, whatever hash key it moved to meanwhile. One that has ended
// by its own time is neither added nor taken away.
func (k *HashKeys) editSecrets(c *Client, declared []DeclaredSecret, now time.Time) (said []string, err error) {
	var kept []string
	before := len(c.Secrets)
	lived := c.livingSecret(now)
	for i := range declared {
		d := &declared[i]
		if d.HashKeyID == "" && !IsSecretText(d.Text.text) {
			return nil, &FieldError{fmt.Sprintf("secrets[%d]", i), "has not the form of a client secret"}
		}
		if at := k.find(c.Secrets, d); at >= 0 {
			s := &c.Secrets[at]
			if slices.Contains(kept, s.ID) {
				return nil, &FieldError{fmt.Sprintf("secrets[%d]", i), "stands twice"}
			}
			kept = append(kept, s.ID)
			if change := fromTo("end", endText(s.ExpiresAt), endText(d.ExpiresAt)); change != "" {
				s.ExpiresAt, s.Warned = d.ExpiresAt, 0
				said = append(said, "secret "+s.called()+": "+change)
			}
			continue
		}
		if !d.ExpiresAt.IsZero() && !now.Before(d.ExpiresAt) {
			continue
		}
		s, err := k.secretOf(d, now)
		if err != nil {
			return nil, &FieldError{fmt.Sprintf("secrets[%d].hash_key_id", i), err.Error()}
		}
		s.ID = c.nextSecretID(len(c.Secrets) - before)
		c.Secrets = append(c.Secrets, s)
		kept = append(kept, s.ID)
		said = append(said, "secret "+s.called()+" added"+untilText(s.ExpiresAt))
	}
	c.Secrets = slices.DeleteFunc(c.Secrets, func(s Secret) bool {
		goes := !slices.Contains(kept, s.ID)
		if goes && s.Live(now) {
			said = append(said, "secret "+s.called()+" removed")
		}
		return goes && (s.Live(now) || len(said) > 0)
	})
	switch {
	case len(said) == 0:
	case lived && !c.livingSecret(now):
		return nil, &FieldError{"secrets", "would take the client's last living secret; give it another first, or revoke the client"}
	case len(c.Secrets) > MaxSecrets:
		return nil, &FieldError{"secrets", fmt.Sprintf("holds more than %d secrets", MaxSecrets)}
	}
	return said, nil
}

// find returns the place of a declared secret among those stored, -1 where it
// is not there.
func (k *HashKeys) find(stored []Secret, d *DeclaredSecret) int {
	return slices.IndexFunc(stored, func(s Secret) bool {
		if d.HashKeyID == "" {
			return k.Matches(&s, d.Text)
		}
		return s.HashKeyID == d.HashKeyID && hmac.Equal(s.Hash[:], d.Hash[:]) || s.First == firstOf(d.HashKeyID, d.Hash)
	})
}

// secretOf makes a secret of a declared one.
func (k *HashKeys) secretOf(d *DeclaredSecret, now time.Time) (Secret, error) {
	s := Secret{Hash: d.Hash, HashKeyID: d.HashKeyID, Preview: d.Preview, CreatedAt: now, ExpiresAt: d.ExpiresAt}
	if d.HashKeyID == "" {
		s.Hash, s.HashKeyID = k.Hash(d.Text)
		s.Preview = d.Text.Preview()
	}
	if !slices.Contains(k.order, s.HashKeyID) {
		return Secret{}, fmt.Errorf("%.40q is none of the server's hash keys, %s", s.HashKeyID, strings.Join(k.order, ", "))
	}
	return s, nil
}

// firstOf is what Secret.First keeps of a hash.
func firstOf(keyID string, hash [32]byte) [32]byte {
	return sha256.Sum256(append([]byte(keyID+":"), hash[:]...))
}

var previewPattern = regexp.MustCompile(`^(spocs_[0-9A-Za-z]{0,4})?$`)

// ValidPreview reports whether a secret may be shown so: SecretPrefix and up to
// four letters more, or nothing.
func ValidPreview(s string) bool { return previewPattern.MatchString(s) }

// nextSecretID names the n-th secret of a change, from 0. It comes from the
// version that the change will have, so that no id is ever used twice.
func (c *Client) nextSecretID(n int) string {
	if n == 0 {
		return fmt.Sprintf("s%d", c.Version+1)
	}
	return fmt.Sprintf("s%d-%d", c.Version+1, n+1)
}

// livingSecret reports whether the client has a secret that may be used at now.
func (c *Client) livingSecret(now time.Time) bool {
	return slices.ContainsFunc(c.Secrets, func(s Secret) bool { return s.Live(now) })
}

// called is how people are told of a secret.
func (s *Secret) called() string {
	if s.Preview == "" {
		return s.ID
	}
	return s.ID + " (" + s.Preview + "...)"
}

func endText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func untilText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", ends at " + endText(t)
}
