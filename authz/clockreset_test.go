package authz_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
)

func TestSettingTheTimeBackRevivesNothingAndProlongsNothing(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ahead := now.Add(365 * 24 * time.Hour)
	before, within := now.Add(-24*time.Hour), ahead.Add(-time.Hour)
	c := authz.Client{
		Name: "worker", Status: authz.StatusActive, Generation: 3, Version: 7, CreatedAt: before, LastUsedAt: within, TokensNotBefore: within,
		Secrets: []authz.Secret{
			{ID: "ended by the wrong time", CreatedAt: before, ExpiresAt: now.Add(30 * 24 * time.Hour)},
			{ID: "ends just then", CreatedAt: before, ExpiresAt: ahead},
			{ID: "rotated away by the wrong time", CreatedAt: before, ExpiresAt: within.Add(24 * time.Hour)},
			{ID: "made by the wrong time", CreatedAt: within, LastUsedAt: within},
		},
	}
	got, changed := c.SetBack(ahead, now)
	want := authz.Client{
		Name: "worker", Status: authz.StatusActive, Generation: 4, Version: 8, CreatedAt: before, LastUsedAt: now, TokensNotBefore: now,
		Secrets: []authz.Secret{
			{ID: "rotated away by the wrong time", CreatedAt: before, ExpiresAt: now.Add(23 * time.Hour)},
			{ID: "made by the wrong time", CreatedAt: now, LastUsedAt: now},
		},
	}
	if d := cmp.Diff(want, got, cmp.Comparer((*authz.ScopeSet).Equal)); d != "" || !changed {
		t.Errorf("changed %t (-want +got)\n%s", changed, d)
	}
	if len(c.Secrets) != 4 || c.Secrets[0].ID != "ended by the wrong time" {
		t.Errorf("the caller's client was changed: %+v", c.Secrets)
	}
	c.Status = authz.StatusRevoked
	if got, changed := c.SetBack(ahead, now); changed || got.Generation != 3 {
		t.Errorf("a revoked client was changed: %+v", got)
	}
}
