package oauth

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// revoke is RFC 7009: an unknown token is as good as a revoked one.
func (s *Server) revoke(c echo.Context) error {
	start := s.wall()
	s.turn()
	caller, token, err := s.tokenForm(c)
	if err == nil {
		_, err = s.Issuer.Revoke(c.Request().Context(), &caller, token, authz.By{
			Actor: "client:" + string(caller.ID), Reason: "asked for by the client", Remote: c.RealIP(),
		})
	}
	if err != nil {
		status, werr := s.refuse(c, err)
		s.note(c, "revoke", caller.ID, status, err, start)
		return werr
	}
	s.note(c, "revoke", caller.ID, http.StatusOK, nil, start)
	noStore(c)
	return c.NoContent(http.StatusOK)
}
