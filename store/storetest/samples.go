package storetest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
)

// Open opens an empty store for a test.
type Open func(t testing.TB) authz.Store

// Now is the instant at which the suite plays: engines with a clock of their
// own take it from here, so that nothing expires in the middle of a test.
func Now() time.Time { return time.Date(2026, 3, 14, 9, 26, 53, 0, time.UTC) }

// equal compares records as values: scope sets by their text, times by instant.
var equal = cmp.Comparer(func(a, b *authz.ScopeSet) bool { return a.Equal(b) })

// samePrefix compares ranges of addresses as values.
var samePrefix = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

// opened opens a store that the test's end closes.
func opened(t testing.TB, open Open) authz.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// clientID returns the n-th id in order.
func clientID(n int) authz.ClientID {
	return authz.ClientID(fmt.Sprintf("%08x-0000-4000-8000-000000000000", n))
}

// client returns a client with every field set.
func client(n int) authz.Client {
	return authz.Client{
		ID: clientID(n), Name: fmt.Sprintf("Data Sync Worker %d ü", n),
		AllowedGrants: []authz.GrantType{authz.GrantClientCredentials},
		AllowedScopes: authz.NewScopeSet("invoices.read", "reports.generate"),
		Confidential:  true, OwnerType: "tenant", OwnerID: "42", AccessTokenTTL: 30 * time.Minute,
		IssueLimit: authz.IssueLimit{N: 100, Per: time.Hour}, MaxLiveTokens: 50,
		Addresses: authz.Addresses{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")},
		Labels:    map[string]string{"team": "billing"}, ManagedBy: "infra/billing", SecretsDeclared: true,
		Status: authz.StatusActive, CreatedAt: Now().Add(123 * time.Millisecond),
		Secrets: []authz.Secret{
			{ID: "s1", Hash: sha256.Sum256([]byte{1}), HashKeyID: "k1", Preview: "spocs_abcd", CreatedAt: Now()},
			{ID: "s2", Hash: sha256.Sum256([]byte{2}), HashKeyID: "k2", First: sha256.Sum256([]byte{3}), Preview: "spocs_efgh", CreatedAt: Now(), ExpiresAt: Now().Add(time.Hour), Warned: 24 * time.Hour},
		},
		Generation: 1, TokensNotBefore: Now().Add(-time.Hour),
	}
}

// token returns the n-th token of a client, which expires an hour from Now.
func token(id authz.ClientID, n int) authz.AccessToken {
	end := Now().Add(time.Hour)
	return authz.AccessToken{
		Key:      authz.TokenKey{Hour: authz.HourOf(end), Hash: sha256.Sum256(fmt.Appendf(nil, "%s %d", id, n))},
		ClientID: id, Generation: 1, Grant: authz.GrantClientCredentials,
		Scopes: authz.NewScopeSet("invoices.read"), IssuedAt: Now(), ExpiresAt: end,
	}
}

// until returns the token with another end.
func until(t authz.AccessToken, end time.Time) authz.AccessToken {
	t.ExpiresAt, t.Key.Hour = end, authz.HourOf(end)
	return t
}

func change(kind authz.EventKind) authz.Change {
	return authz.Change{Kind: kind, At: Now(), Actor: "admin:socket", Reason: "so that it is seen", Detail: "by the suite", SecretID: "s2", SecretEnds: Now().Add(time.Hour)}
}

func put(t testing.TB, s authz.Store, c authz.Client) authz.Client {
	t.Helper()
	kind := authz.EventClientUpdated
	if c.Version == 0 {
		kind = authz.EventClientCreated
	}
	stored, err := s.PutClient(t.Context(), c, change(kind))
	if err != nil {
		t.Fatalf("PutClient: %v", err)
	}
	return stored
}

func get(t testing.TB, s authz.Store, id authz.ClientID) authz.Client {
	t.Helper()
	c, err := s.Client(t.Context(), id)
	if err != nil {
		t.Fatalf("Client: %v", err)
	}
	return c
}

func putToken(t testing.TB, s authz.Store, tok authz.AccessToken) {
	t.Helper()
	if err := s.PutToken(t.Context(), tok); err != nil {
		t.Fatalf("PutToken: %v", err)
	}
}

func getToken(t testing.TB, s authz.Store, key authz.TokenKey) authz.AccessToken {
	t.Helper()
	tok, err := s.Token(t.Context(), key)
	if err != nil {
		t.Fatalf("Token: %v", err)
	}
	return tok
}

func revoke(t testing.TB, s authz.Store, tok authz.AccessToken) {
	t.Helper()
	if err := s.RevokeToken(t.Context(), tok, change(authz.EventTokenRevoked)); err != nil {
		t.Fatalf("RevokeToken: %v", err)
	}
}

func lastSeq(t testing.TB, s authz.Store) authz.Seq {
	t.Helper()
	seq, err := s.LastSeq(t.Context())
	if err != nil {
		t.Fatalf("LastSeq: %v", err)
	}
	return seq
}

// allEvents reads the whole control log, a few events at a time, and checks
// that the positions are contiguous.
func allEvents(t testing.TB, s authz.Store) []authz.Event {
	t.Helper()
	var all []authz.Event
	for after := authz.Seq(0); ; {
		events, err := s.Events(t.Context(), after, 7)
		if err != nil {
			t.Fatalf("Events: %v", err)
		}
		for _, e := range events {
			if after++; e.Seq != after {
				t.Fatalf("event %d stands at position %d", e.Seq, after)
			}
		}
		if all = append(all, events...); len(events) == 0 {
			return all
		}
	}
}

func wantErr(t testing.TB, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: error is %v, want %v", what, err, want)
	}
}

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got, equal, samePrefix); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
