package admin

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz/assertion"
)

// SigningKey is a key that signs assertions as the API shows it: never the key
// itself.
type SigningKey struct {
	ID        string              `json:"id"`
	Algorithm assertion.Algorithm `json:"algorithm"`
	State     string              `json:"state"` // signs, waits or verifies
	SignsFrom time.Time           `json:"signs_from"`
	// RetireFrom is when nobody needs it any more; absent before another key
	// took over.
	RetireFrom *time.Time `json:"retire_from,omitempty"`
}

// SigningKeyList is all signing keys, in the order in which they sign.
type SigningKeyList struct {
	Keys []SigningKey `json:"keys"`
}

// SigningRotation asks for a new signing key.
type SigningRotation struct {
	Algorithm assertion.Algorithm `json:"algorithm,omitempty"` // empty: ES256
	AtOnce    bool                `json:"at_once,omitempty"`
	Reason    string              `json:"reason,omitempty"`
}

// mountSigning gives the signing keys their paths.
func (s *Server) mountSigning(g *echo.Group) {
	g.GET("/signing-keys", s.listSigningKeys)
	g.POST("/signing-keys/rotate", s.rotateSigningKeys)
	g.DELETE("/signing-keys/:id", s.retireSigningKey)
}

func (s *Server) listSigningKeys(c echo.Context) error {
	list := SigningKeyList{Keys: []SigningKey{}}
	for _, k := range s.Signing.States() {
		one := SigningKey{ID: k.ID, Algorithm: k.Algorithm, State: "verifies", SignsFrom: k.SignsFrom}
		switch {
		case k.Signs:
			one.State = "signs"
		case k.RetireFrom.IsZero():
			one.State = "waits"
		default:
			one.RetireFrom = &k.RetireFrom
		}
		list.Keys = append(list.Keys, one)
	}
	return writeJSON(c, http.StatusOK, list)
}

// rotateSigningKeys answers with the keys after the change.
func (s *Server) rotateSigningKeys(c echo.Context) error {
	req := SigningRotation{Algorithm: assertion.ES256}
	if err := read(c, &req, true); err != nil {
		return s.refuse(c, err)
	}
	if req.Algorithm == "" {
		req.Algorithm = assertion.ES256
	}
	if _, err := s.Signing.Rotate(c.Request().Context(), req.Algorithm, req.AtOnce, by(c, req.Reason)); err != nil {
		return s.refuse(c, err)
	}
	return s.listSigningKeys(c)
}

// retireSigningKey takes ?force=true for a key that others may know.
func (s *Server) retireSigningKey(c echo.Context) error {
	force, err := forceParam(c)
	if err != nil {
		return s.refuse(c, err)
	}
	if err := s.Signing.Retire(c.Request().Context(), c.Param("id"), force, by(c, c.QueryParam("reason"))); err != nil {
		return s.refuse(c, err)
	}
	return s.listSigningKeys(c)
}
