package authz_test

import (
	"context"
	"errors"
	"testing"

	"scopegate/authz"
)

func TestAllClientsOfAnOwnerAreRevokedAndNobodyElses(t *testing.T) {
	l := newLaw(t)
	register := func(ownerType, ownerID string) authz.Client {
		c, _, err := l.registry.Create(t.Context(), authz.Registration{Name: "worker", Confidential: true, OwnerType: ownerType, OwnerID: ownerID}, authz.By{})
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for range 150 {
		register("tenant", "42")
	}
	disabled := register("tenant", "42")
	if _, err := l.registry.Disable(t.Context(), disabled.ID, authz.By{Actor: "admin:socket"}); err != nil {
		t.Fatal(err)
	}
	others := []authz.Client{register("tenant", "4"), register("team", "42"), register("", "")}

	n, err := l.registry.RevokeOwner(t.Context(), "tenant", "42", authz.By{Actor: "admin:socket"})
	if n != 151 || err != nil {
		t.Errorf("%d clients revoked, error %v; want 151", n, err)
	}
	page, err := l.store.Clients(t.Context(), authz.ClientQuery{OwnerType: "tenant", OwnerID: "42", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range page.Clients {
		if c.Status != authz.StatusRevoked {
			t.Errorf("client %s is %s", c.ID, c.Status)
		}
	}
	for _, other := range others {
		if c, err := l.store.Client(t.Context(), other.ID); err != nil || c.Status != authz.StatusActive {
			t.Errorf("a client of %s:%s is %s, error %v", c.OwnerType, c.OwnerID, c.Status, err)
		}
	}
	if n, err := l.registry.RevokeOwner(t.Context(), "tenant", "42", authz.By{Actor: "admin:socket"}); n != 0 || err != nil {
		t.Errorf("again: %d clients revoked, error %v", n, err)
	}
	var field *authz.FieldError
	if _, err := l.registry.RevokeOwner(t.Context(), "tenant", "", authz.By{Actor: "admin:socket"}); !errors.As(err, &field) {
		t.Errorf("half an owner: error %v", err)
	}
}

func TestARevocationOfAnOwnerThatFailsSaysSo(t *testing.T) {
	l := newLaw(t)
	c, _, err := l.registry.Create(t.Context(), authz.Registration{Name: "worker", Confidential: true, OwnerType: "tenant", OwnerID: "42"}, authz.By{})
	if err != nil {
		t.Fatal(err)
	}
	l.store.Fail(nil, authz.ErrUnavailable)
	if n, err := l.registry.RevokeOwner(t.Context(), "tenant", "42", authz.By{Actor: "admin:socket"}); n != 0 || !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("client %s: %d revoked, error %v", c.ID, n, err)
	}
}

// oneFails is a store that cannot write one client.
type oneFails struct {
	authz.Store
	id authz.ClientID
}

func (s oneFails) PutClient(ctx context.Context, c authz.Client, ch authz.Change) (authz.Client, error) {
	if c.ID == s.id {
		return authz.Client{}, authz.ErrUnavailable
	}
	return s.Store.PutClient(ctx, c, ch)
}

func TestARevocationThatFailsKeepsNoOtherClientAlive(t *testing.T) {
	l := newLaw(t)
	var ids []authz.ClientID
	for range 200 {
		c, _, err := l.registry.Create(t.Context(), authz.Registration{Name: "worker", Confidential: true, OwnerType: "tenant", OwnerID: "42"}, authz.By{})
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, c.ID)
	}
	l.registry.Store = oneFails{l.store, ids[0]}
	n, err := l.registry.RevokeOwner(t.Context(), "tenant", "42", authz.By{Actor: "admin:socket"})
	if n != len(ids)-1 || !errors.Is(err, authz.ErrUnavailable) {
		t.Errorf("%d clients revoked, error %v; want all but one", n, err)
	}
	for _, id := range ids[1:] {
		if c, err := l.store.Client(t.Context(), id); err != nil || c.Status != authz.StatusRevoked {
			t.Errorf("client %s is %s, error %v", id, c.Status, err)
		}
	}
}
