package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
)

func tokenRoundTrip(t *testing.T, s authz.Store) {
	tok := token(clientID(1), 1)
	for range 2 { // a repetition changes nothing
		putToken(t, s, tok)
		diff(t, "token", tok, getToken(t, s, tok.Key))
	}
	if seq := lastSeq(t, s); seq != 0 {
		t.Errorf("LastSeq is %d: a token is no control change", seq)
	}
}

func tokenValuesAreCopies(t *testing.T, s authz.Store) {
	tok := token(clientID(1), 1)
	tok.Resources = []string{"https://a.example", "https://b.example"}
	putToken(t, s, tok)
	tok.Resources[0] = "spoilt"
	read := getToken(t, s, tok.Key)
	read.Resources[1] = "spoilt"
	diff(t, "resources", []string{"https://a.example", "https://b.example"}, getToken(t, s, tok.Key).Resources)
}

func unknownToken(t *testing.T, s authz.Store) {
	tok := token(clientID(1), 1)
	putToken(t, s, tok)
	for _, key := range []authz.TokenKey{token(clientID(1), 2).Key, {}, {Hour: tok.Key.Hour + 1, Hash: tok.Key.Hash}} {
		_, err := s.Token(t.Context(), key)
		wantErr(t, "Token", err, authz.ErrNotFound)
	}
	_, err := s.TokenByID(t.Context(), token(clientID(1), 2).Key.Hash.ID())
	wantErr(t, "TokenByID", err, authz.ErrNotFound)
	_, err = s.TokenByID(t.Context(), "no id")
	wantErr(t, "TokenByID of no id", err, authz.ErrNotFound)
}

func tokenHourMustFit(t *testing.T, s authz.Store) {
	tok := token(clientID(1), 1)
	tok.Key.Hour++
	if err := s.PutToken(t.Context(), tok); err == nil {
		t.Error("a token with a foreign hour was stored")
	}
	if err := s.RevokeToken(t.Context(), tok, change(authz.EventTokenRevoked)); err == nil {
		t.Error("a token with a foreign hour was revoked")
	}
}

func tokenByID(t *testing.T, s authz.Store) {
	for n := range 20 {
		putToken(t, s, until(token(clientID(1), n), Now().Add(time.Duration(n)*time.Hour)))
	}
	for n := range 20 {
		want := until(token(clientID(1), n), Now().Add(time.Duration(n)*time.Hour))
		got, err := s.TokenByID(t.Context(), want.Key.Hash.ID())
		if err != nil {
			t.Fatalf("TokenByID: %v", err)
		}
		diff(t, "token", want, got)
	}
}

func tokenShapes(t *testing.T, s authz.Store) {
	var long []authz.Scope
	for i := range authz.MaxScopes {
		long = append(long, authz.Scope(fmt.Sprintf("%s%d", strings.Repeat("s", authz.MaxScopeLength-3), i)))
	}
	base := token(clientID(1), 0)
	shapes := map[string]func(*authz.AccessToken){
		"no scopes":      func(tok *authz.AccessToken) { tok.Scopes = nil },
		"as many scopes": func(tok *authz.AccessToken) { tok.Scopes = authz.NewScopeSet(long...) },
		"resources": func(tok *authz.AccessToken) {
			tok.Resources = []string{"https://api.example/b", "https://api.example/a"}
		},
		"a high generation":    func(tok *authz.AccessToken) { tok.Generation = 1<<64 - 1 },
		"another client":       func(tok *authz.AccessToken) { tok.ClientID = "ffffffff-ffff-4fff-bfff-ffffffffffff" },
		"the first of an hour": func(tok *authz.AccessToken) { *tok = until(*tok, Now().Truncate(time.Hour).Add(2*time.Hour)) },
		"the last of an hour": func(tok *authz.AccessToken) {
			*tok = until(*tok, Now().Truncate(time.Hour).Add(2*time.Hour-time.Second))
		},
		"an end long gone": func(tok *authz.AccessToken) { *tok = until(*tok, Now().Add(-time.Minute)) },
	}
	i := 1
	for name, shape := range shapes {
		tok := base
		tok.Key.Hash = token(clientID(1), i).Key.Hash
		i++
		shape(&tok)
		putToken(t, s, tok)
		t.Run(name, func(t *testing.T) { diff(t, "token", tok, getToken(t, s, tok.Key)) })
	}
}

func revokedStaysRevoked(t *testing.T, s authz.Store) {
	tok, other := token(clientID(1), 1), token(clientID(1), 2)
	putToken(t, s, tok)
	putToken(t, s, other)
	revoke(t, s, tok)
	putToken(t, s, tok) // must not bring it back
	want := tok
	want.Revoked = true
	diff(t, "Token", want, getToken(t, s, tok.Key))
	got, err := s.TokenByID(t.Context(), tok.Key.Hash.ID())
	if err != nil {
		t.Fatalf("TokenByID: %v", err)
	}
	diff(t, "TokenByID", want, got)
	diff(t, "another token", other, getToken(t, s, other.Key))
}

func revocationBeforeToken(t *testing.T, s authz.Store) {
	tok := token(clientID(1), 1)
	revoke(t, s, tok)
	_, err := s.Token(t.Context(), tok.Key)
	wantErr(t, "Token", err, authz.ErrNotFound)
	putToken(t, s, tok)
	if !getToken(t, s, tok.Key).Revoked {
		t.Error("a token that was revoked before it was put is not revoked")
	}
}

func revocationIsIdempotent(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	tok := token(c.ID, 1)
	putToken(t, s, tok)
	for range 3 {
		revoke(t, s, tok)
	}
	events := allEvents(t, s)
	if len(events) != 2 {
		t.Fatalf("%d events, want 2", len(events))
	}
	want := authz.Event{
		Seq: 2, Change: change(authz.EventTokenRevoked), ClientID: c.ID, Generation: c.Generation, Token: &tok.Key, ExpiresAt: tok.ExpiresAt,
	}
	diff(t, "event", want, events[1])
}

func eachToken(t *testing.T, s authz.Store) {
	want := map[authz.TokenKey]authz.AccessToken{}
	const n = 300
	for i := range n {
		tok := until(token(clientID(i%3+1), i), Now().Add(time.Duration(i-n/2)*time.Minute))
		putToken(t, s, tok)
		if i%5 == 0 {
			revoke(t, s, tok)
			tok.Revoked = true
		}
		if Now().Before(tok.ExpiresAt) {
			want[tok.Key] = tok
		}
	}
	revoke(t, s, token(clientID(1), n)) // never put: not visited
	got := map[authz.TokenKey]authz.AccessToken{}
	err := s.EachToken(t.Context(), Now(), func(tok authz.AccessToken) bool {
		if _, twice := got[tok.Key]; twice {
			t.Errorf("token %s came twice", tok.Key.Hash.ID())
		}
		got[tok.Key] = tok
		return true
	})
	if err != nil {
		t.Fatalf("EachToken: %v", err)
	}
	diff(t, "tokens", want, got)
	calls := 0
	err = s.EachToken(t.Context(), Now(), func(authz.AccessToken) bool { calls++; return calls < 3 })
	if err != nil || calls != 3 {
		t.Errorf("%d calls after the third said stop, error %v", calls, err)
	}
}

func eachTokenMayUseStore(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	for n := range 10 {
		putToken(t, s, token(c.ID, n))
	}
	err := s.EachToken(t.Context(), Now(), func(tok authz.AccessToken) bool {
		revoke(t, s, tok)
		return getToken(t, s, tok.Key).Revoked
	})
	if err != nil {
		t.Fatalf("EachToken: %v", err)
	}
	if seq := lastSeq(t, s); seq != 11 {
		t.Errorf("LastSeq is %d, want 11", seq)
	}
}
