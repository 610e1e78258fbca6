package store_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store"
	"scopegate/store/badgerstore"
	"scopegate/store/storetest"
)

// wall is a wall clock that somebody sets.
type wall struct{ nanos atomic.Int64 }

func (w *wall) now() time.Time       { return time.Unix(0, w.nanos.Load()).UTC() }
func (w *wall) set(at time.Time)     { w.nanos.Store(at.UnixNano()) }
func (w *wall) step(d time.Duration) { w.nanos.Add(int64(d)) }

// dated is a store under a wall clock, with a client that may ask for tokens.
type dated struct {
	*law
	t      *testing.T
	dir    string
	wall   *wall
	client authz.ClientID
}

func newDated(t *testing.T) *dated {
	t.Helper()
	d := &dated{t: t, dir: filepath.Join(t.TempDir(), "store"), wall: &wall{}}
	d.wall.set(storetest.Now())
	d.law = newLaw(t, open(t, d.dir, store.Options{Wall: d.wall.now}))
	c, _, err := d.registry.Create(t.Context(), authz.Registration{
		Name: "Data Sync Worker", AllowedScopes: []authz.Scope{"invoices.read"}, Confidential: true,
	}, authz.By{Actor: "admin:socket"})
	if err != nil {
		t.Fatal(err)
	}
	d.client = c.ID
	return d
}

// reopen is a restart.
func (d *dated) reopen() {
	d.t.Helper()
	if err := d.store.Close(); err != nil {
		d.t.Fatal(err)
	}
	d.law = newLaw(d.t, open(d.t, d.dir, store.Options{Wall: d.wall.now}))
}

func (d *dated) issue() (authz.Issued, error) {
	d.t.Helper()
	c, err := d.store.Client(d.t.Context(), d.client)
	if err != nil {
		d.t.Fatal(err)
	}
	return d.issuer.Issue(d.t.Context(), &c, authz.TokenRequest{Grant: authz.GrantClientCredentials})
}

func (d *dated) mustIssue() authz.Issued {
	d.t.Helper()
	issued, err := d.issue()
	if err != nil {
		d.t.Fatalf("issue at %s: %v", d.wall.now(), err)
	}
	return issued
}

func (d *dated) alive(token authz.Issued) bool {
	d.t.Helper()
	_, reason, err := d.issuer.Authorizer.Identify(d.t.Context(), token.Record.Key, "")
	if err != nil {
		d.t.Fatal(err)
	}
	return reason == authz.ReasonAllowed
}

func TestATokenThatExpiredStaysDeadWhenTheClockStepsBack(t *testing.T) {
	d := newDated(t)
	token := d.mustIssue()
	d.wall.step(3 * time.Hour)
	if d.alive(token) {
		t.Fatal("a token outlives its hour")
	}
	for _, restart := range []bool{false, true, true} {
		d.wall.step(-time.Hour)
		if restart {
			d.reopen()
		}
		if d.alive(token) {
			t.Errorf("a token that had expired lives again at %s (restarted: %t)", d.wall.now(), restart)
		}
	}
}

// The clock goes back by hours: living tokens live on, nothing new is made
// until the clock is where it was, and what is revoked is revoked.
func TestAStepBackStopsIssuingAndNothingElse(t *testing.T) {
	d := newDated(t)
	kept, revoked := d.mustIssue(), d.mustIssue()
	d.wall.step(-5 * time.Hour)
	for _, restart := range []bool{false, true} {
		if restart {
			d.reopen()
		}
		if !d.alive(kept) {
			t.Errorf("a living token died of a step back (restarted: %t)", restart)
		}
		if _, err := d.issue(); !errors.Is(err, authz.ErrClockBehind) {
			t.Errorf("issue = %v, want ErrClockBehind (restarted: %t)", err, restart)
		}
	}
	if _, err := d.issuer.Revoke(t.Context(), nil, revoked.Text.Text(), authz.By{Actor: "admin:socket"}); err != nil || d.alive(revoked) {
		t.Errorf("revoke = %v, the token lives: %t", err, d.alive(revoked))
	}
	d.wall.step(5*time.Hour - authz.MaxClockBehind)
	if !d.alive(d.mustIssue()) {
		t.Error("a new token is dead")
	}
}

// Hours forth and back, with restarts: the oracle is the latest time ever
// told. No token lives beyond it, and none dies before.
func TestTokensFollowTheLatestTimeSeen(t *testing.T) {
	d := newDated(t)
	r := rand.New(rand.NewPCG(7, 7))
	latest := d.wall.now()
	var tokens []authz.Issued
	for range 60 {
		d.wall.step(time.Duration(r.Int64N(int64(4*time.Hour))) - 100*time.Minute)
		if r.IntN(5) == 0 {
			d.reopen()
		}
		if now := d.wall.now(); now.After(latest) {
			latest = now
		}
		behind := latest.Sub(d.wall.now())
		switch issued, err := d.issue(); {
		case err == nil:
			tokens = append(tokens, issued)
			if behind > authz.MaxClockBehind {
				t.Errorf("a token was issued %s behind", behind)
			}
		case !errors.Is(err, authz.ErrClockBehind) || behind <= authz.MaxClockBehind:
			t.Errorf("issue %s behind: %v", behind, err)
		}
		for _, token := range tokens {
			if got, want := d.alive(token), latest.Before(token.Record.ExpiresAt); got != want {
				t.Fatalf("a token that ends at %s is alive: %t, at %s with %s seen", token.Record.ExpiresAt, got, d.wall.now(), latest)
			}
		}
	}
	if len(tokens) < 5 {
		t.Errorf("only %d tokens were issued", len(tokens))
	}
}

// A clock that jumped ahead by mistake is believed, since tokens that were
// refused by it must not come back. The way out is a backup of before.
func TestABackupOfBeforeUndoesAJumpAhead(t *testing.T) {
	d := newDated(t)
	token := d.mustIssue()
	var before bytes.Buffer
	if _, err := d.store.Backup(t.Context(), &before); err != nil {
		t.Fatal(err)
	}
	d.wall.step(30 * 24 * time.Hour)
	if d.alive(token) {
		t.Error("a token lives a month")
	}
	d.wall.step(-30 * 24 * time.Hour)
	d.reopen()
	if _, err := d.issue(); !errors.Is(err, authz.ErrClockBehind) {
		t.Errorf("issue = %v, want ErrClockBehind: a restart must not forget the time", err)
	}
	restored := filepath.Join(t.TempDir(), "restored")
	if err := store.Restore(t.Context(), &before, restored, nil); err != nil {
		t.Fatal(err)
	}
	d.dir = restored
	d.reopen()
	if !d.alive(token) || !d.alive(d.mustIssue()) {
		t.Error("the restored store takes its tokens for dead")
	}
}

// The other way out: the noted time is set back where the store is. What was
// refused stays refused, what was made by the wrong time dies.
func TestSettingTheNotedTimeBackLetsIssuingBeginAndRevivesNothing(t *testing.T) {
	d := newDated(t)
	expired, revoked := d.mustIssue(), d.mustIssue()
	if _, err := d.issuer.Revoke(t.Context(), nil, revoked.Text.Text(), authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	right := d.wall.now()
	d.wall.step(365 * 24 * time.Hour)
	if d.alive(expired) {
		t.Error("a token lives a year")
	}
	ahead := d.mustIssue()
	if _, _, err := d.registry.Rotate(t.Context(), d.client, time.Hour, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	d.wall.set(right)
	d.reopen()
	if _, err := d.issue(); !errors.Is(err, authz.ErrClockBehind) {
		t.Fatalf("issue = %v, want ErrClockBehind", err)
	}
	if _, err := badgerstore.ResetClock(t.Context(), badgerstore.ResetOptions{Dir: d.dir, Now: d.wall.now}); !errors.Is(err, store.ErrInUse) {
		t.Errorf("ResetClock = %v of an open store, want ErrInUse", err)
	}
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := badgerstore.ResetClock(t.Context(), badgerstore.ResetOptions{
		Dir: d.dir, Now: d.wall.now, Change: authz.Change{Actor: "admin:command", Detail: "by a test"},
	})
	if err != nil || r.Clients != 1 || r.Tokens != 3 || !r.SetTo.Equal(right.Truncate(time.Second)) || r.Noted.Sub(right) < 364*24*time.Hour {
		t.Errorf("ResetClock = %+v, %v", r, err)
	}
	d.reopen()
	for name, token := range map[string]authz.Issued{"that had expired": expired, "that was revoked": revoked, "of the wrong time": ahead} {
		if d.alive(token) {
			t.Errorf("the token %s lives", name)
		}
	}
	again := d.mustIssue()
	if !d.alive(again) {
		t.Error("a new token is dead")
	}
	c, err := d.store.Client(t.Context(), d.client)
	if err != nil || len(c.Secrets) != 2 || !c.Secrets[0].ExpiresAt.Equal(right.Add(time.Hour)) || c.Secrets[1].CreatedAt.After(right) {
		t.Errorf("secrets %+v, %v; the one rotated away is to end in an hour", c.Secrets, err)
	}
	d.wall.step(2 * time.Hour)
	if d.alive(again) {
		t.Error("a new token outlives its hour")
	}
	last, err := d.store.LastSeq(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	events, err := d.store.Events(t.Context(), last-2, 2)
	if err != nil || len(events) != 2 {
		t.Fatalf("events %+v, %v", events, err)
	}
	if e := events[0]; e.Change.Kind != authz.EventTokensRevoked || e.ClientID != d.client || e.Change.Actor != "admin:command" {
		t.Errorf("event %+v", e)
	}
	if e := events[1]; e.Change.Kind != authz.EventClockSetBack || !e.Change.At.Equal(r.SetTo) || !strings.HasSuffix(e.Change.Detail, "3 tokens ended, 1 clients changed; by a test") {
		t.Errorf("event %+v", e)
	}
	if report, err := d.store.CheckAll(t.Context()); err != nil || report.Tokens != 1 || report.Revocations != 0 {
		t.Errorf("check: %+v, %v", report, err)
	}
}

// A time within what issuing bears needs no setting back, and ends nobody's tokens.
func TestATimeThatIsNotAheadIsNotSetBack(t *testing.T) {
	d := newDated(t)
	token := d.mustIssue()
	d.wall.step(-authz.MaxClockBehind)
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := badgerstore.ResetClock(t.Context(), badgerstore.ResetOptions{Dir: d.dir, Now: d.wall.now}); !errors.Is(err, store.ErrClockNotAhead) {
		t.Errorf("ResetClock = %v, want ErrClockNotAhead", err)
	}
	d.reopen()
	if !d.alive(token) {
		t.Error("a token died")
	}
}
