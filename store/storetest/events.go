package storetest

import (
	"testing"

	"scopegate/authz"
)

func changesAreEvents(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	c.Generation, c.Status = 2, authz.StatusDisabled
	if _, err := s.PutClient(t.Context(), c, change(authz.EventClientDisabled)); err != nil {
		t.Fatalf("PutClient: %v", err)
	}
	tok := token(clientID(2), 1) // its client is unknown
	revoke(t, s, tok)
	want := []authz.Event{
		{Seq: 1, Change: change(authz.EventClientCreated), ClientID: c.ID, Generation: 1},
		{Seq: 2, Change: change(authz.EventClientDisabled), ClientID: c.ID, Generation: 2},
		{Seq: 3, Change: change(authz.EventTokenRevoked), ClientID: tok.ClientID, Generation: 1, Token: &tok.Key, ExpiresAt: tok.ExpiresAt},
	}
	events := allEvents(t, s)
	diff(t, "events", want, events)
	if seq := lastSeq(t, s); seq != 3 {
		t.Errorf("LastSeq is %d, want 3", seq)
	}
	if len(events) == 3 && events[2].Token != nil {
		events[2].Token.Hour = 0
		diff(t, "events after the caller's own were changed", want, allEvents(t, s))
	}
}

func notesAreEvents(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	if err := s.Note(t.Context(), change(authz.EventKeysRotated)); err != nil {
		t.Fatalf("Note: %v", err)
	}
	put(t, s, c)
	about := change(authz.EventTokenIssued)
	about.ClientID = c.ID
	if err := s.Note(t.Context(), about); err != nil {
		t.Fatalf("Note: %v", err)
	}
	want := []authz.Event{
		{Seq: 1, Change: change(authz.EventClientCreated), ClientID: c.ID, Generation: 1},
		{Seq: 2, Change: change(authz.EventKeysRotated)},
		{Seq: 3, Change: change(authz.EventClientUpdated), ClientID: c.ID, Generation: 1},
	}
	want = append(want, authz.Event{Seq: 4, Change: change(authz.EventTokenIssued), ClientID: c.ID})
	diff(t, "events", want, allEvents(t, s))
	if got := get(t, s, c.ID); got.Version != 2 {
		t.Errorf("the note made version %d of the client", got.Version)
	}
}

func refusedChangeIsNoEvent(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	lower := c.Clone()
	lower.Generation = 0
	for _, refused := range []authz.Client{client(1), lower} {
		_, err := s.PutClient(t.Context(), refused, change(authz.EventClientUpdated))
		wantErr(t, "PutClient", err, authz.ErrConflict)
	}
	if seq := lastSeq(t, s); seq != 1 {
		t.Errorf("LastSeq is %d, want 1", seq)
	}
	if put(t, s, c); len(allEvents(t, s)) != 2 {
		t.Error("the event after refused ones is not the second")
	}
}

func eventsInPages(t *testing.T, s authz.Store) {
	for n := range 10 {
		put(t, s, client(n))
	}
	cases := []struct {
		after authz.Seq
		limit int
		want  []authz.Seq
	}{
		{0, 3, []authz.Seq{1, 2, 3}},
		{3, 100, []authz.Seq{4, 5, 6, 7, 8, 9, 10}},
		{9, 1, []authz.Seq{10}},
		{10, 5, nil},
		{1 << 62, 5, nil},
		{1<<64 - 1, 5, nil},
		{0, 0, nil},
		{0, -1, nil},
	}
	for _, c := range cases {
		events, err := s.Events(t.Context(), c.after, c.limit)
		if err != nil {
			t.Fatalf("Events(%d, %d): %v", c.after, c.limit, err)
		}
		var got []authz.Seq
		for _, e := range events {
			got = append(got, e.Seq)
		}
		diff(t, "positions", c.want, got)
	}
}
