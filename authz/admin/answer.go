package admin

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// maxBody is the largest request in bytes.
const maxBody = 1 << 20

// ProblemBody is RFC 9457, with Error as the code for programs.
type ProblemBody struct {
	Type     string    `json:"type"`
	Title    string    `json:"title"`
	Status   int       `json:"status"`
	Detail   string    `json:"detail,omitempty"`
	Error    string    `json:"error"`
	Field    string    `json:"field,omitempty"`
	Problems []Problem `json:"problems,omitempty"`
}

func writeJSON(c echo.Context, status int, v any) error {
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(status, v)
}

func writeProblem(c echo.Context, status int, code, detail string) error {
	return write(c, ProblemBody{Status: status, Error: code, Detail: detail})
}

// write is the one writer of refusals.
func write(c echo.Context, p ProblemBody) error {
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("encode problem: %w", err)
	}
	h := c.Response().Header()
	h.Set("Cache-Control", "no-store")
	h.Set("X-Scopegate-Error", p.Error)
	return c.Blob(p.Status, "application/problem+json", body)
}

// refuse turns an error of the law into its answer. What the operator's log
// needs and the caller does not is logged here, once.
func (s *Server) refuse(c echo.Context, err error) error {
	var field *authz.FieldError
	var member *memberError
	var oe *authz.OAuthError
	var inUse *authz.KeyInUseError
	var capped *authz.TokenCapError
	var wrong authz.DeclarationErrors
	var unfinished *authz.UnfinishedError
	h := c.Response().Header()
	switch {
	case errors.As(err, &field):
		return write(c, ProblemBody{Status: http.StatusBadRequest, Error: "invalid_field", Detail: field.Error(), Field: field.Field})
	case errors.Is(err, errTooLarge):
		return writeProblem(c, http.StatusRequestEntityTooLarge, "too_large", err.Error())
	case errors.Is(err, errContentType):
		return writeProblem(c, http.StatusUnsupportedMediaType, "unsupported_media_type", err.Error())
	case errors.As(err, &member):
		return write(c, ProblemBody{Status: http.StatusBadRequest, Error: "bad_request", Detail: member.Error(), Field: member.member})
	case errors.Is(err, errBadRequest):
		return writeProblem(c, http.StatusBadRequest, "bad_request", err.Error())
	case errors.Is(err, authz.ErrNotFound):
		return writeProblem(c, http.StatusNotFound, "not_found", err.Error())
	case errors.Is(err, authz.ErrRevoked):
		return writeProblem(c, http.StatusConflict, "client_revoked", "The client is revoked and cannot come back.")
	case errors.Is(err, authz.ErrConflict):
		return writeProblem(c, http.StatusConflict, "conflict", "The client changed meanwhile; try again.")
	case errors.As(err, &wrong):
		return write(c, ProblemBody{Status: http.StatusUnprocessableEntity, Error: "invalid_clients", Detail: wrong.Error(), Problems: declarationProblems(wrong)})
	case errors.As(err, &unfinished):
		return s.refuseUnfinished(c, unfinished)
	case errors.As(err, &inUse):
		return writeProblem(c, http.StatusConflict, "key_in_use", inUse.Error())
	case errors.Is(err, authz.ErrKeysFixed):
		return writeProblem(c, http.StatusConflict, "keys_fixed", err.Error())
	case errors.Is(err, authz.ErrFull):
		h.Set(echo.HeaderRetryAfter, "10")
		return writeProblem(c, http.StatusServiceUnavailable, "store_full", "The disk is below its reserve.")
	case errors.As(err, &capped):
		h.Set(echo.HeaderRetryAfter, strconv.FormatInt(int64((capped.Wait+time.Second-1)/time.Second), 10))
		return writeProblem(c, http.StatusTooManyRequests, authz.ReasonRateLimited.String(), "The client holds as many living tokens as it may.")
	case errors.As(err, &oe) && oe.Code != authz.CodeTemporarilyUnavailable:
		return writeProblem(c, http.StatusBadRequest, string(oe.Code), oe.Description)
	}
	s.Log.ErrorContext(c.Request().Context(), "admin request failed", "path", c.Path(), "error", err)
	h.Set(echo.HeaderRetryAfter, "2")
	return writeProblem(c, http.StatusServiceUnavailable, "store_unavailable", "The store cannot answer now.")
}

var (
	errBadRequest  = errors.New("bad request")
	errTooLarge    = errors.New("the body is too large")
	errContentType = errors.New("the content type must be application/json")
)

// read decodes a JSON body strictly: unknown members, a second value and a
// wrong content type are refused. An empty body is the zero value where the
// call allows it.
func read(c echo.Context, v any, mayBeEmpty bool) error { return readUpTo(maxBody, c, v, mayBeEmpty) }

// readUpTo is read for a body of up to so many bytes.
func readUpTo(bytes int64, c echo.Context, v any, mayBeEmpty bool) error {
	body, err := jsonBody(bytes, c, mayBeEmpty)
	if err != nil || body == nil {
		return err
	}
	return decode(body, v)
}

// readChange is read for a body of members that change, in which none is null.
func readChange(c echo.Context, v any) error {
	body, err := jsonBody(maxBody, c, false)
	if err != nil {
		return err
	}
	if err := decode(body, v); err != nil {
		return err
	}
	return noNulls(body)
}

// jsonBody returns a request's body; nil: there is none, where that may be.
func jsonBody(bytes int64, c echo.Context, mayBeEmpty bool) ([]byte, error) {
	r := c.Request()
	body, err := io.ReadAll(http.MaxBytesReader(c.Response(), r.Body, bytes))
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, fmt.Errorf("%w: more than %d bytes", errTooLarge, bytes)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: read the body: %w", errBadRequest, err)
	}
	if len(body) == 0 && mayBeEmpty {
		return nil, nil
	}
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return nil, errContentType
	}
	return body, nil
}
