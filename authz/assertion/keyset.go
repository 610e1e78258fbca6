package assertion

import (
	"encoding/json"
	"fmt"
)

// publicKey is a JSON Web Key (RFC 7517 section 4; RFC 7518 section 6.2, RFC
// 8037 section 2).
type publicKey struct {
	KeyType   string    `json:"kty"`
	Curve     string    `json:"crv"`
	X         string    `json:"x"`
	Y         string    `json:"y,omitempty"`
	ID        string    `json:"kid"`
	Algorithm Algorithm `json:"alg"`
	Use       string    `json:"use"`
}

// KeySet returns the JSON Web Key Set (RFC 7517 section 5) of all keys, also of
// those that do not sign yet or any more: public halves only.
func (k *Keys) KeySet() []byte {
	set := struct {
		Keys []publicKey `json:"keys"`
	}{[]publicKey{}}
	for _, one := range k.list {
		set.Keys = append(set.Keys, one.public)
	}
	text, err := json.Marshal(set)
	if err != nil {
		panic(fmt.Sprintf("assertion: a key set of plain texts is no JSON: %v", err))
	}
	return text
}
