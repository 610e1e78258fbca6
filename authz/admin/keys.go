package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// HashKey is a hash key as the API shows it: never the key itself.
type HashKey struct {
	ID      string `json:"id"`
	Active  bool   `json:"active"`  // hashes new secrets
	Secrets int    `json:"secrets"` // that it still verifies
	Clients int    `json:"clients"` // that have such a secret
}

// HashKeyList is all hash keys, oldest first.
type HashKeyList struct {
	Keys []HashKey `json:"keys"`
}

func (s *Server) listKeys(c echo.Context) error {
	uses, err := s.Registry.KeyUses(c.Request().Context())
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, keysJSON(uses))
}

func keysJSON(uses []authz.KeyUse) HashKeyList {
	list := HashKeyList{Keys: []HashKey{}}
	for _, u := range uses {
		list.Keys = append(list.Keys, HashKey{u.ID, u.Active, u.Secrets, len(u.Clients)})
	}
	return list
}

// rotateKeys answers with the keys after the change.
func (s *Server) rotateKeys(c echo.Context) error {
	var req ReasonRequest
	if err := read(c, &req, true); err != nil {
		return s.refuse(c, err)
	}
	if _, err := s.Registry.RotateKeys(c.Request().Context(), by(c, req.Reason)); err != nil {
		return s.refuse(c, err)
	}
	return s.listKeys(c)
}

func (s *Server) retireKey(c echo.Context) error {
	if err := s.Registry.RetireKey(c.Request().Context(), c.Param("id"), by(c, c.QueryParam("reason"))); err != nil {
		return s.refuse(c, err)
	}
	return s.listKeys(c)
}
