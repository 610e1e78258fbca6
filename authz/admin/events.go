package admin

import (
	"net/http"

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
	var err error
	if q.After, err = seqCursor(c); err != nil {
		return q, err
	}
	if q.Limit, err = limitParam(c); err != nil {
		return q, err
	}
	if q.Client, err = clientParam(c); err != nil {
		return q, err
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
