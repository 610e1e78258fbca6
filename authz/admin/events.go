package admin

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
)

// listEvents reads the control log: by client, by the beginning of the actor's
// name and by time (RFC 3339; since inclusive, until exclusive).
func (s *Server) listEvents(c echo.Context) error {
	q, err := eventQuery(c)
	if err != nil {
		return s.refuse(c, err)
	}
	page, err := authz.FindEvents(c.Request().Context(), s.Store, q)
	if err != nil {
		return s.refuse(c, err)
	}
	list := EventList{Events: []Event{}, NextCursor: uint64(page.Next), More: page.More}
	for i := range page.Events {
		list.Events = append(list.Events, eventJSON(&page.Events[i]))
	}
	return writeJSON(c, http.StatusOK, list)
}

func eventQuery(c echo.Context) (authz.EventQuery, error) {
	q := authz.EventQuery{Actor: c.QueryParam("actor")}
	after, err := strconv.ParseUint(orDefault(c.QueryParam("cursor"), "0"), 10, 64)
	if err != nil {
		return q, &authz.FieldError{Field: "cursor", Problem: "must be a position of the control log"}
	}
	q.After = authz.Seq(after)
	if q.Limit, err = strconv.Atoi(orDefault(c.QueryParam("limit"), "100")); err != nil || q.Limit < 1 || q.Limit > 1000 {
		return q, &authz.FieldError{Field: "limit", Problem: "must be 1 to 1000"}
	}
	if id := c.QueryParam("client_id"); id != "" {
		if q.Client, err = authz.ParseClientID(id); err != nil {
			return q, &authz.FieldError{Field: "client_id", Problem: "is not a client's UUID"}
		}
	}
	if q.Since, err = timeParam(c, "since"); err != nil {
		return q, err
	}
	if q.Until, err = timeParam(c, "until"); err != nil {
		return q, err
	}
	if !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until) {
		return q, &authz.FieldError{Field: "until", Problem: "must be later than since"}
	}
	return q, nil
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

func orDefault(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}
