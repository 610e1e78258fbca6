package assertion_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"scopegate/authz"
	"scopegate/authz/assertion"
)

// world is a keeper with a clock that tests set and a file in memory.
type world struct {
	assertion.Keeper
	now   time.Time
	kept  []byte
	notes []authz.Change
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	w.Now = func() time.Time { return w.now }
	w.Save = func(_, next *assertion.Keys) error {
		w.kept = next.Encode()
		return nil
	}
	w.Note = func(_ context.Context, ch authz.Change) error {
		w.notes = append(w.notes, ch)
		return nil
	}
	if err := w.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w
}

var admin = authz.By{Actor: "admin", Reason: "due"}

func claims() *assertion.Claims {
	return &assertion.Claims{
		Issuer: "https://api.example.com", Audience: "https://billing.internal", Subject: "7f0c", ClientID: "7f0c",
		Scope: "a.read a.write", GrantType: "client_credentials", OwnerType: "tenant", OwnerID: "42",
		TokenID: "0011223344556677", RequestID: "r-1", Method: "GET", Path: `/a/%22"\é<b>`,
	}
}

func (w *world) sign(t *testing.T) string {
	t.Helper()
	b, err := w.AppendSigned([]byte("before "), claims(), 30*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	text, ok := strings.CutPrefix(string(b), "before ")
	if !ok {
		t.Fatalf("what was there before is gone: %s", b)
	}
	return text
}

func (w *world) rotate(t *testing.T, a assertion.Algorithm, atOnce bool) string {
	t.Helper()
	id, err := w.Rotate(t.Context(), a, atOnce, admin)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestWhatIsSignedVerifiesByThePublishedKey(t *testing.T) {
	for _, a := range assertion.Algorithms() {
		w := newWorld(t)
		w.now = w.now.Add(time.Second)
		id := w.rotate(t, a, true)
		seen := map[string]bool{}
		for range 100 { // R and S may be shorter than 32 bytes
			h, c, ok := verify(t, w.sign(t), w.KeySet())
			if !ok {
				t.Fatalf("%s does not verify", a)
			}
			if h != (header{string(a), id, "principal-assertion+jwt"}) {
				t.Errorf("header %+v", h)
			}
			want := *claims()
			want.IssuedAt, want.ExpiresAt = w.now.Unix(), w.now.Unix()+30
			if d := cmp.Diff(want, c, cmpopts.IgnoreFields(assertion.Claims{}, "ID")); d != "" {
				t.Errorf("claims (-want +got):\n%s", d)
			}
			if c.ID == "" || seen[c.ID] {
				t.Errorf("jti %q", c.ID)
			}
			seen[c.ID] = true
		}
	}
}

func TestAChangedAssertionDoesNotVerify(t *testing.T) {
	w := newWorld(t)
	parts := strings.Split(w.sign(t), ".")
	other := strings.Split(w.sign(t), ".")
	if _, _, ok := verify(t, parts[0]+"."+other[1]+"."+parts[2], w.KeySet()); ok {
		t.Error("another payload verifies: the test's own verifier checks nothing")
	}
}

func TestAnAssertionIsNeverGoodForAny(t *testing.T) {
	w := newWorld(t)
	for what, change := range map[string]func(*assertion.Claims){
		"audience": func(c *assertion.Claims) { c.Audience = "" },
		"subject":  func(c *assertion.Claims) { c.Subject = "" },
		"method":   func(c *assertion.Claims) { c.Method = "" },
		"path":     func(c *assertion.Claims) { c.Path = "" },
	} {
		c := claims()
		change(c)
		if b, err := w.AppendSigned(nil, c, time.Second); err == nil || b != nil {
			t.Errorf("without %s: %s", what, b)
		}
	}
	for _, ttl := range []time.Duration{0, time.Millisecond, 61 * time.Second, -time.Second} {
		if b, err := w.AppendSigned(nil, claims(), ttl); err == nil || b != nil {
			t.Errorf("for %s: %s", ttl, b)
		}
	}
}

func TestARotationHasNoBreak(t *testing.T) {
	w := newWorld(t)
	first := w.States()[0].ID
	cached := w.KeySet() // what a verifier keeps for five minutes
	second := w.rotate(t, assertion.EdDSA, false)
	cachedAt := w.now
	kids := map[string]bool{}
	var living []string // assertions that are still good
	for range 30 * 6 {
		w.now = w.now.Add(10 * time.Second)
		if w.now.Sub(cachedAt) >= 5*time.Minute {
			cached, cachedAt = w.KeySet(), w.now
		}
		if living = append(living, w.sign(t)); len(living) > 6 {
			living = living[1:]
		}
		for _, text := range []string{living[0], living[len(living)-1]} {
			h, _, ok := verify(t, text, cached)
			if !ok {
				t.Fatalf("after %s: key %s is not known to who asked at %s", w.now, h.Kid, cachedAt)
			}
			kids[h.Kid] = true
		}
		if w.Retire(t.Context(), first, false, admin) == nil {
			break
		}
	}
	if !kids[first] || !kids[second] {
		t.Errorf("signed by %v", kids)
	}
	if states := w.States(); len(states) != 1 || states[0].ID != second || !states[0].Signs {
		t.Errorf("keys at the end %+v", states)
	}
}

func TestAKeyThatIsNeededIsNotRetired(t *testing.T) {
	w := newWorld(t)
	first := w.States()[0].ID
	refused := func(id string, force bool, want string) {
		t.Helper()
		if err := w.Retire(t.Context(), id, force, admin); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("retire %s: %v, want %q", id, err, want)
		}
	}
	refused(first, false, "rotate first")
	refused(first, true, "rotate first")
	refused("nobody", true, "not found")
	second := w.rotate(t, assertion.ES256, false)
	if _, err := w.Rotate(t.Context(), assertion.ES256, true, admin); err == nil {
		t.Error("a second key waits beside the first")
	}
	if err := w.Retire(t.Context(), second, false, admin); err != nil {
		t.Errorf("a key that never signed: %v", err)
	}
	w.now = w.now.Add(time.Second)
	third := w.rotate(t, assertion.ES256, true)
	refused(first, false, "2026-03-01T12:10:01Z")
	if err := w.Retire(t.Context(), first, true, admin); err != nil {
		t.Errorf("by force: %v", err)
	}
	refused(third, true, "rotate first")
	if _, err := w.Rotate(t.Context(), "none", true, admin); err == nil {
		t.Error("alg none")
	}
}

func TestKeysAreKeptBeforeTheyAreUsedAndNoted(t *testing.T) {
	w := newWorld(t)
	before := string(w.kept)
	id := w.rotate(t, assertion.EdDSA, false)
	read, err := assertion.Parse(w.kept)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(w.States(), read.States(w.now)); d != "" {
		t.Errorf("what was kept is not what is in force (-want +got):\n%s", d)
	}
	if !bytes.Equal(read.KeySet(), w.KeySet()) || !strings.HasPrefix(string(w.kept), before) {
		t.Error("the keys are not kept as they are")
	}
	full := errors.New("disk full")
	w.Save = func(_, _ *assertion.Keys) error { return full }
	if err := w.Retire(t.Context(), id, false, admin); !errors.Is(err, full) || len(w.States()) != 2 {
		t.Errorf("a change that was not kept is in force: %v", err)
	}
	var told []string
	for _, ch := range w.notes {
		told = append(told, string(ch.Kind)+" by "+ch.Actor+ch.Reason+": "+strings.ReplaceAll(strings.ReplaceAll(ch.Detail, id, "NEW"), w.States()[0].ID, "OLD"))
	}
	want := []string{
		"keys.rotated by system: signing key OLD is the first",
		"keys.rotated by admindue: signing key NEW (EdDSA) signs from 2026-03-01T12:10:00Z",
	}
	if d := cmp.Diff(want, told); d != "" {
		t.Errorf("control log (-want +got):\n%s", d)
	}
}

func TestBeforeTheFirstKeyNothingIsSigned(t *testing.T) {
	w := &world{now: time.Now()}
	w.Now = time.Now
	if _, err := w.AppendSigned(nil, claims(), time.Second); !errors.Is(err, assertion.ErrNoKeys) {
		t.Error(err)
	}
	if w.KeySet() != nil || w.States() != nil {
		t.Error("there are keys")
	}
	if _, err := w.Rotate(t.Context(), assertion.ES256, false, admin); !errors.Is(err, authz.ErrNotFound) {
		t.Error(err)
	}
	if err := w.Ready(t.Context()); !errors.Is(err, authz.ErrKeysFixed) {
		t.Error(err)
	}
}

func TestAClockThatStepsBackStillSigns(t *testing.T) {
	w := newWorld(t)
	w.rotate(t, assertion.ES256, false)
	w.now = w.now.Add(-time.Hour)
	if _, _, ok := verify(t, w.sign(t), w.KeySet()); !ok {
		t.Error("what is signed does not verify")
	}
}

func TestKeysPrintNothing(t *testing.T) {
	keys, err := assertion.NewKeys("k", assertion.ES256, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	secret := strings.Fields(string(keys.Encode()))[3]
	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&printed, verb, keys)
	}
	text, err := json.Marshal(keys)
	if err != nil {
		t.Fatal(err)
	}
	printed.Write(text)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("keys", "keys", keys)
	if strings.Contains(printed.String(), secret) || strings.Contains(string(keys.KeySet()), secret) {
		t.Errorf("prints %s", printed.String())
	}
}
