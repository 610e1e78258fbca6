package authz_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
)

// auditLine is a line of the audit log.
type auditLine struct {
	Msg      string `json:"msg"`
	Action   string `json:"action"`
	Actor    string `json:"actor"`
	Reason   string `json:"reason"`
	Detail   string `json:"detail"`
	ClientID string `json:"client_id"`
	TokenID  string `json:"token_id"`
	Remote   string `json:"remote_ip"`
}

// audited gives the law an audit log.
func (l *law) audited() *bytes.Buffer {
	var log bytes.Buffer
	store := &authz.Audited{
		Store: l.store, Log: slog.New(slog.NewJSONHandler(&log, nil)),
		Changed: func(_ authz.ClientID, ch *authz.Change) { l.changed = append(l.changed, ch.Kind) },
	}
	l.registry.Store, l.issuer.Store = store, store
	l.registry.SaveKeys = func(_, _ *authz.HashKeys) error { return nil }
	return &log
}

func TestControlLogAndAuditLogTellOfEachChangeWhoWhyAndWhat(t *testing.T) {
	l := newLaw(t)
	log := l.audited()
	ctx := t.Context()
	c, secret := l.client(t, "invoices.read")
	token := l.token(t, c.ID, secret, "")
	by := func(reason string) authz.By {
		return authz.By{Actor: "admin:socket", Reason: reason, Remote: "192.0.2.7"}
	}
	scopes, name, ttl := []authz.Scope{"invoices.write", "reports.generate"}, "Renamed \"worker\"", 30*time.Minute
	owner, labels := "tenant", map[string]string{"env": "prod"}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := l.registry.Update(ctx, c.ID, authz.Update{
		Name: &name, AllowedScopes: &scopes, AccessTokenTTL: &ttl, OwnerType: &owner, OwnerID: &owner, Labels: &labels,
	}, authz.By{Actor: "admin:token", Reason: "moved to reporting"})
	must(err)
	_, second, err := l.registry.Rotate(ctx, c.ID, time.Hour, by("yearly"))
	must(err)
	_, err = l.registry.RemoveSecret(ctx, c.ID, "s1", false, by("seen in a chat"))
	must(err)
	_, err = l.issuer.Revoke(ctx, &c, token.Text.Text(), authz.By{Actor: "client:" + string(c.ID)})
	must(err)
	_, err = l.registry.RevokeTokens(ctx, c.ID, l.now.Add(-time.Hour), by("older than the incident"))
	must(err)
	_, err = l.registry.RevokeTokens(ctx, c.ID, time.Time{}, by("to be sure"))
	must(err)
	key, err := l.registry.RotateKeys(ctx, by("yearly"))
	must(err)
	must(l.registry.Rehash(ctx, c.ID, "s3", second))
	must(l.registry.RetireKey(ctx, "k1", by("nothing needs it")))
	_, err = l.registry.Disable(ctx, c.ID, by("looks stolen"))
	must(err)
	_, err = l.registry.Enable(ctx, c.ID, by("it was not"))
	must(err)
	_, err = l.registry.RevokeOwner(ctx, "tenant", "tenant", by("contract ended"))
	must(err)

	want := []auditLine{
		{Action: "client.created", Actor: "admin:socket", Detail: `name "Data Sync Worker"; allowed_scopes "invoices.read"; allowed_grants "client_credentials"; confidential true; secret s1`},
		{Action: "client.updated", Actor: "admin:token", Reason: "moved to reporting", Detail: `allowed_scopes from "invoices.read" to "invoices.write reports.generate"; ` +
			`name from "Data Sync Worker" to "Renamed \"worker\""; owner_type from none to "tenant"; owner_id from none to "tenant"; ` +
			`access_token_ttl from none to 30m0s; labels from none to "env:prod"`},
		{Action: "secret.rotated", Actor: "admin:socket", Reason: "yearly", Detail: "new secret s3; secret s1 ends at 2026-03-01T13:00:00Z"},
		{Action: "secret.removed", Actor: "admin:socket", Reason: "seen in a chat", Detail: "secret s1 removed"},
		{Action: "token.revoked", Actor: "client:" + string(c.ID), TokenID: string(token.Record.Key.Hash.ID()), Detail: "token " + string(token.Record.Key.Hash.ID()) + " ends before 2026-03-01T13:00:00Z"},
		{Action: "client.tokens_revoked", Actor: "admin:socket", Reason: "older than the incident", Detail: "tokens issued before 2026-03-01T11:00:00Z"},
		{Action: "client.tokens_revoked", Actor: "admin:socket", Reason: "to be sure", Detail: "all tokens"},
		{Action: "keys.rotated", Actor: "admin:socket", Reason: "yearly", Detail: `active hash key from "k1" to "` + key + `"`},
		{Action: "secret.rehashed", Actor: "client:" + string(c.ID), Reason: "used while another hash key is active", Detail: `secret s3: hash key from "k1" to "` + key + `"`},
		{Action: "keys.retired", Actor: "admin:socket", Reason: "nothing needs it", Detail: "hash key k1 dropped"},
		{Action: "client.disabled", Actor: "admin:socket", Reason: "looks stolen", Detail: `status from "active" to "disabled"; all tokens end`},
		{Action: "client.enabled", Actor: "admin:socket", Reason: "it was not", Detail: `status from "disabled" to "active"`},
		{Action: "client.revoked", Actor: "admin:socket", Reason: "contract ended", Detail: `status from "active" to "revoked"; all tokens end; 1 secret(s) removed`},
	}
	for i := range want {
		want[i].Msg = "control change"
		if !strings.HasPrefix(want[i].Action, "keys.") {
			want[i].ClientID = string(c.ID)
		}
		if i > 1 && want[i].Actor == "admin:socket" {
			want[i].Remote = "192.0.2.7"
		}
	}
	if diff := cmp.Diff(want, auditLines(t, log)); diff != "" {
		t.Errorf("audit log (-want +got):\n%s", diff)
	}
	var kinds []authz.EventKind
	for _, line := range want {
		kinds = append(kinds, authz.EventKind(line.Action))
	}
	if diff := cmp.Diff(kinds, l.changed); diff != "" {
		t.Errorf("Changed was called with (-want +got):\n%s", diff)
	}
	events, err := l.store.Events(ctx, 0, 100)
	must(err)
	var got []auditLine
	for i := range events {
		e := &events[i]
		line := auditLine{Msg: "control change", Action: string(e.Change.Kind), Actor: e.Change.Actor, Reason: e.Change.Reason, Detail: e.Change.Detail, ClientID: string(e.ClientID)}
		if e.Token != nil {
			line.TokenID = string(e.Token.Hash.ID())
		}
		got = append(got, line)
	}
	for i := range want {
		want[i].Remote = "" // the audit log's alone
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("control log (-want +got):\n%s", diff)
	}
	for _, s := range []authz.SecretText{secret, second} {
		if strings.Contains(log.String(), s.Text()) {
			t.Error("the audit log holds a secret")
		}
	}
}

func auditLines(t *testing.T, log *bytes.Buffer) (lines []auditLine) {
	t.Helper()
	for text := range bytes.SplitSeq(bytes.TrimSpace(log.Bytes()), []byte("\n")) {
		var line auditLine
		if err := json.Unmarshal(text, &line); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		lines = append(lines, line)
	}
	return lines
}

func TestWhatChangesNothingIsNotTold(t *testing.T) {
	l := newLaw(t)
	c, secret := l.client(t, "invoices.read")
	token := l.token(t, c.ID, secret, "").Text.Text()
	if _, err := l.issuer.Revoke(t.Context(), nil, token, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	log := l.audited()
	scopes := []authz.Scope{"invoices.read"}
	if _, err := l.registry.Update(t.Context(), c.ID, authz.Update{Name: &c.Name, AllowedScopes: &scopes, Labels: &c.Labels}, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.issuer.Revoke(t.Context(), nil, token, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.registry.Enable(t.Context(), c.ID, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	if seq, _ := l.store.LastSeq(t.Context()); seq != 2 || log.Len() != 0 {
		t.Errorf("%d events, audit log %s", seq, log)
	}
}

func TestAReasonIsBoundedAndPrintable(t *testing.T) {
	l := newLaw(t)
	l.audited()
	c, secret := l.client(t, "invoices.read")
	token := l.token(t, c.ID, secret, "").Text.Text()
	before, _ := l.store.LastSeq(t.Context())
	name := "other"
	for _, reason := range []string{strings.Repeat("x", 501), "a\nb", "a\x1b[31m", "a\u2028b", "\xff"} {
		by := authz.By{Actor: "admin:socket", Reason: reason}
		calls := map[string]error{}
		_, _, calls["create"] = l.registry.Create(t.Context(), authz.Registration{Name: "a"}, authz.By{Reason: reason})
		_, calls["update"] = l.registry.Update(t.Context(), c.ID, authz.Update{Name: &name}, authz.By{Reason: reason})
		_, _, calls["rotate"] = l.registry.Rotate(t.Context(), c.ID, 0, by)
		_, calls["remove"] = l.registry.RemoveSecret(t.Context(), c.ID, "s1", true, by)
		_, calls["disable"] = l.registry.Disable(t.Context(), c.ID, by)
		_, calls["enable"] = l.registry.Enable(t.Context(), c.ID, by)
		_, calls["revoke"] = l.registry.Revoke(t.Context(), c.ID, by)
		_, calls["tokens"] = l.registry.RevokeTokens(t.Context(), c.ID, time.Time{}, by)
		_, calls["owner"] = l.registry.RevokeOwner(t.Context(), "tenant", "42", by)
		_, calls["rotate keys"] = l.registry.RotateKeys(t.Context(), by)
		calls["retire key"] = l.registry.RetireKey(t.Context(), "k1", by)
		_, calls["token"] = l.issuer.Revoke(t.Context(), nil, token, by)
		for call, err := range calls {
			var field *authz.FieldError
			if !errors.As(err, &field) || field.Field != "reason" {
				t.Errorf("%s with %.20q: %v", call, reason, err)
			}
		}
	}
	if after, _ := l.store.LastSeq(t.Context()); after != before {
		t.Errorf("%d events for refused changes", after-before)
	}
	if err := (authz.By{Reason: strings.Repeat("ü", 500)}).Check(); err != nil {
		t.Errorf("500 characters: %v", err)
	}
}

func TestALongChangeIsCutAndStored(t *testing.T) {
	l := newLaw(t)
	var first, second []authz.Scope
	for i := range authz.MaxScopes {
		first = append(first, authz.Scope(strings.Repeat("a", 190)+string(rune('A'+i%26))+strings.Repeat("b", i/26+1)))
		second = append(second, authz.Scope(strings.Repeat("c", 190)+string(rune('A'+i%26))+strings.Repeat("d", i/26+1)))
	}
	policy := *l.policy.Load()
	policy.Scopes = authz.NewScopeSet(append(first, second...)...)
	l.policy.Store(&policy)
	c, _ := l.client(t, first...)
	if _, err := l.registry.Update(t.Context(), c.ID, authz.Update{AllowedScopes: &second}, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	events, err := l.store.Events(t.Context(), 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if n := len(e.Change.Detail); n < 8<<10 || n > 9<<10 || !strings.HasSuffix(e.Change.Detail, " bytes more)") {
			t.Errorf("%s: %d bytes, ending in %q", e.Change.Kind, n, e.Change.Detail[n-20:])
		}
	}
}
