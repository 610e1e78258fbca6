package clientfile

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"scopegate/authz"
	"scopegate/strict"
)

// Secret is a secret of a client: the content of a file, or a hash.
type Secret struct {
	Text      authz.SecretText // what File holds
	File      string           // as written; empty: given by its hash
	Hash      string           // 64 hex digits
	HashKeyID string
	Preview   string
	ExpiresAt time.Time // zero: never
}

var secretObject = strict.Object[Secret]{
	Title: "secrets[]",
	Doc:   "A secret. Which is which, its hash tells, so that the order means nothing and applying the file again changes nothing.",
	Fields: []strict.Field[Secret]{
		strict.Key("file", secretPath, func(s *Secret) *string { return &s.File },
			"A file that holds the secret, as `scopegate clients new-secret` makes one; relative to the folder of this file. Either this or `hash`."),
		strict.Key("hash", strict.Word(strict.Scalar[string]{
			Want: "an HMAC-SHA-256 in 64 hex digits in lower case", Pattern: regexp.MustCompile(`^[0-9a-f]{64}$`), Hidden: true,
		}), func(s *Secret) *string { return &s.Hash },
			"The secret's HMAC-SHA-256 under a hash key of the server, as `scopegate clients hash-secret` tells it."),
		strict.Key("hash_key_id", strict.Word(strict.Scalar[string]{
			Want: "the id of a hash key", Pattern: regexp.MustCompile(`^[a-z0-9-]{1,32}$`), Hidden: true,
		}), func(s *Secret) *string { return &s.HashKeyID },
			"The id of that hash key; goes with `hash`."),
		strict.Key("preview", strict.Word(strict.Scalar[string]{
			Want: "the beginning of a secret, spocs_ and up to four characters more", Pattern: regexp.MustCompile(`^spocs_[0-9A-Za-z]{0,4}$`), Hidden: true,
		}), func(s *Secret) *string { return &s.Preview },
			"How the secret is shown to people; with `hash` only.").Or("not shown, or the beginning of what `file` holds"),
		strict.Key("expires_at", strict.Instant, func(s *Secret) *time.Time { return &s.ExpiresAt },
			"When it ends, in whole seconds (RFC 3339).").Or("never"),
	},
	Check: checkSecret,
	Rules: []strict.Rule{strict.Together("hash", "hash_key_id"), strict.NotBoth("file", "hash"), strict.NotBoth("file", "preview"), strict.AnyOf("file", "hash")},
}

// secretPath is the path of a secret file, and no secret itself.
var secretPath = strict.Word(strict.Scalar[string]{
	Want: "the path of a file", Pattern: regexp.MustCompile(`.`), Plain: true, Hidden: true,
	Parse: func(text string) (string, error) {
		if strings.HasPrefix(text, authz.SecretPrefix) {
			return "", errors.New("is a secret; write it into a file and name that")
		}
		return text, nil
	},
})

func checkSecret(r *strict.Reader, s *Secret, path string) {
	file, hash := r.Given(strict.Join(path, "file")), r.Given(strict.Join(path, "hash"))
	key := strict.Join(path, "hash_key_id")
	switch {
	case file && (hash || r.Given(key) || r.Given(strict.Join(path, "preview"))):
		r.ProblemAt(path, "names a file and a hash; give either file, or hash with hash_key_id")
	case file && s.File != "":
		text, err := readSecret(r.Env, s.File)
		if err != nil {
			r.ProblemAt(strict.Join(path, "file"), "%s", err)
		}
		s.Text = text
	case !file && !hash:
		r.ProblemAt(path, "names neither a file nor a hash")
	case hash && !r.Given(key):
		r.ProblemAt(path, "hash_key_id is missing: the key under which the hash was made")
	}
}

// readSecret reads a secret file. Its errors never tell what the file holds.
func readSecret(env strict.Environment, name string) (authz.SecretText, error) {
	if env.ReadFile == nil {
		return authz.SecretText{}, fmt.Errorf("the file %q cannot be read here", name)
	}
	content, err := env.ReadFile(name)
	if err != nil {
		return authz.SecretText{}, fmt.Errorf("the file %q cannot be read: %w", name, err)
	}
	text := strings.TrimSuffix(strings.TrimSuffix(string(content), "\n"), "\r")
	if !authz.IsSecretText(text) {
		return authz.SecretText{}, fmt.Errorf("the file %q holds no secret as `scopegate clients new-secret` makes one: %s and 49 characters, of which the last six are a checksum", name, authz.SecretPrefix)
	}
	return authz.NewSecretText(text), nil
}
