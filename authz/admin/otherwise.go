package admin

import (
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// otherwise answers what is no call: 405 on the path of a call that has
// another method (RFC 9110 section 15.5.6), else 404. Echo's own answer of 405
// is never reached behind a group that has middleware.
func otherwise(e *echo.Echo) echo.HandlerFunc {
	return func(c echo.Context) error {
		var allow []string
		for _, method := range []string{http.MethodDelete, http.MethodGet, http.MethodPatch, http.MethodPost} {
			call := e.NewContext(c.Request(), nil)
			e.Router().Find(method, echo.GetPath(c.Request()), call)
			if call.Path() != c.Path() {
				allow = append(allow, method)
			}
		}
		if len(allow) == 0 {
			return writeProblem(c, http.StatusNotFound, "not_found", "The admin API has no such path.")
		}
		c.Response().Header().Set(echo.HeaderAllow, strings.Join(allow, ", "))
		return writeProblem(c, http.StatusMethodNotAllowed, "method_not_allowed", "This path takes "+strings.Join(allow, ", ")+".")
	}
}
