package admin

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
)

// WebhookTest is how a receiver took an event that was sent to try it.
type WebhookTest struct {
	Origin    string   `json:"origin"`
	WebhookID string   `json:"webhook_id"`
	Delivered bool     `json:"delivered"`        // the answer was 2xx
	Status    int      `json:"status,omitempty"` // of the answer; absent: there was none
	Took      Duration `json:"took"`
	Error     string   `json:"error,omitempty"` // why it is not delivered
}

// testWebhook answers 200 whatever the receiver says: that is what was asked.
func (s *Server) testWebhook(c echo.Context) error {
	if err := read(c, &struct{}{}, true); err != nil {
		return s.refuse(c, err)
	}
	name := c.Param("name")
	res, err := s.Webhooks.SendTest(c.Request().Context(), name, by(c, ""))
	if err != nil {
		return s.refuse(c, err)
	}
	s.audit(c, "webhook tested", "webhook", name, "webhook_id", res.ID, "status", res.Status)
	return writeJSON(c, http.StatusOK, WebhookTest{
		Origin: res.Origin, WebhookID: res.ID, Delivered: res.Error == "", Status: res.Status,
		Took: Duration(res.Took.Round(100 * time.Microsecond)), Error: res.Error,
	})
}
