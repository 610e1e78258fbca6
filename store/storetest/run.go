package storetest

import (
	"context"
	"testing"
	"time"

	"scopegate/authz"
)

// Run checks the behaviour of a store, one fresh store for each case.
func Run(t *testing.T, open Open) {
	cases := []struct {
		name string
		run  func(*testing.T, authz.Store)
	}{
		{"a new store is empty", newStoreIsEmpty},
		{"a client comes back as it was put", clientRoundTrip},
		{"the largest client that is valid is kept", largestClientIsKept},
		{"a client's values are copies", clientValuesAreCopies},
		{"a client is created once", clientIsCreatedOnce},
		{"a write needs the stored version", writeNeedsStoredVersion},
		{"the generation never falls", generationNeverFalls},
		{"a client needs a UUID", clientNeedsUUID},
		{"clients come in pages in the order of ids", clientsInPages},
		{"clients are filtered", clientsAreFiltered},
		{"last uses only move forward", usesMoveForward},
		{"a change keeps the uses noted meanwhile", changeKeepsUses},
		{"a usage comes back as it was last put", usageRoundTrip},
		{"a usage's values are copies", usageValuesAreCopies},
		{"usages come in pages in the order of ids", usagesInPages},
		{"usages end with the context and the store", usageErrors},
		{"a token comes back as it was put", tokenRoundTrip},
		{"a token's values are copies", tokenValuesAreCopies},
		{"an unknown token is not found", unknownToken},
		{"a token's hour is that of its end", tokenHourMustFit},
		{"a token is found by its public id", tokenByID},
		{"tokens of many shapes keep what they were issued with", tokenShapes},
		{"a revoked token stays revoked", revokedStaysRevoked},
		{"a revocation needs no stored token", revocationBeforeToken},
		{"a repeated revocation is no second event", revocationIsIdempotent},
		{"every living token is visited", eachToken},
		{"a visit may use the store", eachTokenMayUseStore},
		{"each control change is one event", changesAreEvents},
		{"a note is an event of no client", notesAreEvents},
		{"a refused change is no event", refusedChangeIsNoEvent},
		{"events come in pages", eventsInPages},
		{"entries come back in the order of keys", entriesInOrder},
		{"an entry without a value is taken out", entriesAreTakenOut},
		{"an entry's value is a copy", entryValuesAreCopies},
		{"entries are written all or none, within bounds", entriesWithinBounds},
		{"an ended context ends a call", endedContext},
		{"a closed store says so", closedStore},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) { c.run(t, opened(t, open)) })
	}
}

func newStoreIsEmpty(t *testing.T, s authz.Store) {
	_, err := s.Client(t.Context(), clientID(1))
	wantErr(t, "Client", err, authz.ErrNotFound)
	page, err := s.Clients(t.Context(), authz.ClientQuery{})
	if err != nil || len(page.Clients) != 0 || page.Next != "" {
		t.Errorf("Clients = %v, %v", page, err)
	}
	if seq := lastSeq(t, s); seq != 0 || len(allEvents(t, s)) != 0 {
		t.Errorf("LastSeq = %d", seq)
	}
	if err := s.Check(t.Context()); err != nil {
		t.Errorf("Check: %v", err)
	}
}

func endedContext(t *testing.T, s authz.Store) {
	stored := put(t, s, client(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Client(ctx, stored.ID)
	wantErr(t, "Client", err, context.Canceled)
	wantErr(t, "Client", err, authz.ErrUnavailable)
	_, err = s.PutClient(ctx, stored, change(authz.EventClientUpdated))
	wantErr(t, "PutClient", err, context.Canceled)
	wantErr(t, "PutToken", s.PutToken(ctx, token(stored.ID, 1)), context.Canceled)
	wantErr(t, "RevokeToken", s.RevokeToken(ctx, token(stored.ID, 1), change(authz.EventTokenRevoked)), context.Canceled)
}

func closedStore(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	for range 2 {
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	ctx := t.Context()
	tok := token(c.ID, 1)
	_, err := s.Client(ctx, c.ID)
	wantErr(t, "Client", err, authz.ErrClosed)
	_, err = s.Clients(ctx, authz.ClientQuery{})
	wantErr(t, "Clients", err, authz.ErrClosed)
	_, err = s.PutClient(ctx, c, change(authz.EventClientUpdated))
	wantErr(t, "PutClient", err, authz.ErrClosed)
	wantErr(t, "TouchClients", s.TouchClients(ctx, []authz.Use{{Client: c.ID, At: Now()}}), authz.ErrClosed)
	wantErr(t, "PutToken", s.PutToken(ctx, tok), authz.ErrClosed)
	_, err = s.Token(ctx, tok.Key)
	wantErr(t, "Token", err, authz.ErrClosed)
	_, err = s.TokenByID(ctx, tok.Key.Hash.ID())
	wantErr(t, "TokenByID", err, authz.ErrClosed)
	wantErr(t, "RevokeToken", s.RevokeToken(ctx, tok, change(authz.EventTokenRevoked)), authz.ErrClosed)
	wantErr(t, "EachToken", s.EachToken(ctx, time.Time{}, func(authz.AccessToken) bool { return true }), authz.ErrClosed)
	wantErr(t, "Note", s.Note(ctx, change(authz.EventKeysRotated)), authz.ErrClosed)
	_, err = s.Events(ctx, 0, 1)
	wantErr(t, "Events", err, authz.ErrClosed)
	_, err = s.LastSeq(ctx)
	wantErr(t, "LastSeq", err, authz.ErrClosed)
	wantErr(t, "PutEntries", s.PutEntries(ctx, "d", []authz.Entry{{Key: "k", Value: []byte("v")}}), authz.ErrClosed)
	_, err = s.Entries(ctx, "d", "", "", 1)
	wantErr(t, "Entries", err, authz.ErrClosed)
	wantErr(t, "Check", s.Check(ctx), authz.ErrClosed)
}
