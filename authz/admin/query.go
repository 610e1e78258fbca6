package admin

import (
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// The parameters of lists. Their errors are *authz.FieldError.

// limitParam is the length of a page: 1 to 1000; absent: 100.
func limitParam(c echo.Context) (int, error) {
	text := c.QueryParam("limit")
	if text == "" {
		return 100, nil
	}
	limit, err := strconv.Atoi(text)
	if err != nil || limit < 1 || limit > 1000 {
		return 0, &authz.FieldError{Field: "limit", Problem: "must be 1 to 1000"}
	}
	return limit, nil
}

// seqCursor is the position of the control log behind which a page begins;
// absent: its start.
func seqCursor(c echo.Context) (authz.Seq, error) {
	text := c.QueryParam("cursor")
	if text == "" {
		return 0, nil
	}
	after, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, &authz.FieldError{Field: "cursor", Problem: "is not one that this server gave"}
	}
	return authz.Seq(after), nil
}

// clientParam is a client by its id; absent: empty.
func clientParam(c echo.Context) (authz.ClientID, error) {
	text := c.QueryParam("client_id")
	if text == "" {
		return "", nil
	}
	id, err := authz.ParseClientID(text)
	if err != nil {
		return "", &authz.FieldError{Field: "client_id", Problem: "is not a client's UUID"}
	}
	return id, nil
}

// timeParam is a time of the query; absent: zero.
func timeParam(c echo.Context, name string) (time.Time, error) {
	text := c.QueryParam(name)
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, &authz.FieldError{Field: name, Problem: "must be a time as in RFC 3339, such as 2026-01-31T12:00:00Z"}
	}
	return at, nil
}
