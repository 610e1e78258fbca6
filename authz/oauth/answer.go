package oauth

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// retryAfter is what a caller is told to wait when the store cannot answer, in seconds.
const retryAfter = 2

// errorBody is RFC 6749 section 5.2.
type errorBody struct {
	Error       authz.OAuthCode `json:"error"`
	Description string          `json:"error_description,omitempty"`
}

// writeJSON is the one writer of answers: JSON that nobody keeps (RFC 6749
// section 5.1 asks for both fields).
func writeJSON(c echo.Context, status int, v any) error {
	noStore(c)
	return c.JSON(status, v)
}

func noStore(c echo.Context) {
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Pragma", "no-cache")
}

// writeError is the one writer of refusals. The texts are ours, so that
// nothing of the request is ever reflected.
func writeError(c echo.Context, status int, code authz.OAuthCode, description string) error {
	h := c.Response().Header()
	if h.Get("X-Scopegate-Error") == "" {
		h.Set("X-Scopegate-Error", string(code))
	}
	if c.Request().Method == http.MethodHead {
		noStore(c)
		return c.NoContent(status)
	}
	return writeJSON(c, status, errorBody{code, description})
}

// refuse turns an error into its answer and returns the status that it gave.
func (s *Server) refuse(c echo.Context, err error) (int, error) {
	var oe *authz.OAuthError
	if !errors.As(err, &oe) {
		oe = &authz.OAuthError{Code: authz.CodeTemporarilyUnavailable, Description: "the server cannot answer now", Cause: err}
	}
	status := http.StatusBadRequest
	h := c.Response().Header()
	switch oe.Code {
	case authz.CodeInvalidClient:
		status = http.StatusUnauthorized
		h.Set(echo.HeaderWWWAuthenticate, `Basic realm="`+s.Policy.Load().Realm+`", charset="UTF-8"`)
	case authz.CodeTemporarilyUnavailable:
		status = http.StatusServiceUnavailable
		h.Set(echo.HeaderRetryAfter, strconv.Itoa(retryAfter))
		h.Set("X-Scopegate-Error", unavailableReason(oe))
	}
	var limited *limitError
	var capped *authz.TokenCapError
	switch {
	case errors.As(oe, &limited):
		status = tooMany(c, limited.wait)
	case errors.As(oe, &capped):
		status = tooMany(c, capped.Wait)
	case errors.Is(oe, errTooLarge):
		status = http.StatusRequestEntityTooLarge
	case errors.Is(oe, errSlowDown):
		status = http.StatusTooManyRequests
	}
	return status, writeError(c, status, oe.Code, oe.Description)
}

// tooMany tells the caller how long to wait.
func tooMany(c echo.Context, wait time.Duration) (status int) {
	setRetryAfter(c, wait)
	c.Response().Header().Set("X-Scopegate-Error", authz.ReasonRateLimited.String())
	return http.StatusTooManyRequests
}

func unavailableReason(err error) string {
	if errors.Is(err, authz.ErrFull) {
		return "store_full"
	}
	return authz.ReasonStoreUnavailable.String()
}
