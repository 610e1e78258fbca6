package admin_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestAMemberThatIsGivenTwiceIsRefusedByItsPath(t *testing.T) {
	w := newWorld(t)
	id, _ := w.create(t, `{"name":"worker","allowed_scopes":["a:read"]}`)
	const one = `{"id":"5b0f2c9e-7d4a-4c11-9f63-2a8d1e6b7c05","name":"one"}`
	for _, c := range []struct{ method, path, body, field string }{
		{"POST", "/clients", `{"name":"a","name":"b"}`, "name"},
		{"POST", "/clients", `{"name":"a","name":"a"}`, "name"},
		{"POST", "/clients", `{"name":"a","allowed_scopes":["a:read"],"Name":"b"}`, "Name"},
		{"POST", "/clients", `{"name":"a","allowed_\u017fcopes":[],"allowed_scopes":["a:read"]}`, "allowed_scopes"},
		{"POST", "/clients", `{"name":"a","n\u0061me":"b"}`, "name"},
		{"POST", "/clients", `{"name":"a","labels":{"team":"x","other":"","team":"y"}}`, "labels.team"},
		{"POST", "/clients", `{"name":"a","labels":{"":"x","":"y"}}`, `labels.""`},
		{"PATCH", "/clients/" + id, `{"allowed_scopes":[],"allowed_scopes":["b:write"]}`, "allowed_scopes"},
		{"POST", "/tokens", `{"client_id":"` + id + `","scope":"a:read","scope":""}`, "scope"},
		{"POST", "/clients/apply", `{"managed_by":"x","clients":[` + one + `,{"id":"x","name":"b","labels":{"a":"1","a":"2"}}]}`, "clients[1].labels.a"},
		{"POST", "/clients/apply", `{"managed_by":"x","clients":[],"clients":[` + one + `]}`, "clients"},
	} {
		a := w.call(t, c.method, c.path, c.body)
		if a.status != http.StatusBadRequest || a.json["error"] != "invalid_field" || a.json["field"] != c.field || !strings.Contains(a.body, "more than once") {
			t.Errorf("%s: %d %s, want the field %s", c.body, a.status, a.body, c.field)
		}
		wantProblem(t, a)
	}
	if a := w.call(t, "GET", "/clients/"+id, ""); !strings.Contains(a.body, `"allowed_scopes":["a:read"]`) {
		t.Errorf("a refused update changed the client: %s", a.body)
	}
	// Labels are names of the caller's own, and the same member may stand in two objects.
	w.create(t, `{"name":"a","labels":{"team":"x","Team":"y","name":"z"}}`)
	if a := w.call(t, "POST", "/clients/apply", `{"managed_by":"x","clients":[`+one+`,`+strings.Replace(one, "5b", "5c", 1)+`]}`); a.status != http.StatusOK {
		t.Errorf("two clients: %d %s", a.status, a.body)
	}
}
