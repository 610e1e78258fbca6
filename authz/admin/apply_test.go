package admin_test

import (
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"scopegate/authz"
)

const (
	idOne = "00000001-0000-4000-8000-000000000000"
	idTwo = "00000002-0000-4000-8000-000000000000"
)

func (w *world) apply(t *testing.T, body string) answer {
	t.Helper()
	return w.call(t, http.MethodPost, "/clients/apply", body)
}

func TestClientsAreAppliedOnce(t *testing.T) {
	w := newWorld(t)
	secret, err := authz.NewSecret(nil)
	if err != nil {
		t.Fatal(err)
	}
	body := `{"managed_by":"billing","clients":[
		{"id":"` + idOne + `","name":"one","allowed_scopes":["a:read"],"secrets":[{"secret":"` + secret.Text() + `"}]},
		{"id":"` + idTwo + `","name":"two","status":"disabled","secrets":[{"hash":"` + strings.Repeat("0a", 32) + `","hash_key_id":"k1","preview":"spocs_abcd"}]}]`
	dry := w.apply(t, body+`,"dry_run":true}`)
	if dry.status != http.StatusOK || !strings.Contains(dry.body, `"dry_run":true`) || dry.json["created"] != float64(2) {
		t.Errorf("dry run: %d %s", dry.status, dry.body)
	}
	if a := w.call(t, "GET", "/clients/"+idOne, ""); a.status != http.StatusNotFound {
		t.Errorf("after a dry run: %d", a.status)
	}
	for _, want := range []string{`"created":2,"updated":0,"revoked":0,"unchanged":0`, `"changes":[],"created":0,"updated":0,"revoked":0,"unchanged":2`} {
		if a := w.apply(t, body+`}`); a.status != http.StatusOK || !strings.Contains(a.body, want) {
			t.Errorf("%d %s, want %s", a.status, a.body, want)
		}
	}
	if a := w.call(t, "GET", "/clients/"+idTwo, ""); !strings.Contains(a.body, `"managed_by":"billing"`) || !strings.Contains(a.body, `"preview":"spocs_abcd"`) || !strings.Contains(a.body, `"status":"disabled"`) {
		t.Errorf("registered as %s", a.body)
	}
	if a := w.call(t, "GET", "/clients?managed_by=other", ""); !strings.Contains(a.body, `"clients":[]`) {
		t.Errorf("of another set: %s", a.body)
	}
	pruned := w.apply(t, `{"managed_by":"billing","prune":true,"clients":[{"id":"`+idOne+`","name":"one","allowed_scopes":["a:read"]}]}`)
	if pruned.json["revoked"] != float64(1) || pruned.json["unchanged"] != float64(1) || !strings.Contains(pruned.body, idTwo) {
		t.Errorf("pruned: %d %s", pruned.status, pruned.body)
	}
	events := w.call(t, "GET", "/events", "").body
	if strings.Count(events, `"kind":"client.created"`) != 2 || strings.Count(events, `"kind":"client.revoked"`) != 1 {
		t.Errorf("the control log does not tell: %s", events)
	}
	all := strings.Join(w.answers, "\n") + w.audit.String()
	for _, text := range []string{secret.Text(), strings.Repeat("0a", 32), hex.EncodeToString([]byte(secret.Text()))} {
		if strings.Contains(all, text) {
			t.Errorf("%q is in\n%s", text, all)
		}
	}
}

func TestProblemsOfAnApplicationAreToldAtTheirPaths(t *testing.T) {
	w := newWorld(t)
	a := w.apply(t, `{"managed_by":"billing","clients":[
		{"id":"`+idOne+`","name":"","allowed_scopes":["nosuch"]},
		{"id":"`+idTwo+`","name":"two","secrets":[{"hash":"`+strings.Repeat("0a", 32)+`","hash_key_id":"k7"}]}]}`)
	wantProblem(t, a)
	if a.status != http.StatusUnprocessableEntity || a.json["error"] != "invalid_clients" ||
		!strings.Contains(a.body, `"path":"clients[0].allowed_scopes"`) || !strings.Contains(a.body, `"path":"clients[1].secrets[0].hash_key_id"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
	for name, client := range map[string]string{
		`clients[0].status`:                 `"status":"revoked"`,
		`clients[0].issue_limit`:            `"issue_limit":"often"`,
		`clients[0].addresses`:              `"addresses":["10.0.0.1/8"]`,
		`clients[0].secrets[0]`:             `"secrets":[{"secret":"x","hash_key_id":"k1"}]`,
		`clients[0].secrets[0].hash`:        `"secrets":[{"hash":"0a","hash_key_id":"k1"}]`,
		`clients[0].secrets[0].hash_key_id`: `"secrets":[{"hash":"` + strings.Repeat("0a", 32) + `"}]`,
		`clients[0].secrets[0].preview`:     `"secrets":[{"hash":"` + strings.Repeat("0a", 32) + `","hash_key_id":"k1","preview":"spocs_abcde"}]`,
	} {
		a := w.apply(t, `{"managed_by":"billing","clients":[{"id":"`+idOne+`","name":"one",`+client+`}]}`)
		if a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `"path":"`+name+`"`) {
			t.Errorf("%s: %d %s", client, a.status, a.body)
		}
	}
	for body, status := range map[string]int{
		`{"clients":[]}`: http.StatusBadRequest, `{"managed_by":"billing","client":[]}`: http.StatusBadRequest, ``: http.StatusUnsupportedMediaType,
	} {
		if a := w.apply(t, body); a.status != status {
			t.Errorf("%q: %d %s", body, a.status, a.body)
		}
	}
}

func TestAnApplicationThatBreaksOffSaysHowFarItCame(t *testing.T) {
	w := newWorld(t)
	w.engine.Fail(nil, errors.New("disk on fire"))
	a := w.apply(t, `{"managed_by":"billing","clients":[{"id":"`+idOne+`","name":"one"}]}`)
	wantProblem(t, a)
	if a.status != http.StatusServiceUnavailable || a.json["error"] != "unfinished" || !strings.Contains(a.body, "0 of 1 clients") ||
		a.header.Get("Retry-After") == "" || strings.Contains(a.body, "fire") {
		t.Errorf("%d %s", a.status, a.body)
	}
}
