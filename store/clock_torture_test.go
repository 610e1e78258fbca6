package store_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/store"
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
	c, _, err := d.registry.Create(t.Context(), authz.NewClient{
		Name: "Data Sync Worker", AllowedScopes: []authz.Scope{"invoices.read"}, Confidential: true, Actor: "admin:socket",
	})
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
