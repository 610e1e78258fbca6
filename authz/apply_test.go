package authz_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
)

func declaredID(n int) authz.ClientID {
	return authz.ClientID(fmt.Sprintf("%08x-0000-4000-8000-000000000000", n))
}

// declared is a client as a file has it, with every field set but secrets.
func declared(n int) authz.Declared {
	return authz.Declared{
		ID: declaredID(n),
		Registration: authz.Registration{
			Name: fmt.Sprintf("worker %d", n), Confidential: true, AllowedScopes: []authz.Scope{"invoices.read"},
			OwnerType: "tenant", OwnerID: "42", AccessTokenTTL: 30 * time.Minute, IssueLimit: authz.IssueLimit{N: 100, Per: time.Hour},
			MaxLiveTokens: 5, Labels: map[string]string{"team": "billing"},
		},
	}
}

func newSecret(t *testing.T) authz.SecretText {
	t.Helper()
	text, err := authz.NewSecret(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func application(clients ...authz.Declared) *authz.Application {
	return &authz.Application{ManagedBy: "billing", Clients: clients, By: authz.By{Actor: "admin:socket"}}
}

// applies makes an application, which has to go well, and returns it in words.
func (l *law) applies(t *testing.T, a *authz.Application) string {
	t.Helper()
	diffs, err := l.registry.Apply(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return inWords(diffs)
}

func inWords(diffs []authz.Difference) string {
	var b strings.Builder
	for _, d := range diffs {
		if d.Action != authz.ActionNone {
			fmt.Fprintf(&b, "%s %s: %s\n", d.Action, d.ID[:8], strings.Join(d.Said, "; "))
		}
	}
	return b.String()
}

// refuses expects problems, and that nothing was changed.
func (l *law) refuses(t *testing.T, a *authz.Application, want ...string) {
	t.Helper()
	before := l.lastSeq(t)
	_, err := l.registry.Apply(t.Context(), a)
	wrong, ok := errors.AsType[authz.DeclarationErrors](err)
	if !ok {
		t.Fatalf("%v, want problems", err)
	}
	var got []string
	for _, w := range wrong {
		got = append(got, w.Error())
	}
	if len(got) != len(want) {
		t.Fatalf("problems %q, want %q", got, want)
	}
	for i := range want {
		if !strings.Contains(got[i], want[i]) {
			t.Errorf("problem %q, want %q", got[i], want[i])
		}
	}
	if l.lastSeq(t) != before {
		t.Error("something was changed")
	}
}

func (l *law) lastSeq(t *testing.T) authz.Seq {
	t.Helper()
	seq, err := l.store.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return seq
}

func (l *law) stored(t *testing.T, id authz.ClientID) authz.Client {
	t.Helper()
	c, err := l.store.Client(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// knows reports whether a secret authenticates a client.
func (l *law) knows(t *testing.T, id authz.ClientID, secret authz.SecretText) bool {
	t.Helper()
	_, err := l.issuer.Authenticate(t.Context(), string(id), nowhere, secret)
	return err == nil
}

func (l *law) kinds(t *testing.T, after authz.Seq) (kinds []authz.EventKind) {
	t.Helper()
	events, err := l.store.Events(t.Context(), after, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i := range events {
		kinds = append(kinds, events[i].Change.Kind)
	}
	return kinds
}

func TestASecondApplicationWritesNothing(t *testing.T) {
	l := newLaw(t)
	one, two := declared(1), declared(2)
	secret := newSecret(t)
	one.Secrets = []authz.DeclaredSecret{{Text: secret}, {Text: newSecret(t), ExpiresAt: l.now.Add(time.Hour)}}
	two.Status = authz.StatusDisabled
	a := application(one, two)
	got := l.applies(t, a)
	if strings.Count(got, "create") != 2 || !strings.Contains(got, `status "disabled"`) || !strings.Contains(got, `managed_by "billing"`) {
		t.Errorf("the first time:\n%s", got)
	}
	c := l.stored(t, one.ID)
	if c.Name != "worker 1" || c.ManagedBy != "billing" || c.MaxLiveTokens != 5 || len(c.Secrets) != 2 || c.Secrets[0].ID == c.Secrets[1].ID || c.Generation != 1 {
		t.Errorf("registered as %+v", c)
	}
	if !l.knows(t, one.ID, secret) || l.stored(t, two.ID).Status != authz.StatusDisabled {
		t.Error("the clients are not as declared")
	}
	seq := l.lastSeq(t)
	for range 2 {
		if got := l.applies(t, a); got != "" || l.lastSeq(t) != seq {
			t.Errorf("again, %d events more:\n%s", l.lastSeq(t)-seq, got)
		}
	}
}

func TestADryRunSaysWhatItWouldDoAndDoesNothing(t *testing.T) {
	l := newLaw(t)
	one := declared(1)
	a := application(one, declared(2))
	a.DryRun = true
	if got := l.applies(t, a); strings.Count(got, "create") != 2 || l.lastSeq(t) != 0 {
		t.Errorf("%d events:\n%s", l.lastSeq(t), got)
	}
	a.DryRun = false
	l.applies(t, a)

	secret := newSecret(t)
	one.Name, one.AllowedScopes, one.MaxLiveTokens, one.Status = "renamed", []authz.Scope{"invoices.read", "invoices.write"}, 0, authz.StatusDisabled
	one.Secrets = []authz.DeclaredSecret{{Text: secret}}
	next := application(one)
	next.Prune, next.DryRun = true, true
	seq := l.lastSeq(t)
	planned := l.applies(t, next)
	want := `update 00000001: status from "active" to "disabled"; all tokens end; ` +
		`allowed_scopes from "invoices.read" to "invoices.read invoices.write"; name from "worker 1" to "renamed"; max_live_tokens from 5 to none; ` +
		`secret s4 (` + secret.Text()[:10] + "...) added\n" +
		"revoke 00000002: no longer declared; all its tokens end\n"
	if diff := cmp.Diff(want, planned); diff != "" || l.lastSeq(t) != seq {
		t.Errorf("%d events (-want +got):\n%s", l.lastSeq(t)-seq, diff)
	}
	next.DryRun = false
	if got := l.applies(t, next); got != planned {
		t.Errorf("planned:\n%s\ndone:\n%s", planned, got)
	}
	kinds := []authz.EventKind{authz.EventClientDisabled, authz.EventClientUpdated, authz.EventSecretRotated, authz.EventClientRevoked}
	if diff := cmp.Diff(kinds, l.kinds(t, seq)); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if c := l.stored(t, one.ID); c.Secrets[0].ID != "s4" || c.Generation != 2 {
		t.Errorf("%+v", c)
	}
	one.Status = authz.StatusActive
	if got := l.applies(t, application(one)); !strings.Contains(got, `status from "disabled" to "active"`) {
		t.Error(got)
	}
}

func TestAClientThatSomebodyDisabledIsNotEnabledByAFileThatSaysNothingOfIt(t *testing.T) {
	l := newLaw(t)
	one := declared(1)
	l.applies(t, application(one))
	if _, err := l.registry.Disable(t.Context(), one.ID, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	one.Name = "renamed"
	l.applies(t, application(one))
	if c := l.stored(t, one.ID); c.Status != authz.StatusDisabled || c.Name != "renamed" {
		t.Errorf("%s %q", c.Status, c.Name)
	}
	one.Status = authz.StatusActive
	l.applies(t, application(one))
	if c := l.stored(t, one.ID); c.Status != authz.StatusActive {
		t.Error(c.Status)
	}
}

func TestAllProblemsAreFoundBeforeAnythingIsWritten(t *testing.T) {
	l := newLaw(t)
	l.applies(t, application(declared(1), declared(2)))
	if _, err := l.registry.Revoke(t.Context(), declaredID(2), authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	l.applies(t, &authz.Application{ManagedBy: "other", Clients: []authz.Declared{declared(3)}})

	good, scope, name, ttl, id := declared(4), declared(5), declared(6), declared(7), declared(8)
	scope.AllowedScopes = []authz.Scope{"nosuch"}
	name.Name = ""
	ttl.AccessTokenTTL = 25 * time.Hour
	id.ID = "00000008-0000-1000-8000-000000000000"
	bad := declared(9)
	bad.Secrets = []authz.DeclaredSecret{{Hash: [32]byte{1}, HashKeyID: "k9"}}
	text := declared(10)
	text.Secrets = []authz.DeclaredSecret{{Text: authz.NewSecretText("hunter2")}}
	twice := declared(11)
	secret := newSecret(t)
	twice.Secrets = []authz.DeclaredSecret{{Text: secret}, {Text: secret}}
	l.refuses(t, application(good, declared(2), declared(3), scope, name, ttl, id, bad, text, twice, declared(4)),
		"clients[1].id: is that of a client that was revoked",
		`clients[2].id: is that of a client that is managed by "other", not by "billing"`,
		`clients[3].allowed_scopes: scope "nosuch" is not in the catalogue`,
		"clients[4].name: ",
		"clients[5].access_token_ttl: ",
		"clients[6].id: is not a UUIDv4",
		`clients[7].secrets[0].hash_key_id: "k9" is none of the server's hash keys, k1`,
		"clients[8].secrets[0]: has not the form",
		"clients[9].secrets[1]: stands twice",
		"clients[10].id: stands twice")
	for _, name := range []string{"", "a b", strings.Repeat("x", 64)} {
		_, err := l.registry.Apply(t.Context(), &authz.Application{ManagedBy: name})
		if field, ok := errors.AsType[*authz.FieldError](err); !ok || field.Field != "managed_by" {
			t.Errorf("managed_by %q: %v", name, err)
		}
	}
}

func TestWhatAClientHasAlreadyIsNoProblem(t *testing.T) {
	l := newLaw(t)
	d := declared(1)
	d.AllowedScopes, d.AccessTokenTTL = []authz.Scope{"invoices.read", "reports.generate"}, 20*time.Hour
	l.applies(t, application(d))
	p := *l.policy.Load()
	p.Scopes, p.MaxTokenTTL = authz.NewScopeSet("invoices.read", "invoices.write"), time.Hour
	l.policy.Store(&p)
	if got := l.applies(t, application(d)); got != "" {
		t.Errorf("what is there already:\n%s", got)
	}
	d.AllowedScopes = append(d.AllowedScopes, "invoices.write")
	l.refuses(t, application(d), `"reports.generate" is not in the catalogue`)
}

func TestPruningTouchesOnlyWhatTheSameSetMade(t *testing.T) {
	l := newLaw(t)
	byHand, _ := l.client(t, "invoices.read")
	l.applies(t, application(declared(1), declared(2), declared(3)))
	l.applies(t, &authz.Application{ManagedBy: "other", Clients: []authz.Declared{declared(4)}})
	if got := l.applies(t, application(declared(1))); got != "" {
		t.Errorf("without --prune:\n%s", got)
	}
	// A client made by hand stays one, though the set names it for a while.
	mine := authz.Declared{
		ID:           byHand.ID,
		Registration: authz.Registration{Name: "adopted", Confidential: true, AllowedScopes: []authz.Scope{"invoices.read"}},
	}
	if !strings.Contains(l.applies(t, application(declared(1), declared(2), declared(3), mine)), `name from "Data Sync Worker" to "adopted"`) {
		t.Error("a client made by hand is not changed")
	}
	a := application(declared(1))
	a.Prune = true
	if got := l.applies(t, a); strings.Count(got, "revoke") != 2 || strings.Contains(got, "update") {
		t.Errorf("pruned:\n%s", got)
	}
	for id, want := range map[authz.ClientID]authz.Status{
		declaredID(1): authz.StatusActive, declaredID(2): authz.StatusRevoked, declaredID(3): authz.StatusRevoked,
		declaredID(4): authz.StatusActive, byHand.ID: authz.StatusActive,
	} {
		if got := l.stored(t, id).Status; got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	if got := l.applies(t, a); got != "" {
		t.Errorf("pruned again:\n%s", got)
	}
}

// broken is a store whose writes fail after a few.
type broken struct {
	authz.Store
	left atomic.Int64
}

func (b *broken) PutClient(ctx context.Context, c authz.Client, ch authz.Change) (authz.Client, error) {
	if b.left.Add(-1) < 0 {
		return authz.Client{}, authz.ErrUnavailable
	}
	return b.Store.PutClient(ctx, c, ch)
}

func TestABrokenOffApplicationIsCompletedByMakingItAgain(t *testing.T) {
	l := newLaw(t)
	l.applies(t, application(declared(1000), declared(1001)))
	var all []authz.Declared
	for n := range 200 {
		all = append(all, declared(n))
	}
	a := application(all...)
	a.Prune = true
	b := &broken{Store: l.store}
	b.left.Store(50)
	l.registry.Store = b
	_, err := l.registry.Apply(t.Context(), a)
	unfinished, ok := errors.AsType[*authz.UnfinishedError](err)
	if !ok || unfinished.Done != 50 || unfinished.Of != 202 || !errors.Is(err, authz.ErrUnavailable) {
		t.Fatalf("%v", err)
	}
	if l.stored(t, declaredID(1000)).Status != authz.StatusActive {
		t.Error("something was revoked though not all was written")
	}
	l.registry.Store = l.store
	if got := l.applies(t, a); strings.Count(got, "create") != 150 || strings.Count(got, "revoke") != 2 {
		t.Errorf("the rest:\n%s", got)
	}
	if got := l.applies(t, a); got != "" {
		t.Errorf("once more:\n%s", got)
	}
}
