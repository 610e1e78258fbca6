package metrics_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"scopegate/metrics"
)

func scraped(m *metrics.Metrics) string {
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	return w.Body.String()
}

func TestWebhooksAreCountedAndForgottenWithTheConfiguration(t *testing.T) {
	m := metrics.New(metrics.Options{})
	crm, old := m.Webhook("crm"), m.Webhook("old")
	crm.Delivered()
	crm.Delivered()
	crm.Failed()
	old.Dead()
	old.Dropped()
	crm.Set(3, 4, time.Hour)
	old.Set(0, 1, 0)
	page := scraped(m)
	for _, want := range []string{
		`scopegate_webhook_deliveries_total{result="delivered",webhook="crm"} 2`,
		`scopegate_webhook_deliveries_total{result="failed",webhook="crm"} 1`,
		`scopegate_webhook_deliveries_total{result="dead",webhook="old"} 1`,
		`scopegate_webhook_deliveries_total{result="dropped",webhook="old"} 1`,
		`scopegate_webhook_pending{webhook="crm"} 3`,
		`scopegate_webhook_dead_letters{webhook="crm"} 4`,
		`scopegate_webhook_lag_seconds{webhook="old"} 0`,
		`scopegate_webhook_lag_seconds{webhook="crm"} 3600`,
	} {
		if !strings.Contains(page, want+"\n") {
			t.Errorf("no %s in\n%s", want, page)
		}
	}
	m.KeepWebhooks([]string{"crm"})
	if page := scraped(m); strings.Contains(page, `webhook="old"`) || !strings.Contains(page, `webhook="crm"`) {
		t.Errorf("after a reload:\n%s", page)
	}
}
