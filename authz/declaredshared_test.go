package authz_test

import (
	"testing"
	"time"

	"scopegate/authz"
)

func TestTwoDeclaredClientsCannotShareASecret(t *testing.T) {
	l := newLaw(t)
	keys, err := l.issuer.Keys.Keys().WithNew("k2", nil)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := l.issuer.Keys.Keys().Hash(newSecret(t))
	shared, own := newSecret(t), newSecret(t)
	underOld, _ := l.issuer.Keys.Keys().Hash(shared)
	l.issuer.Keys.Set(keys)
	underNew, _ := keys.Hash(shared)
	text := authz.DeclaredSecret{Text: shared}
	for name, tc := range map[string]struct {
		first, second authz.DeclaredSecret
		fine          bool
	}{
		"both by text":                     {first: text, second: text},
		"text and hash":                    {first: text, second: authz.DeclaredSecret{Hash: underNew, HashKeyID: "k2"}},
		"hash and text, under an old key":  {first: authz.DeclaredSecret{Hash: underOld, HashKeyID: "k1"}, second: text},
		"both by hash":                     {first: authz.DeclaredSecret{Hash: old, HashKeyID: "k1"}, second: authz.DeclaredSecret{Hash: old, HashKeyID: "k1"}},
		"one that has ended":               {first: text, second: authz.DeclaredSecret{Text: shared, ExpiresAt: l.now.Add(-time.Hour)}},
		"each its own":                     {first: text, second: authz.DeclaredSecret{Text: own}, fine: true},
		"the same digits, under two keys":  {first: authz.DeclaredSecret{Hash: old, HashKeyID: "k1"}, second: authz.DeclaredSecret{Hash: old, HashKeyID: "k2"}, fine: true},
		"each its own, one of it by hash.": {first: authz.DeclaredSecret{Hash: old, HashKeyID: "k1"}, second: text, fine: true},
	} {
		t.Run(name, func(t *testing.T) {
			one, two := declared(1), declared(2)
			one.Secrets, two.Secrets = []authz.DeclaredSecret{tc.first}, []authz.DeclaredSecret{{Text: newSecret(t)}, tc.second}
			a := application(one, two)
			a.DryRun = true
			if tc.fine {
				l.applies(t, a)
				return
			}
			l.refuses(t, a, "clients[1].secrets[1]: is a secret of clients[0], too")
		})
	}
}
