package live_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/store/live"
	"scopegate/store/memstore"
)

// reopen opens a view over an engine at a time.
func reopen(t *testing.T, engine authz.Store, at time.Time) *live.Store {
	t.Helper()
	s, err := live.Open(t.Context(), engine, live.Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// deaf is an engine that nobody closes and that may refuse usages.
type deaf struct {
	authz.Store
	refuse     error // of PutUsage
	refuseRead error // of Usages
	puts       int   // usages
}

func (d *deaf) Close() error { return nil }

func (d *deaf) PutUsage(ctx context.Context, usages []authz.Usage) error {
	d.puts += len(usages)
	if d.refuse != nil {
		return d.refuse
	}
	return d.Store.PutUsage(ctx, usages)
}

func (d *deaf) Usages(ctx context.Context, after authz.ClientID, limit int) ([]authz.Usage, error) {
	if d.refuseRead != nil {
		return nil, d.refuseRead
	}
	return d.Store.Usages(ctx, after, limit)
}

func TestWhatWasCountedGoesOnAfterARestart(t *testing.T) {
	engine := &deaf{Store: memstore.New()}
	s := reopen(t, engine, noon)
	c, err := s.PutClient(t.Context(), newClient(1), change(authz.EventClientCreated))
	if err != nil {
		t.Fatal(err)
	}
	token := newToken(c, 1)
	if err := s.PutToken(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	found, err := s.LookupToken(t.Context(), token.Key)
	if err != nil || found.Client.Meter == nil || found.Client.Meter != s.Meter(c.ID) {
		t.Fatalf("the request path finds the meter %p (%v)", found.Client.Meter, err)
	}
	at := noon.Add(time.Minute)
	found.Client.Meter.Request(at.Unix())
	found.Client.Meter.Use("invoices.read", at.Unix())
	want := s.Meter(c.ID).Usage(noon)
	if err := s.FlushUsage(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = reopen(t, engine, noon.Add(time.Hour))
	if diff := cmp.Diff(want, s.Meter(c.ID).Usage(noon)); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	got, err := s.Client(t.Context(), c.ID)
	page, perr := s.Clients(t.Context(), authz.ClientQuery{})
	if err != nil || perr != nil || !got.LastUsedAt.Equal(at) || !page.Clients[0].LastUsedAt.Equal(at) {
		t.Errorf("the client was last used %s, in the list %v (%v, %v), want %s", got.LastUsedAt, page.Clients, err, perr, at)
	}
	engine.puts = 0
	if err := s.FlushUsage(t.Context()); err != nil || engine.puts != 0 {
		t.Errorf("%d usages written where nothing was counted, %v", engine.puts, err)
	}
}

func TestAScopeIsCountedFromItsGrant(t *testing.T) {
	h := warm(t, 1<<20)
	h.clock.forward(time.Hour)
	c, err := h.store.Client(t.Context(), h.client.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.store.Meter(c.ID).Use("invoices.read", noon.Unix())
	c.AllowedScopes = authz.NewScopeSet("invoices.read", "reports.generate")
	h.putClient(c, authz.EventClientUpdated)
	want := []authz.ScopeUsage{
		{Scope: "invoices.read", Since: noon, LastUsedAt: noon, Uses: 1},
		{Scope: "reports.generate", Since: noon.Add(time.Hour)},
	}
	if diff := cmp.Diff(want, h.store.Meter(c.ID).Usage(noon).Scopes); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAUsageThatCouldNotBeWrittenIsWrittenTheNextTime(t *testing.T) {
	engine := &deaf{Store: memstore.New(), refuse: authz.ErrFull}
	s := reopen(t, engine, noon)
	for i := range 300 { // more than one batch
		if _, err := s.PutClient(t.Context(), newClient(i), change(authz.EventClientCreated)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.FlushUsage(t.Context()); !errors.Is(err, authz.ErrFull) {
		t.Fatalf("FlushUsage = %v, want ErrFull", err)
	}
	engine.refuse = nil
	s.Meter(clientID(7)).Request(noon.Unix())
	if err := s.FlushUsage(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept, err := engine.Usages(t.Context(), "", 1000)
	if err != nil || len(kept) != 300 || kept[7].Total.Requests != 1 {
		t.Errorf("%d usages are kept (%v)", len(kept), err)
	}
}

func TestAnUnknownClientHasNoMeter(t *testing.T) {
	h := warm(t, 1<<20)
	stray := newToken(newClient(99), 1)
	h.put(stray)
	if m := h.store.Meter(clientID(99)); m != nil {
		t.Error("a client that nobody registered has a meter")
	}
	if err := h.store.FlushUsage(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestUsagesThatCannotBeReadAreSaidAndCountedAnew(t *testing.T) {
	engine := &deaf{Store: memstore.New(), refuseRead: authz.ErrUnavailable}
	if _, err := engine.PutClient(t.Context(), newClient(1), change(authz.EventClientCreated)); err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	s, err := live.Open(t.Context(), engine, live.Options{
		Now: func() time.Time { return noon }, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelError})),
	})
	if err != nil {
		t.Fatal(err)
	}
	if u := s.Meter(clientID(1)).Usage(noon); !u.Since.Equal(noon) || len(u.Scopes) != 2 {
		t.Errorf("counted anew: %+v", u)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "counted anew") {
		t.Errorf("the log says %q", log.String())
	}
}
