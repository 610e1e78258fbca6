package authz_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"scopegate/authz"
)

// keepKeys lets the registry change its keys and move secrets to them.
func (l *law) keepKeys(t *testing.T, save func(*authz.HashKeys) error) {
	l.registry.SaveKeys = func(_, next *authz.HashKeys) error { return save(next) }
	l.issuer.Rehash = func(ctx context.Context, id authz.ClientID, secretID string, text authz.SecretText) {
		if err := l.registry.Rehash(ctx, id, secretID, text); err != nil {
			t.Errorf("rehash: %v", err)
		}
	}
}

func kept(*authz.HashKeys) error { return nil }

func TestANewHashKeyIsKeptBeforeItIsUsed(t *testing.T) {
	l := newLaw(t)
	broken := errors.New("disk on fire")
	l.keepKeys(t, func(*authz.HashKeys) error { return broken })
	if _, err := l.registry.RotateKeys(t.Context(), authz.By{Actor: "admin:socket"}); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	if active := l.registry.Keys.Keys().Active(); active != "k1" {
		t.Errorf("the key %q is in use and was not kept", active)
	}
	l.registry.SaveKeys = nil
	if _, err := l.registry.RotateKeys(t.Context(), authz.By{Actor: "admin:socket"}); !errors.Is(err, authz.ErrKeysFixed) {
		t.Errorf("fixed keys: error %v", err)
	}
}

func TestASecretMovesToTheActiveKeyWhenItIsUsedAndOnlyThen(t *testing.T) {
	l := newLaw(t)
	l.keepKeys(t, kept)
	c, secret := l.client(t, "invoices.read")
	id, err := l.registry.RotateKeys(t.Context(), authz.By{Actor: "admin:socket"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.issuer.Authenticate(t.Context(), string(c.ID), nowhere, authz.NewSecretText("wrong")); err == nil {
		t.Fatal("a wrong secret passed")
	}
	if got, _ := l.store.Client(t.Context(), c.ID); got.Secrets[0].HashKeyID != "k1" {
		t.Errorf("a wrong secret moved the hash to %s", got.Secrets[0].HashKeyID)
	}
	for range 3 { // as Basic reads it: the second candidate is the secret
		if _, err := l.issuer.Authenticate(t.Context(), string(c.ID), nowhere, authz.NewSecretText("decoded otherwise"), secret); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.store.Client(t.Context(), c.ID)
	if err != nil || got.Secrets[0].HashKeyID != id || got.Version != 2 {
		t.Errorf("after uses: key %s, version %d, error %v; want %s and one write", got.Secrets[0].HashKeyID, got.Version, err, id)
	}
}

func TestAKeyThatIsNeededIsNotRetiredAndItsUsersAreNamed(t *testing.T) {
	l := newLaw(t)
	l.keepKeys(t, kept)
	for range 22 {
		l.client(t)
	}
	revoked, _ := l.client(t)
	if _, err := l.registry.Revoke(t.Context(), revoked.ID, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	if _, err := l.registry.RotateKeys(t.Context(), authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	err := l.registry.RetireKey(t.Context(), "k1", authz.By{Actor: "admin:socket"})
	var inUse *authz.KeyInUseError
	if !errors.As(err, &inUse) || inUse.Use.Secrets != 22 || len(inUse.Use.Clients) != 22 {
		t.Fatalf("error %v", err)
	}
	if text := err.Error(); strings.Count(text, "Data Sync Worker") != 20 || !strings.Contains(text, " and 2 more; a secret moves") {
		t.Errorf("the refusal says %s", text)
	}
}

// Registering, rotating and authenticating run while keys are rotated and
// retired: whatever was answered authenticates in the end.
func TestNoSecretIsLostWhileKeysComeAndGo(t *testing.T) {
	l := newLaw(t)
	l.keepKeys(t, kept)
	type login struct {
		id     authz.ClientID
		secret authz.SecretText
	}
	logins := make([]login, 24)
	var workers sync.WaitGroup
	for i := range logins {
		workers.Go(func() {
			c, secret, err := l.registry.Create(t.Context(), authz.Registration{Name: fmt.Sprint(i), Confidential: true}, authz.By{})
			if err == nil && i%2 == 0 {
				c, secret, err = l.registry.Rotate(t.Context(), c.ID, 0, authz.By{Actor: "admin:socket"})
			}
			if err != nil {
				t.Errorf("client %d: %v", i, err)
			}
			logins[i] = login{c.ID, secret}
		})
	}
	for range 8 {
		if _, err := l.registry.RotateKeys(t.Context(), authz.By{Actor: "admin:socket"}); err != nil {
			t.Errorf("rotate keys: %v", err)
		}
		for _, id := range l.registry.Keys.Keys().IDs() {
			_ = l.registry.RetireKey(t.Context(), id, authz.By{Actor: "admin:socket"}) // refused where it is needed
		}
	}
	workers.Wait()
	l.issuer.Used = nil
	for i, login := range logins {
		if _, err := l.issuer.Authenticate(t.Context(), string(login.id), nowhere, login.secret); err != nil {
			t.Errorf("client %d: %v", i, err)
		}
	}
}
