package admin_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestABodyThatIsWrongNamesItsMember(t *testing.T) {
	w := newWorld(t)
	id, _ := w.create(t, `{"name":"worker","allowed_scopes":["a:read"],"addresses":["10.0.0.0/8"]}`)
	one := "/clients/" + id
	for _, c := range []struct{ method, path, body, field, detail string }{
		{"POST", "/clients", `{"name":"a","id":"x"}`, "id", `unknown member "id"`},
		{"POST", "/clients", `{"name":7}`, "name", `member "name" cannot be a JSON number`},
		{"POST", "/clients", `{"name":"a","labels":{"team":5}}`, "labels", `member "labels" cannot be a JSON number`},
		{"POST", "/clients", `{"name":"a","access_token_ttl":3600}`, "access_token_ttl", `member "access_token_ttl" cannot be a JSON number`},
		{"POST", "/clients", `{"name":"a","access_token_ttl":"soon"}`, "access_token_ttl", `member "access_token_ttl": want a duration like`},
		{"POST", one + "/rotate-secret", `{"overlap":"24","reason":"r"}`, "overlap", `member "overlap": want a duration like`},
		{"POST", one + "/revoke-tokens", `{"issued_before":"yesterday","reason":"r"}`, "issued_before", `member "issued_before": want a time as in RFC 3339`},
		{"POST", "/tokens/revoke", `{"token_id":7}`, "token_id", `cannot be a JSON number`},
		{"POST", "/clients/apply", `{"managed_by":"x","clients":[{"id":"x","nmae":"b"}]}`, "clients", `unknown member "nmae"`},
		{"POST", "/clients", `[]`, "", `want a JSON object, not a JSON array`},
	} {
		a := w.call(t, c.method, c.path, c.body)
		field, _ := a.json["field"].(string)
		detail, _ := a.json["detail"].(string)
		if a.status != http.StatusBadRequest || a.json["error"] != "bad_request" || field != c.field || !strings.Contains(detail, c.detail) {
			t.Errorf("%s: %d %s, want the field %s", c.body, a.status, a.body, c.field)
		}
		wantProblem(t, a)
	}
}

// To some callers null takes a field away, as in a merge patch (RFC 7396);
// one that is told 200 while the client keeps its scopes is misled.
func TestNullChangesNothingAndIsRefused(t *testing.T) {
	w := newWorld(t)
	id, _ := w.create(t, `{"name":"worker","allowed_scopes":["a:read"],"addresses":["10.0.0.0/8"]}`)
	for _, field := range []string{"allowed_scopes", "addresses", "name", "access_token_ttl"} {
		a := w.call(t, "PATCH", "/clients/"+id, `{"labels":{"a":"b"},"`+field+`":null}`)
		if a.status != http.StatusBadRequest || a.json["field"] != field {
			t.Errorf("%s: %d %s", field, a.status, a.body)
		}
	}
	if a := w.call(t, "GET", "/clients/"+id, ""); strings.Contains(a.body, "labels") {
		t.Errorf("a refused update changed the client: %s", a.body)
	}
}
