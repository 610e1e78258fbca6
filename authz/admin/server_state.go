package admin

import (
	"net/http"

	"github.com/labstack/echo/v4"
)

func (s *Server) explain(c echo.Context) error {
	var req ExplainRequest
	if err := read(c, &req, false); err != nil {
		return s.refuse(c, err)
	}
	out, err := s.Explain(req)
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, out)
}

// reload is synchronous: the counts of what is in force now, or all problems
// while the old routes serve on.
func (s *Server) reload(c echo.Context) error {
	out, problems, err := s.Reload(c.Request().Context())
	switch {
	case len(problems) > 0:
		s.audit(c, "reload refused", "problems", len(problems))
		return write(c, ProblemBody{
			Status: http.StatusUnprocessableEntity, Error: "invalid_routes",
			Detail: "The old routes go on serving.", Problems: problems,
		})
	case err != nil:
		s.audit(c, "reload failed", "error", err.Error())
		return writeProblem(c, http.StatusUnprocessableEntity, "reload_failed", err.Error())
	}
	s.audit(c, "reloaded")
	return writeJSON(c, http.StatusOK, out)
}

// backup streams a copy of the store. Its checksum is part of it, so that a
// cut stream is never taken for a whole one.
func (s *Server) backup(c echo.Context) error {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, echo.MIMEOctetStream)
	h.Set("Cache-Control", "no-store")
	if _, err := s.Backup(c.Request().Context(), c.Response()); err != nil {
		s.Log.ErrorContext(c.Request().Context(), "backup failed", "error", err)
		if !c.Response().Committed {
			return s.refuse(c, err)
		}
		panic(http.ErrAbortHandler)
	}
	s.audit(c, "backup made")
	return nil
}

// check answers 200 whatever is found: what is wrong stands in the answer.
func (s *Server) check(c echo.Context) error {
	out, err := s.Check(c.Request().Context())
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, out)
}
