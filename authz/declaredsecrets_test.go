package authz_test

import (
	"strings"
	"testing"
	"time"

	"scopegate/authz"
)

// hashed is a secret as a file gives it by its hash.
func (l *law) hashed(text authz.SecretText) authz.DeclaredSecret {
	hash, key := l.registry.Keys.Keys().Hash(text)
	return authz.DeclaredSecret{Hash: hash, HashKeyID: key, Preview: text.Text()[:10]}
}

func TestDeclaredSecretsReplaceEachOther(t *testing.T) {
	l := newLaw(t)
	d, first, second := declared(1), newSecret(t), newSecret(t)
	d.Secrets = []authz.DeclaredSecret{{Text: first}}
	l.applies(t, application(d))
	d.Secrets = []authz.DeclaredSecret{{Text: first, ExpiresAt: l.now.Add(time.Hour)}, l.hashed(second)}
	if got := l.applies(t, application(d)); !strings.Contains(got, "end from none to ") || !strings.Contains(got, "added") {
		t.Errorf("with an overlap:\n%s", got)
	}
	if !l.knows(t, d.ID, first) || !l.knows(t, d.ID, second) {
		t.Error("both secrets are good for now")
	}
	l.now = l.now.Add(time.Hour)
	if l.knows(t, d.ID, first) || !l.knows(t, d.ID, second) {
		t.Error("the first has ended, the second not")
	}
	if got := l.applies(t, application(d)); got != "" {
		t.Errorf("a secret that ended by its own time:\n%s", got)
	}
	d.Secrets = d.Secrets[1:]
	l.applies(t, application(d))
	third := newSecret(t)
	d.Secrets = []authz.DeclaredSecret{{Text: third}}
	if got := l.applies(t, application(d)); !strings.Contains(got, "removed") {
		t.Errorf("without an overlap:\n%s", got)
	}
	if l.knows(t, d.ID, second) || !l.knows(t, d.ID, third) || len(l.stored(t, d.ID).Secrets) != 1 {
		t.Errorf("secrets %+v", l.stored(t, d.ID).Secrets)
	}
	seq := l.lastSeq(t)
	d.Secrets = append(d.Secrets, authz.DeclaredSecret{Text: newSecret(t)})
	l.applies(t, application(d))
	d.Secrets = d.Secrets[:1]
	l.applies(t, application(d))
	d.Secrets[0].ExpiresAt = l.now.Add(time.Hour)
	l.applies(t, application(d))
	events, err := l.store.Events(t.Context(), seq, 10)
	if err != nil || len(events) != 3 || events[0].Change.Kind != authz.EventSecretRotated || events[0].Change.SecretID != "s4" ||
		events[1].Change.Kind != authz.EventSecretRemoved || events[1].Change.SecretID != "s4" ||
		events[2].Change.Kind != authz.EventClientUpdated || events[2].Change.SecretID != "" {
		t.Errorf("events %+v, %v", events, err)
	}
	d.Secrets = nil
	if got := l.applies(t, application(d)); got != "" || !l.knows(t, d.ID, third) {
		t.Errorf("without secrets:\n%s", got)
	}
}

func TestTheLastLivingSecretIsNotTaken(t *testing.T) {
	l := newLaw(t)
	d := declared(1)
	d.Secrets = []authz.DeclaredSecret{{Text: newSecret(t)}}
	l.applies(t, application(d))
	d.Secrets = []authz.DeclaredSecret{{Text: newSecret(t), ExpiresAt: l.now.Add(-time.Hour)}}
	l.refuses(t, application(d), "clients[0].secrets: would take the client's last living secret")
	d.Secrets = []authz.DeclaredSecret{}
	l.refuses(t, application(d), "clients[0].secrets: would take the client's last living secret")
}

func TestMoreSecretsThanAClientMayHave(t *testing.T) {
	l := newLaw(t)
	d := declared(1)
	for range authz.MaxSecrets + 1 {
		d.Secrets = append(d.Secrets, authz.DeclaredSecret{Text: newSecret(t)})
	}
	l.refuses(t, application(d), "clients[0].secrets: holds more than 10 secrets")
	d.Secrets = d.Secrets[1:]
	l.applies(t, application(d))
	for i := range d.Secrets {
		d.Secrets[i] = authz.DeclaredSecret{Text: newSecret(t)}
	}
	l.applies(t, application(d))
}

// A file that was not brought up to date ends no secret that was made since,
// and brings none back that was taken away.
func TestSecretsChangedByHandAreNotReplacedByAnOldFile(t *testing.T) {
	for name, byHand := range map[string]func(l *law, d authz.Declared) error{
		"rotated": func(l *law, d authz.Declared) error {
			_, _, err := l.registry.Rotate(t.Context(), d.ID, time.Hour, authz.By{})
			return err
		},
		"removed": func(l *law, d authz.Declared) error {
			_, err := l.registry.RemoveSecret(t.Context(), d.ID, "s1", true, authz.By{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLaw(t)
			d, leaked := declared(1), newSecret(t)
			d.Secrets = []authz.DeclaredSecret{{Text: leaked}}
			l.applies(t, application(d))
			if err := byHand(l, d); err != nil {
				t.Fatal(err)
			}
			l.now = l.now.Add(2 * time.Hour)
			l.refuses(t, application(d), "clients[0].secrets: differ, and the client's own were last changed by hand")
			if l.knows(t, d.ID, leaked) {
				t.Error("the secret came back")
			}
			d.Secrets = []authz.DeclaredSecret{{Text: newSecret(t)}}
			l.refuses(t, application(d), "take_secrets")
			a := application(d)
			a.TakeSecrets = true
			l.applies(t, a)
			if !l.knows(t, d.ID, d.Secrets[0].Text) || l.knows(t, d.ID, leaked) {
				t.Error("the client has not the declared secret alone")
			}
			d.Secrets = []authz.DeclaredSecret{{Text: newSecret(t)}}
			l.applies(t, application(d)) // the file is in charge again
		})
	}
}

// Using a secret under a new hash key moves it; the file still names it.
func TestASecretThatMovedToAnotherHashKeyIsStillTheSame(t *testing.T) {
	l := newLaw(t)
	byHash, byText := declared(1), declared(2)
	one, two := newSecret(t), newSecret(t)
	byHash.Secrets = []authz.DeclaredSecret{l.hashed(one)}
	byText.Secrets = []authz.DeclaredSecret{{Text: two}}
	a := application(byHash, byText)
	l.applies(t, a)
	l.registry.SaveKeys = func(_, _ *authz.HashKeys) error { return nil }
	for range 2 {
		active, err := l.registry.RotateKeys(t.Context(), authz.By{})
		if err != nil {
			t.Fatal(err)
		}
		for id, text := range map[authz.ClientID]authz.SecretText{byHash.ID: one, byText.ID: two} {
			if err := l.registry.Rehash(t.Context(), id, "s1", text); err != nil {
				t.Fatal(err)
			}
			if got := l.stored(t, id).Secrets[0].HashKeyID; got != active {
				t.Fatalf("secret under %s", got)
			}
		}
		if got := l.applies(t, a); got != "" {
			t.Errorf("after the hash key changed:\n%s", got)
		}
	}
	if err := l.registry.RetireKey(t.Context(), "k1", authz.By{}); err != nil {
		t.Fatal(err)
	}
	if got := l.applies(t, a); got != "" || !l.knows(t, byHash.ID, one) {
		t.Errorf("after the first key went:\n%s", got)
	}
}
