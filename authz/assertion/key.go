package assertion

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"time"
)

// Algorithm is how a key signs, as "alg" names it (RFC 7518 section 3.1).
type Algorithm string

// All algorithms there are.
const (
	ES256 Algorithm = "ES256" // ECDSA on P-256: what every library verifies
	EdDSA Algorithm = "EdDSA" // Ed25519 (RFC 8037): cheaper to sign
)

// Algorithms returns all of them, the default first.
func Algorithms() []Algorithm { return []Algorithm{ES256, EdDSA} }

// keySize is the length of a private key in bytes: the scalar of P-256, the
// seed of Ed25519.
const keySize = 32

var keyIDPattern = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)

// key is one signing key. It is immutable.
type key struct {
	id        string
	algorithm Algorithm
	signsFrom time.Time // published before; in whole seconds
	private   [keySize]byte

	header string // of its signatures, encoded, with the dot behind it
	public publicKey
	es256  *ecdsa.PrivateKey
	eddsa  ed25519.PrivateKey
}

// newKey makes a random key.
func newKey(id string, a Algorithm, signsFrom time.Time) (*key, error) {
	var private [keySize]byte
	switch a {
	case ES256:
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return nil, fmt.Errorf("make a signing key: %w", err)
		}
		raw, err := k.Bytes()
		if err != nil {
			return nil, fmt.Errorf("make a signing key: %w", err)
		}
		copy(private[:], raw)
	default:
		_, _ = rand.Read(private[:]) // never fails (crypto/rand)
	}
	return keyOf(id, a, signsFrom, private)
}

// keyOf makes a key of its private half.
func keyOf(id string, a Algorithm, signsFrom time.Time, private [keySize]byte) (*key, error) {
	if !keyIDPattern.MatchString(id) {
		return nil, fmt.Errorf("key id %.50q: use 1 to 40 of a-z0-9-", id)
	}
	k := &key{id: id, algorithm: a, signsFrom: signsFrom.UTC().Truncate(time.Second), private: private}
	switch a {
	case ES256:
		parsed, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), private[:])
		if err != nil {
			return nil, fmt.Errorf("key %s is no key of P-256", id)
		}
		point, err := parsed.PublicKey.Bytes()
		if err != nil {
			return nil, fmt.Errorf("key %s is no key of P-256", id)
		}
		k.es256 = parsed
		k.public = publicKey{KeyType: "EC", Curve: "P-256", X: encode(point[1:33]), Y: encode(point[33:])}
	case EdDSA:
		k.eddsa = ed25519.NewKeyFromSeed(private[:])
		k.public = publicKey{KeyType: "OKP", Curve: "Ed25519", X: encode(k.eddsa[keySize:])}
	default:
		return nil, fmt.Errorf("key %s: unknown algorithm %.20q; use ES256 or EdDSA", id, string(a))
	}
	k.public.ID, k.public.Algorithm, k.public.Use = id, a, "sig"
	k.header = encode(fmt.Appendf(nil, `{"alg":%q,"kid":%q,"typ":%q}`, a, id, Type)) + "."
	return k, nil
}

// appendSignature appends the signature of a signing input, as RFC 7518 section
// 3.4 and RFC 8037 section 3.1 lay it out.
func (k *key) appendSignature(b, input []byte) ([]byte, error) {
	if k.algorithm == EdDSA {
		return base64.RawURLEncoding.AppendEncode(b, ed25519.Sign(k.eddsa, input)), nil
	}
	digest := sha256.Sum256(input)
	r, s, err := ecdsa.Sign(rand.Reader, k.es256, digest[:])
	if err != nil {
		return b, fmt.Errorf("sign with key %s: %w", k.id, err)
	}
	var signature [2 * keySize]byte
	r.FillBytes(signature[:keySize])
	s.FillBytes(signature[keySize:])
	return base64.RawURLEncoding.AppendEncode(b, signature[:]), nil
}

// line is the key in the format of Parse.
func (k *key) line() string {
	return k.id + " " + string(k.algorithm) + " " + k.signsFrom.Format(time.RFC3339) + " " + hex.EncodeToString(k.private[:]) + "\n"
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
