package admin_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestAParameterThatIsPassedOverIsRefused(t *testing.T) {
	w := newWorld(t)
	id, _ := w.create(t, `{"name":"worker","allowed_scopes":["a:read"],"labels":{"env":"production"}}`)
	for _, c := range []struct{ method, path, field string }{
		{"GET", "/clients?owner=tenant:42", "owner"},
		{"GET", "/clients?limt=1", "limt"},
		{"GET", "/clients?Status=active", "Status"},
		{"GET", "/clients?status=active&status=revoked", "status"},
		{"GET", "/clients?label=env", "label"},
		{"GET", "/clients?label=%3Dproduction", "label"},
		{"GET", "/clients?label=env%3Dproduction&label=env%3Dtest", "label"},
		{"GET", "/clients/" + id + "?secrets=true", "secrets"},
		{"GET", "/events?client=" + id, "client"},
		{"GET", "/usage/routes?limit=1", "limit"},
		{"GET", "/webhooks/crm/dead-letters?since=2026-03-01T12:00:00Z", "since"},
		{"POST", "/clients/" + id + "/revoke?reason=ticket", "reason"},
		{"DELETE", "/clients/" + id + "/secrets/s1?force=yes", "force"},
		{"DELETE", "/clients/" + id + "/secrets/s1?force=false&force=true", "force"},
		{"DELETE", "/keys/k0?force=true", "force"},
	} {
		a := w.call(t, c.method, c.path, "")
		if a.status != http.StatusBadRequest || a.json["error"] != "invalid_field" || a.json["field"] != c.field {
			t.Errorf("%s %s: %d %s, want the field %s", c.method, c.path, a.status, a.body, c.field)
		}
	}
	if a := w.call(t, "GET", "/clients?limit=1;status=revoked", ""); a.status != http.StatusBadRequest || a.json["error"] != "bad_request" {
		t.Errorf("a malformed query: %d %s", a.status, a.body)
	}
	if a := w.call(t, "GET", "/clients?label=env%3Dproduction&search=WORK&limit=1", ""); a.status != http.StatusOK || !strings.Contains(a.body, id) {
		t.Errorf("filters that are: %d %s", a.status, a.body)
	}
	if a := w.call(t, "GET", "/clients/"+id, ""); !strings.Contains(a.body, `"status":"active"`) || !strings.Contains(a.body, `"id":"s1"`) {
		t.Errorf("a refused call changed the client: %s", a.body)
	}
}

// Of some clients nobody can say which routes no client may call.
func TestUncallableRoutesAreLeftOutWhateverNarrowsTheQuestion(t *testing.T) {
	w := newWorld(t)
	w.create(t, `{"name":"worker","allowed_scopes":["a:read"],"owner_type":"tenant","owner_id":"42"}`)
	if a := w.call(t, "GET", "/usage/routes", ""); !strings.Contains(a.body, `"uncallable_routes"`) {
		t.Fatalf("of all clients: %d %s", a.status, a.body)
	}
	for _, narrowed := range []string{"search=nobody", "managed_by=nobody", "name=nobody", "status=disabled", "label=a%3Db", "owner_type=tenant&owner_id=43"} {
		if a := w.call(t, "GET", "/usage/routes?"+narrowed, ""); a.status != http.StatusOK || strings.Contains(a.body, `"uncallable_routes"`) {
			t.Errorf("%s: %d %s", narrowed, a.status, a.body)
		}
	}
}
