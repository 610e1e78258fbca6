package admin_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"scopegate/authz/admin"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const nobody = "/clients/00000000-0000-4000-8000-000000000000"

func TestEveryEndpointAnswersAsPromised(t *testing.T) {
	w := newWorld(t)
	id, _ := w.create(t, `{"name":"worker","allowed_scopes":["a:read","b:write"],"owner_type":"tenant","owner_id":"42"}`)
	token := func() string {
		text, _ := w.call(t, "POST", "/tokens", `{"client_id":"`+id+`"}`).json["access_token"].(string)
		return text
	}
	first := token()
	big := `{"name":"` + strings.Repeat("x", 1<<20) + `"}`
	one := "/clients/" + id
	// In order: each case sees what those before it did.
	cases := []struct {
		name, method, path, body string
		status                   int
		holds                    string // in the answer's body
	}{
		{"client shown", "GET", one, "", 200, `"owner_type":"tenant"`},
		{"client unknown", "GET", nobody, "", 404, `"error":"not_found"`},
		{"client id is no UUID", "GET", "/clients/x", "", 400, `"field":"id"`},
		{"create without a name", "POST", "/clients", `{}`, 400, `"field":"name"`},
		{"create with a name of two lines", "POST", "/clients", `{"name":"a\nb"}`, 400, `"field":"name"`},
		{"create with an unknown scope", "POST", "/clients", `{"name":"x","allowed_scopes":["a:rea"]}`, 400, `"field":"allowed_scopes"`},
		{"create with half an owner", "POST", "/clients", `{"name":"x","owner_type":"tenant"}`, 400, `owner`},
		{"create with a lifetime above the maximum", "POST", "/clients", `{"name":"x","access_token_ttl":"25h"}`, 400, `"field":"access_token_ttl"`},
		{"create with a lifetime that is none", "POST", "/clients", `{"name":"x","access_token_ttl":"soon"}`, 400, `bad_request`},
		{"create with an id of the caller's", "POST", "/clients", `{"name":"x","id":"` + id + `"}`, 400, `bad_request`},
		{"create with a status of the caller's", "POST", "/clients", `{"name":"x","status":"active"}`, 400, `bad_request`},
		{"create with a generation of the caller's", "POST", "/clients", `{"name":"x","generation":9}`, 400, `bad_request`},
		{"create with a secret of the caller's", "POST", "/clients", `{"name":"x","secrets":[]}`, 400, `bad_request`},
		{"create with a wrong type", "POST", "/clients", `{"name":7}`, 400, `member \"name\" cannot be a JSON number`},
		{"create with two values", "POST", "/clients", `{"name":"x"}{}`, 400, `something follows`},
		{"create with half a value", "POST", "/clients", `{"name":"x"`, 400, `bad_request`},
		{"create with an array", "POST", "/clients", `[]`, 400, `bad_request`},
		{"create with nothing", "POST", "/clients", "", 415, `unsupported_media_type`},
		{"create with more than 1 MiB", "POST", "/clients", big, 413, `too_large`},
		{"update", "PATCH", one, `{"name":"renamed","access_token_ttl":"30m"}`, 200, `"name":"renamed"`},
		{"update sets no status", "PATCH", one, `{"status":"active"}`, 400, `bad_request`},
		{"update sets no generation", "PATCH", one, `{"generation":7}`, 400, `bad_request`},
		{"update with a bad owner", "PATCH", one, `{"owner_id":"a b"}`, 400, `"error":"invalid_field"`},
		{"update of nobody", "PATCH", nobody, `{"name":"x"}`, 404, `not_found`},
		{"rotate with a bad overlap", "POST", one + "/rotate-secret", `{"overlap":"-1h"}`, 400, `"field":"overlap"`},
		{"rotate", "POST", one + "/rotate-secret", `{"overlap":"24h"}`, 200, `"client_secret":"spocs_`},
		{"rotate without a body", "POST", one + "/rotate-secret", "", 200, `"client_secret":"spocs_`},
		{"remove an unknown secret", "DELETE", one + "/secrets/s999", "", 404, `not_found`},
		{"introspect", "POST", "/tokens/introspect", `{"token":"` + first + `"}`, 200, `"active":true`},
		{"introspect nothing", "POST", "/tokens/introspect", `{}`, 400, `"field":"token"`},
		{"introspect garbage", "POST", "/tokens/introspect", `{"token":"x"}`, 200, `"reason":"malformed_token"`},
		{"revoke a token", "POST", "/tokens/revoke", `{"token":"` + first + `"}`, 200, `{"revoked":true}`},
		{"revoke it again", "POST", "/tokens/revoke", `{"token":"` + first + `"}`, 200, `{"revoked":false}`},
		{"introspect it then", "POST", "/tokens/introspect", `{"token":"` + first + `"}`, 200, `"active":false`},
		{"revoke garbage", "POST", "/tokens/revoke", `{"token":"x"}`, 400, `"field":"token"`},
		{"revoke a bad id", "POST", "/tokens/revoke", `{"token_id":"x"}`, 400, `"field":"token_id"`},
		{"revoke both", "POST", "/tokens/revoke", `{"token":"x","token_id":"y"}`, 400, `"field":"token"`},
		{"revoke neither", "POST", "/tokens/revoke", `{}`, 400, `"field":"token"`},
		{"issue for nobody", "POST", "/tokens", `{"client_id":"00000000-0000-4000-8000-000000000000"}`, 404, `not_found`},
		{"issue a scope that it has not", "POST", "/tokens", `{"client_id":"` + id + `","scope":"c:admin"}`, 400, `invalid_scope`},
		{"revoke all tokens", "POST", one + "/revoke-tokens", "", 200, `"generation":2`},
		{"revoke tokens of the past", "POST", one + "/revoke-tokens", `{"issued_before":"2026-03-01T11:00:00Z","reason":"too old"}`, 200, `"tokens_not_before":"2026-03-01T11:00:00Z"`},
		{"revoke tokens of the future", "POST", one + "/revoke-tokens", `{"issued_before":"2999-01-01T00:00:00Z"}`, 400, `issued_before`},
		{"disable", "POST", one + "/disable", "", 200, `"status":"disabled"`},
		{"issue for a disabled one", "POST", "/tokens", `{"client_id":"` + id + `"}`, 409, `client_disabled`},
		{"enable", "POST", one + "/enable", "", 200, `"status":"active"`},
		{"revoke", "POST", one + "/revoke", "", 200, `"status":"revoked"`},
		{"revoke again", "POST", one + "/revoke", "", 200, `"status":"revoked"`},
		{"enable a revoked one", "POST", one + "/enable", "", 409, `client_revoked`},
		{"rotate a revoked one", "POST", one + "/rotate-secret", "", 409, `client_revoked`},
		{"update a revoked one", "PATCH", one, `{"name":"x"}`, 409, `client_revoked`},
		{"revoke nobody", "POST", nobody + "/revoke", "", 404, `not_found`},
		{"list", "GET", "/clients", "", 200, `"next_cursor":""`},
		{"list with a bad cursor", "GET", "/clients?cursor=x", "", 400, `"field":"cursor"`},
		{"list with a bad limit", "GET", "/clients?limit=0", "", 400, `"field":"limit"`},
		{"list with a great limit", "GET", "/clients?limit=1001", "", 400, `"field":"limit"`},
		{"list with an unknown status", "GET", "/clients?status=gone", "", 400, `"field":"status"`},
		{"list with half an owner", "GET", "/clients?owner_id=42", "", 400, `"field":"owner_type"`},
		{"list with a long search", "GET", "/clients?search=" + strings.Repeat("x", 201), "", 400, `"field":"search"`},
		{"events with a bad cursor", "GET", "/events?cursor=x", "", 400, `"field":"cursor"`},
		{"events with a bad client", "GET", "/events?client_id=x", "", 400, `"field":"client_id"`},
		{"events with a bad time", "GET", "/events?since=yesterday", "", 400, `"field":"since"`},
		{"events until before since", "GET", "/events?since=2026-03-01T12:00:00Z&until=2026-03-01T11:00:00Z", "", 400, `"field":"until"`},
		{"events of a client", "GET", "/events?limit=1&client_id=" + id, "", 200, `"kind":"client.created"`},
		{"events with their reason", "GET", "/events?actor=admin:socket&since=2026-03-01T12:00:00Z&until=2026-03-01T12:00:01Z", "", 200, `"reason":"too old","detail":"tokens issued before`},
		{"events of nobody", "GET", "/events?actor=nobody", "", 200, `{"events":[],"next_cursor":`},
		{"revoke with a reason of two lines", "POST", nobody + "/revoke", `{"reason":"a\nb"}`, 400, `"field":"reason"`},
		{"revoke with a misspelt reason", "POST", nobody + "/revoke", `{"raeson":"a"}`, 400, `bad_request`},
		{"routes", "GET", "/routes", "", 200, `"read"`},
		{"explain", "POST", "/explain", `{"method":"GET","path":"/x"}`, 200, `"verdict":"allowed"`},
		{"explain without a method", "POST", "/explain", `{"path":"/x"}`, 400, `"field":"method"`},
		{"explain with an unknown member", "POST", "/explain", `{"methods":"GET"}`, 400, `bad_request`},
		{"status", "GET", "/status", "", 200, `"ready":true`},
		{"backup", "GET", "/backup", "", 200, `copy`},
		{"check", "GET", "/store/check", "", 200, `"ok":true`},
		{"no endpoint", "GET", "/nonsense", "", 404, ``},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			a := w.call(t, c.method, c.path, c.body)
			if a.status != c.status || !strings.Contains(a.body, c.holds) {
				t.Fatalf("%d %s, want %d with %s", a.status, a.body, c.status, c.holds)
			}
			if a.status >= 400 && c.holds != "" {
				wantProblem(t, a)
			}
			if c.holds != "" && a.header.Get("Cache-Control") != "no-store" {
				t.Errorf("Cache-Control %q", a.header.Get("Cache-Control"))
			}
		})
	}
}

// wantProblem looks at the form of a refusal (RFC 9457).
func wantProblem(t *testing.T, a answer) {
	t.Helper()
	if kind := a.header.Get("Content-Type"); kind != "application/problem+json" {
		t.Errorf("content type %q", kind)
	}
	if a.json["type"] != "about:blank" || a.json["title"] != http.StatusText(a.status) || a.json["status"] != float64(a.status) {
		t.Errorf("problem %s", a.body)
	}
	if code, _ := a.json["error"].(string); code == "" || a.header.Get("X-Scopegate-Error") != code {
		t.Errorf("error %v, header %q", a.json["error"], a.header.Get("X-Scopegate-Error"))
	}
}

func TestANewClientIsAnsweredWithItsLocation(t *testing.T) {
	w := newWorld(t)
	a := w.call(t, "POST", "/clients", `{"name":"worker"}`)
	client, _ := a.json["client"].(map[string]any)
	id, _ := client["id"].(string)
	if a.status != http.StatusCreated || id == "" || a.header.Get("Location") != "/admin/v1/clients/"+id {
		t.Fatalf("%d %v %s", a.status, a.header, a.body)
	}
	for _, want := range []string{`"allowed_grants":["client_credentials"]`, `"confidential":true`, `"status":"active"`, `"last_used_at":null`, `"created_at":"2026-03-01T12:00:00Z"`} {
		if !strings.Contains(a.body, want) {
			t.Errorf("no %s in %s", want, a.body)
		}
	}
}

func TestOverTCPTheAdminTokenIsAskedOfEveryEndpoint(t *testing.T) {
	w := newWorld(t)
	good := "Bearer " + adminToken
	for _, path := range []string{"/clients", "/events", "/routes", "/status", "/backup", "/store/check", nobody} {
		for name, fields := range map[string][]string{
			"none": nil, "wrong": {"Bearer " + adminToken[1:]}, "empty": {"Bearer "}, "longer": {good + "0"},
			"basic": {"Basic " + adminToken}, "bare": {adminToken}, "twice": {good, good},
		} {
			a := w.send(t, w.tcp.URL, "GET", path, "", http.Header{"Authorization": fields})
			if a.status != http.StatusUnauthorized || a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s with %s: %d", path, name, a.status)
			}
			wantProblem(t, a)
		}
		if a := w.send(t, w.tcp.URL, "GET", path, "", http.Header{"Authorization": {"bearer " + adminToken}}); a.status == http.StatusUnauthorized {
			t.Errorf("%s with the token: %d", path, a.status)
		}
	}
	if log := w.audit.String(); strings.Contains(log, adminToken[1:]) || !strings.Contains(log, "admin request refused") {
		t.Errorf("log %s", log)
	}
}

func TestCursorsLeadThroughAllClientsAndEventsOnce(t *testing.T) {
	w := newWorld(t)
	want := map[string]bool{}
	for range 7 {
		id, _ := w.create(t, `{"name":"worker","labels":{"env":"test"}}`)
		want[id] = true
	}
	cursor, pages := "", 0
	for {
		a := w.call(t, "GET", "/clients?limit=3&label=env=test&cursor="+cursor, "")
		list, _ := a.json["clients"].([]any)
		for _, c := range list {
			fields, _ := c.(map[string]any)
			id, _ := fields["id"].(string)
			if !want[id] {
				t.Errorf("%s is unknown or came twice", id)
			}
			delete(want, id)
		}
		pages++
		if cursor, _ = a.json["next_cursor"].(string); cursor == "" {
			break
		}
	}
	if len(want) != 0 || pages != 3 {
		t.Errorf("%d clients missing after %d pages", len(want), pages)
	}
	first := w.call(t, "GET", "/events?limit=5", "")
	rest := w.call(t, "GET", "/events?cursor=5", "")
	if n, m := len(first.json["events"].([]any)), len(rest.json["events"].([]any)); n != 5 || m != 2 || first.json["next_cursor"] != float64(5) {
		t.Errorf("%d and %d events: %s", n, m, first.body)
	}
	if !strings.Contains(first.body, `"kind":"client.created"`) || !strings.Contains(first.body, `"actor":"admin:socket"`) {
		t.Errorf("events %s", first.body)
	}
}

func TestNoAnswerAndNoLogHoldsASecretAgain(t *testing.T) {
	w := newWorld(t)
	id, created := w.create(t, `{"name":"worker","allowed_scopes":["a:read"]}`)
	rotated, _ := w.call(t, "POST", "/clients/"+id+"/rotate-secret", `{"overlap":"1h"}`).json["client_secret"].(string)
	token, _ := w.call(t, "POST", "/tokens", `{"client_id":"`+id+`"}`).json["access_token"].(string)
	w.answers = nil
	for _, c := range [][3]string{
		{"GET", "/clients"},
		{"GET", "/clients/" + id},
		{"PATCH", "/clients/" + id, `{"name":"still"}`},
		{"GET", "/events"},
		{"POST", "/tokens/introspect", `{"token":"` + token + `"}`},
		{"POST", "/tokens/introspect", `{"token":"` + created + `"}`},
		{"POST", "/tokens/revoke", `{"token":"` + rotated + `"}`},
		{"POST", "/tokens/revoke", `{"token":"` + token + `"}`},
		{"POST", "/clients", `{"name":7,"secret":"` + created + `"}`},
		{"POST", "/clients/" + id + "/disable"},
		{"POST", "/clients/" + id + "/revoke"},
	} {
		w.call(t, c[0], c[1], c[2])
	}
	all := strings.Join(w.answers, "\n") + w.audit.String()
	for name, text := range map[string]string{"first secret": created, "second secret": rotated, "token": token, "hash": `"hash":`} {
		if text == "" || strings.Contains(all, text) {
			t.Errorf("the %s %q is in\n%s", name, text, all)
		}
	}
}

func TestABadReloadIsAnsweredWithAllProblems(t *testing.T) {
	w := newWorld(t)
	if a := w.call(t, "POST", "/reload", ""); a.status != http.StatusOK || !strings.Contains(a.body, `"routes":1`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	w.problems = []admin.Problem{{File: "routes.yaml", Line: 14, Column: 9, Path: "routes[2]", Message: "unknown"}, {File: "routes.yaml", Line: 20, Column: 1, Message: "again"}}
	a := w.call(t, "POST", "/reload", "")
	wantProblem(t, a)
	if list, _ := a.json["problems"].([]any); a.status != http.StatusUnprocessableEntity || len(list) != 2 || !strings.Contains(a.body, `"line":14,"column":9`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	if !strings.Contains(w.audit.String(), "reload refused") {
		t.Error("not audited")
	}
}

func TestAStoreThatCannotAnswerIs503(t *testing.T) {
	w := newWorld(t)
	id, _ := w.create(t, `{"name":"worker"}`)
	w.engine.Fail(nil, errors.New("disk on fire"))
	for _, path := range []string{"/clients/" + id + "/disable", "/clients/" + id + "/rotate-secret"} {
		a := w.call(t, "POST", path, "")
		if a.status != http.StatusServiceUnavailable || a.json["error"] != "store_unavailable" || a.header.Get("Retry-After") == "" || strings.Contains(a.body, "fire") {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
		wantProblem(t, a)
	}
	if !strings.Contains(w.audit.String(), "disk on fire") {
		t.Error("the log does not say why")
	}
}
