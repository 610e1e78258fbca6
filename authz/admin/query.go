package admin

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// The parameters of calls. Their errors are *authz.FieldError.

// knownParameters refuses a parameter that the call does not have, and one that
// is given twice: a filter that is passed over answers of all there is.
func (s *Server) knownParameters(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		if c.Path() == root+"/*" {
			return next(c) // no call
		}
		query, err := url.ParseQuery(c.Request().URL.RawQuery)
		if err != nil {
			return s.refuse(c, fmt.Errorf("%w: the query is malformed", errBadRequest))
		}
		known := parameters(c.Path())
		for _, name := range slices.Sorted(maps.Keys(query)) {
			if !slices.Contains(known, name) {
				return s.refuse(c, &authz.FieldError{Field: fmt.Sprintf("%.200s", name), Problem: "is not a parameter of this call"})
			}
			if len(query[name]) > 1 && name != "label" {
				return s.refuse(c, &authz.FieldError{Field: name, Problem: "is given more than once"})
			}
		}
		return next(c)
	}
}

// parameters are those of the query of a call, by its path.
func parameters(call string) []string {
	page := []string{"limit", "cursor"}
	clients := []string{"search", "name", "label", "status", "owner_type", "owner_id", "managed_by"}
	switch strings.TrimPrefix(call, root) {
	case "/clients":
		return append(clients, page...)
	case "/usage":
		return append(append(clients, page...), "client_id", "unused_for")
	case "/usage/routes":
		return append(clients, "client_id")
	case "/events":
		return append(page, "client_id", "actor", "since", "until")
	case "/webhooks/:name/dead-letters":
		return page
	case "/clients/:id/secrets/:secret", "/signing-keys/:id":
		return []string{"force", "reason"}
	case "/keys/:id":
		return []string{"reason"}
	}
	return nil
}

// forceParam is whether to do what is refused without; absent: no.
func forceParam(c echo.Context) (bool, error) {
	switch c.QueryParam("force") {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, &authz.FieldError{Field: "force", Problem: "must be true or false"}
}

// labelParams are the labels that clients must have, each as KEY=VALUE.
func labelParams(c echo.Context) (map[string]string, error) {
	given := c.QueryParams()["label"]
	labels := make(map[string]string, len(given))
	for _, label := range given {
		key, value, ok := strings.Cut(label, "=")
		if !ok || key == "" {
			return nil, &authz.FieldError{Field: "label", Problem: "must be KEY=VALUE"}
		}
		if _, twice := labels[key]; twice {
			return nil, &authz.FieldError{Field: "label", Problem: fmt.Sprintf("names %.63q twice", key)}
		}
		labels[key] = value
	}
	return labels, nil
}

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
