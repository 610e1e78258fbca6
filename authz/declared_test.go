package authz_test

import (
	"testing"
	"time"

	"scopegate/authz"
)

func TestADeclaredClientWhoseSecretsHaveAllEndedIsWarnedOf(t *testing.T) {
	l := newLaw(t)
	ended, later := l.now, l.now.Add(time.Hour)
	until := func(ends ...time.Time) authz.Declared {
		d := declared(1)
		d.Secrets = []authz.DeclaredSecret{}
		for _, end := range ends {
			d.Secrets = append(d.Secrets, authz.DeclaredSecret{Text: newSecret(t), ExpiresAt: end})
		}
		return d
	}
	for name, tc := range map[string]struct {
		client authz.Declared
		warned bool
	}{
		"one that has ended":         {until(ended), true},
		"two that have ended":        {until(ended, ended.Add(-time.Hour)), true},
		"one of two that has":        {until(ended, later), false},
		"one that never ends":        {until(time.Time{}), false},
		"nothing is said of secrets": {declared(1), false},
		"no secret is declared":      {until(), false},
	} {
		t.Run(name, func(t *testing.T) {
			a := application(tc.client)
			a.DryRun = true
			diffs, err := l.registry.Apply(t.Context(), a)
			if err != nil || len(diffs) != 1 {
				t.Fatalf("%v, %v", diffs, err)
			}
			if got := diffs[0].Warning; (got != nil) != tc.warned || got != nil && got.Field != "secrets" {
				t.Errorf("warning %v, want one: %t", got, tc.warned)
			}
		})
	}

	client := until(ended)
	l.applies(t, application(client))
	diffs, err := l.registry.Apply(t.Context(), application(client))
	if err != nil || diffs[0].Action != authz.ActionNone || diffs[0].Warning == nil {
		t.Errorf("applied again: %+v, %v; want it unchanged, and warned of", diffs, err)
	}
}
