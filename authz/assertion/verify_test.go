package assertion_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"scopegate/authz/assertion"
)

// jwk is a public key as a verifier reads it.
type jwk struct {
	Kty, Crv, X, Y, Kid, Alg, Use string
	D                             string // private: must never be there
}

func decode(t *testing.T, text string) []byte {
	t.Helper()
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		t.Fatalf("%q is no base64url without padding: %v", text, err)
	}
	return b
}

func keySet(t *testing.T, set []byte) map[string]jwk {
	t.Helper()
	var read struct{ Keys []jwk }
	if err := json.Unmarshal(set, &read); err != nil {
		t.Fatal(err)
	}
	byID := map[string]jwk{}
	for _, k := range read.Keys {
		if k.D != "" {
			t.Fatal("the key set holds a private key")
		}
		byID[k.Kid] = k
	}
	return byID
}

type header struct{ Alg, Kid, Typ string }

// verify checks an assertion against a key set from the standards alone.
func verify(t *testing.T, text string, set []byte) (h header, c assertion.Claims, ok bool) {
	t.Helper()
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		t.Fatalf("%d parts", len(parts))
	}
	for i, into := range []any{&h, &c} {
		if err := json.Unmarshal(decode(t, parts[i]), into); err != nil {
			t.Fatal(err)
		}
	}
	k, known := keySet(t, set)[h.Kid]
	if !known || k.Alg != h.Alg || k.Use != "sig" {
		return h, c, false
	}
	input, signature := parts[0]+"."+parts[1], decode(t, parts[2])
	switch h.Alg {
	case "ES256": // RFC 7518 section 3.4: R and S, 32 bytes each
		point := append([]byte{4}, append(decode(t, k.X), decode(t, k.Y)...)...)
		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), point)
		if err != nil || len(signature) != 64 || k.Kty != "EC" || k.Crv != "P-256" {
			t.Fatalf("signature of %d bytes by %+v: %v", len(signature), k, err)
		}
		digest := sha256.Sum256([]byte(input))
		r, s := new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])
		return h, c, ecdsa.Verify(public, digest[:], r, s)
	case "EdDSA": // RFC 8037 section 3.1
		if k.Kty != "OKP" || k.Crv != "Ed25519" {
			t.Fatalf("key %+v", k)
		}
		return h, c, ed25519.Verify(decode(t, k.X), []byte(input), signature)
	}
	return h, c, false
}
