package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

// OwnerRequest names an owner.
type OwnerRequest struct {
	OwnerType string `json:"owner_type"`
	OwnerID   string `json:"owner_id"`
	Reason    string `json:"reason,omitempty"`
}

// RevokedClients says how many clients a call revoked.
type RevokedClients struct {
	Revoked int `json:"revoked"`
}

// revokeOwner revokes all clients of an owner.
func (s *Server) revokeOwner(c echo.Context) error {
	var req OwnerRequest
	if err := read(c, &req, false); err != nil {
		return s.refuse(c, err)
	}
	n, err := s.Registry.RevokeOwner(c.Request().Context(), req.OwnerType, req.OwnerID, by(c, req.Reason))
	if n > 0 || err == nil {
		s.audit(c, "clients of an owner revoked", "owner_type", req.OwnerType, "owner_id", req.OwnerID, "revoked", n)
	}
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, RevokedClients{n})
}
