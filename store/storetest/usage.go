package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
)

// usage returns a client's usage with every field set.
func usage(id authz.ClientID) authz.Usage {
	since := Now().Add(-40 * 24 * time.Hour)
	day := Now().Unix() / (24 * 60 * 60)
	return authz.Usage{
		Client: id, Since: since, LastUsedAt: Now(),
		Total: authz.Tally{Requests: 1 << 40, Tokens: 300, EarlyTokens: 7},
		Marks: [2]authz.Mark{
			{Day: day - 1, Then: authz.Tally{Requests: 1, Tokens: 2, EarlyTokens: 3}},
			{Day: day, Then: authz.Tally{Requests: 4, Tokens: 5, EarlyTokens: 6}},
		},
		Scopes: []authz.ScopeUsage{
			{Scope: "invoices.read", Since: since, LastUsedAt: Now(), Uses: 1 << 39},
			{Scope: "reports.generate", Since: Now()},
		},
	}
}

func putUsage(t testing.TB, s authz.Store, usages ...authz.Usage) {
	t.Helper()
	if err := s.PutUsage(t.Context(), usages); err != nil {
		t.Fatalf("PutUsage: %v", err)
	}
}

func usages(t testing.TB, s authz.Store, after authz.ClientID, limit int) []authz.Usage {
	t.Helper()
	page, err := s.Usages(t.Context(), after, limit)
	if err != nil {
		t.Fatalf("Usages: %v", err)
	}
	return page
}

func usageRoundTrip(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	first := usage(c.ID)
	putUsage(t, s, first)
	before := lastSeq(t, s)
	next := usage(c.ID)
	next.Total.Requests, next.LastUsedAt, next.Scopes = 5, time.Time{}, next.Scopes[1:]
	for range 2 {
		diff(t, "usage", []authz.Usage{first}, usages(t, s, "", 10))
		first = next
		putUsage(t, s, next)
	}
	diff(t, "usage that took another's place", []authz.Usage{next}, usages(t, s, "", 10))
	diff(t, "client", c, get(t, s, c.ID))
	if seq := lastSeq(t, s); seq != before {
		t.Errorf("a usage is event %d", seq)
	}
}

func usageValuesAreCopies(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	given := []authz.Usage{usage(c.ID)}
	putUsage(t, s, given...)
	given[0].Scopes[0].Uses = 0
	usages(t, s, "", 10)[0].Scopes[1].Uses = 77
	diff(t, "usage", []authz.Usage{usage(c.ID)}, usages(t, s, "", 10))
}

// usagesInPages puts more, and larger ones, than fit into one transaction.
func usagesInPages(t *testing.T, s authz.Store) {
	const n = 300
	var all []authz.Usage
	for i := range n {
		u := usage(put(t, s, client(i)).ID)
		u.Scopes = nil
		for j := range i % 2 * authz.MaxScopes {
			u.Scopes = append(u.Scopes, authz.ScopeUsage{Scope: authz.Scope(strings.Repeat("s", authz.MaxScopeLength-3) + fmt.Sprint(100+j)), Since: Now(), Uses: uint64(j)})
		}
		all = append(all, u)
	}
	putUsage(t, s, all...)
	var got []authz.Usage
	for after := authz.ClientID(""); ; {
		page := usages(t, s, after, 7)
		if len(page) > 7 {
			t.Fatalf("a page of %d", len(page))
		}
		if len(page) == 0 {
			break
		}
		got, after = append(got, page...), page[len(page)-1].Client
	}
	diff(t, "usages", all, got)
	if page := usages(t, s, "", 0); len(page) != 0 {
		t.Errorf("%d usages where none were asked for", len(page))
	}
}

func usageErrors(t *testing.T, s authz.Store) {
	c := put(t, s, client(1))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, "PutUsage", s.PutUsage(ctx, []authz.Usage{usage(c.ID)}), context.Canceled)
	_, err := s.Usages(ctx, "", 1)
	wantErr(t, "Usages", err, authz.ErrUnavailable)
	if err := s.Close(); err != nil {
		t.Fatalf("Close: %v", err)
	}
	wantErr(t, "PutUsage", s.PutUsage(t.Context(), []authz.Usage{usage(c.ID)}), authz.ErrClosed)
	_, err = s.Usages(t.Context(), "", 1)
	wantErr(t, "Usages", err, authz.ErrClosed)
}
