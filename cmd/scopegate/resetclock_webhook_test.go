package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// All tokens end then, and the command ran while no server could tell.
func TestAWebhookIsToldThatTheClockWasSetBack(t *testing.T) {
	kinds := make(chan string, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var m struct{ Type string }
		_ = json.NewDecoder(r.Body).Decode(&m)
		kinds <- m.Type
		w.WriteHeader(http.StatusNoContent)
	}))
	t.Cleanup(receiver.Close)
	routes := oneRoute + "webhooks:\n  ops: { url: \"" + receiver.URL + "\", secret: \"${HOOK}\", events: [clock.set_back] }\n"
	p := serveInProcess(t, routes, map[string]string{"HOOK": "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"})
	p.cli("webhooks", "list") // which answers once it has noted its place in the log
	p.stop()
	p.stepAhead(365 * 24 * time.Hour)
	p.cli("store", "reset-clock", "--yes")
	p.start()
	select {
	case kind := <-kinds:
		if kind != "clock.set_back" {
			t.Errorf("told of %s", kind)
		}
	case <-time.After(time.Minute):
		t.Error("told of nothing")
	}
}
