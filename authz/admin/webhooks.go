package admin

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
	"scopegate/authz/webhook"
)

// Webhook is a webhook as the API shows it: of its URL only scheme and host,
// and nothing of its secret.
type Webhook struct {
	Name            string     `json:"name"`
	Origin          string     `json:"origin"`
	Events          []string   `json:"events"`
	Pending         int        `json:"pending"` // events that wait
	OldestPendingAt *time.Time `json:"oldest_pending_at"`
	DeadLetters     int        `json:"dead_letters"`
	LastDeliveredAt *time.Time `json:"last_delivered_at"` // null: not since the start
	LastFailedAt    *time.Time `json:"last_failed_at"`    // null: not since the start
	LastError       string     `json:"last_error,omitempty"`
}

// WebhookList is all webhooks, by name.
type WebhookList struct {
	Webhooks []Webhook `json:"webhooks"`
}

// DeadLetter is a delivery that was given up.
type DeadLetter struct {
	Seq       uint64    `json:"seq"` // of the event in the control log
	WebhookID string    `json:"webhook_id"`
	Kind      string    `json:"kind"`
	At        time.Time `json:"at"`
	ClientID  string    `json:"client_id,omitempty"`
	Attempts  int       `json:"attempts"`
	LastError string    `json:"last_error"`
	DiedAt    time.Time `json:"died_at"`
}

// DeadLetterList is a page of dead letters; NextCursor is 0 on the last one.
type DeadLetterList struct {
	DeadLetters []DeadLetter `json:"dead_letters"`
	NextCursor  uint64       `json:"next_cursor"`
}

// DeadLetterRequest names dead letters: some by the positions of their events,
// or all.
type DeadLetterRequest struct {
	Seqs []uint64 `json:"seqs,omitempty"` // 1 to 1000
	All  bool     `json:"all,omitempty"`
}

// DeadLetterResult says how many dead letters a call took out of the list.
type DeadLetterResult struct {
	Count int `json:"count"`
}

func (s *Server) listWebhooks(c echo.Context) error {
	all, err := s.Webhooks.List(c.Request().Context())
	if err != nil {
		return s.refuse(c, err)
	}
	list := WebhookList{Webhooks: []Webhook{}}
	for i := range all {
		w := &all[i]
		list.Webhooks = append(list.Webhooks, Webhook{
			Name: w.Name, Origin: w.Origin, Events: w.Events, Pending: w.Pending, OldestPendingAt: timeOrNull(w.Oldest), DeadLetters: w.DeadLetters,
			LastDeliveredAt: timeOrNull(w.DeliveredAt), LastFailedAt: timeOrNull(w.FailedAt), LastError: w.LastError,
		})
	}
	return writeJSON(c, http.StatusOK, list)
}

func (s *Server) listDeadLetters(c echo.Context) error {
	after, err := seqCursor(c)
	if err != nil {
		return s.refuse(c, err)
	}
	limit, err := limitParam(c)
	if err != nil {
		return s.refuse(c, err)
	}
	page, err := s.Webhooks.DeadLetters(c.Request().Context(), c.Param("name"), after, limit)
	if err != nil {
		return s.refuse(c, err)
	}
	list := DeadLetterList{DeadLetters: []DeadLetter{}, NextCursor: uint64(page.Next)}
	for i := range page.DeadLetters {
		list.DeadLetters = append(list.DeadLetters, deadLetterJSON(&page.DeadLetters[i]))
	}
	return writeJSON(c, http.StatusOK, list)
}

func deadLetterJSON(l *webhook.DeadLetter) DeadLetter {
	return DeadLetter{
		Seq: uint64(l.Seq), WebhookID: l.ID, Kind: string(l.Kind), At: l.At.UTC(), ClientID: string(l.ClientID),
		Attempts: l.Attempts, LastError: l.LastError, DiedAt: l.DiedAt.UTC(),
	}
}

func (s *Server) retryDeadLetters(c echo.Context) error {
	return s.takeDeadLetters(c, "webhook dead letters retried", s.Webhooks.Retry)
}

func (s *Server) dropDeadLetters(c echo.Context) error {
	return s.takeDeadLetters(c, "webhook dead letters dropped", s.Webhooks.Drop)
}

// takeDeadLetters is retry and drop.
func (s *Server) takeDeadLetters(c echo.Context, action string, take func(context.Context, string, []authz.Seq) (int, error)) error {
	var req DeadLetterRequest
	if err := read(c, &req, false); err != nil {
		return s.refuse(c, err)
	}
	if req.All != (len(req.Seqs) == 0) || len(req.Seqs) > 1000 {
		return s.refuse(c, &authz.FieldError{Field: "seqs", Problem: "give 1 to 1000 positions, or all"})
	}
	seqs := make([]authz.Seq, 0, len(req.Seqs))
	for _, seq := range req.Seqs {
		seqs = append(seqs, authz.Seq(seq))
	}
	slices.Sort(seqs)
	n, err := take(c.Request().Context(), c.Param("name"), slices.Compact(seqs))
	if n > 0 || err == nil {
		s.audit(c, action, "webhook", c.Param("name"), "count", n)
	}
	if err != nil {
		return s.refuse(c, err)
	}
	return writeJSON(c, http.StatusOK, DeadLetterResult{n})
}
