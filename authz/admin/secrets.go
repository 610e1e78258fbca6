package admin

import (
	"encoding/hex"
	"net/http"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// HashRequest is a client secret whose hash is asked for.
type HashRequest struct {
	Secret string `json:"secret"`
}

// HashedSecret is the hash of a secret that the caller knows, as a declared
// client has it. It is of no use to whoever does not know the secret, and to
// servers without the hash key.
type HashedSecret struct {
	Hash      string `json:"hash"` // HMAC-SHA-256 in hex
	HashKeyID string `json:"hash_key_id"`
	Preview   string `json:"preview"`
}

// hashSecret hashes under the active key; nothing is stored.
func (s *Server) hashSecret(c echo.Context) error {
	var req HashRequest
	if err := read(c, &req, false); err != nil {
		return s.refuse(c, err)
	}
	if !authz.IsSecretText(req.Secret) {
		return s.refuse(c, &authz.FieldError{Field: "secret", Problem: "has not the form of a client secret"})
	}
	text := authz.NewSecretText(req.Secret)
	hash, key := s.Registry.Keys.Keys().Hash(text)
	return writeJSON(c, http.StatusOK, HashedSecret{hex.EncodeToString(hash[:]), key, text.Preview()})
}
