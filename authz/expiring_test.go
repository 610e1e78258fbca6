package authz_test

import (
	"testing"
	"time"

	"scopegate/authz"
)

func TestTheEndOfASecretIsAnnouncedOnceForEachTimeBeforeIt(t *testing.T) {
	l := newLaw(t)
	c, _ := l.client(t, "invoices.read")
	if _, _, err := l.registry.Rotate(t.Context(), c.ID, 10*24*time.Hour, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	end := l.now.Add(10 * 24 * time.Hour)
	announced := func() (n int) {
		t.Helper()
		for range 2 { // the second finds it done
			for _, secret := range []string{"s1", "s2", "s9"} {
				yes, err := l.registry.WarnExpiring(t.Context(), c.ID, secret)
				if err != nil {
					t.Fatal(err)
				}
				if yes && secret == "s1" {
					n++
				} else if yes {
					t.Errorf("%s was announced", secret)
				}
			}
		}
		return n
	}
	for _, step := range []struct {
		before time.Duration // the end
		want   int
	}{
		{10 * 24 * time.Hour, 0},
		{7*24*time.Hour + time.Second, 0},
		{7 * 24 * time.Hour, 1},
		{6 * 24 * time.Hour, 0},
		{24 * time.Hour, 1},
		{time.Hour, 0},
		{0, 0},
		{-time.Hour, 0},
	} {
		l.now = end.Add(-step.before)
		if got := announced(); got != step.want {
			t.Errorf("%s before the end: announced %d times, want %d", step.before, got, step.want)
		}
	}
	events, err := l.store.Events(t.Context(), 2, 10)
	if err != nil || len(events) != 2 {
		t.Fatalf("%v, %v", events, err)
	}
	ch := events[0].Change
	if ch.Kind != authz.EventSecretExpiring || ch.Actor != "system" || ch.SecretID != "s1" || !ch.SecretEnds.Equal(end) ||
		events[0].ClientID != c.ID || ch.Reason != "it ends within 168h0m0s" || ch.Detail != "secret s1 ends at 2026-03-11T12:00:00Z" {
		t.Errorf("event %+v", events[0])
	}
}

func TestASecretThatEndsSoonerThanItWasAnnouncedIsAnnouncedAgain(t *testing.T) {
	l := newLaw(t)
	c, _ := l.client(t, "invoices.read")
	for i, overlap := range []time.Duration{5 * 24 * time.Hour, time.Hour} {
		if _, _, err := l.registry.Rotate(t.Context(), c.ID, overlap, authz.By{Actor: "a"}); err != nil {
			t.Fatal(err)
		}
		if yes, err := l.registry.WarnExpiring(t.Context(), c.ID, "s1"); !yes || err != nil {
			t.Errorf("%d: %t, %v", i, yes, err)
		}
	}
	if _, err := l.registry.Disable(t.Context(), c.ID, authz.By{Actor: "a"}); err != nil {
		t.Fatal(err)
	}
	if yes, err := l.registry.WarnExpiring(t.Context(), c.ID, "s2"); yes || err != nil {
		t.Errorf("of a disabled client: %t, %v", yes, err)
	}
}
