package live_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"scopegate/authz"
	"scopegate/store/live"
	"scopegate/store/memstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noon is when the tests begin.
var noon = time.Date(2030, 6, 1, 12, 0, 0, 0, time.UTC)

// dial is a clock that tests turn.
type dial struct{ nanos atomic.Int64 }

func newDial() *dial {
	d := &dial{}
	d.nanos.Store(noon.UnixNano())
	return d
}

func (d *dial) Now() time.Time          { return time.Unix(0, d.nanos.Load()).UTC() }
func (d *dial) forward(t time.Duration) { d.nanos.Add(int64(t)) }

// patience bounds every wait of a test.
const patience = 30 * time.Second

func clientID(i int) authz.ClientID {
	return authz.ClientID(fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i))
}

func newClient(i int) authz.Client {
	return authz.Client{
		ID: clientID(i), Name: fmt.Sprintf("client %d", i), AllowedGrants: []authz.GrantType{authz.GrantClientCredentials},
		AllowedScopes: authz.NewScopeSet("invoices.read", "invoices.write"), Confidential: true,
		Status: authz.StatusActive, Generation: 1, CreatedAt: noon,
		Secrets: []authz.Secret{{ID: "s1", CreatedAt: noon}},
	}
}

func change(kind authz.EventKind) authz.Change {
	return authz.Change{Kind: kind, At: noon, Actor: "system"}
}

// newToken makes the i-th token of client c, which lives for an hour.
func newToken(c authz.Client, i int) authz.AccessToken { return tokenUntil(c, i, noon.Add(time.Hour)) }

func tokenUntil(c authz.Client, i int, end time.Time) authz.AccessToken {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(i))
	return authz.AccessToken{
		Key:      authz.TokenKey{Hour: authz.HourOf(end), Hash: sha256.Sum256(b[:])},
		ClientID: c.ID, Generation: c.Generation, Grant: authz.GrantClientCredentials,
		Scopes: authz.NewScopeSet("invoices.read"), IssuedAt: noon, ExpiresAt: end,
	}
}

// house is a view over an engine, with one client.
type house struct {
	t      testing.TB
	store  *live.Store
	clock  *dial
	client authz.Client
}

// open opens a view over the engine; it may be cold still.
func open(t testing.TB, engine authz.Store, memory int64) *house {
	t.Helper()
	h := &house{t: t, clock: newDial()}
	logger := slog.New(slog.NewTextHandler(t.Output(), nil))
	var err error
	h.store, err = live.Open(t.Context(), engine, live.Options{TokenMemory: memory, Now: h.clock.Now, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.store.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	h.client = h.create(1)
	return h
}

// warm opens a view over an empty engine and waits until it is warm.
func warm(t testing.TB, memory int64) *house {
	t.Helper()
	h := open(t, memstore.New(), memory)
	h.untilWarm()
	return h
}

func (h *house) untilWarm() {
	h.t.Helper()
	eventually(h.t, "the view is warm", func() bool { return h.store.Stats().Warm })
}

// create puts the i-th client, or returns it if it is there already.
func (h *house) create(i int) authz.Client {
	h.t.Helper()
	if c, err := h.store.Client(h.t.Context(), clientID(i)); err == nil {
		return c
	}
	return h.putClient(newClient(i), authz.EventClientCreated)
}

func (h *house) putClient(c authz.Client, kind authz.EventKind) authz.Client {
	h.t.Helper()
	stored, err := h.store.PutClient(h.t.Context(), c, change(kind))
	if err != nil {
		h.t.Fatalf("%s: %v", kind, err)
	}
	return stored
}

func (h *house) put(tokens ...authz.AccessToken) {
	h.t.Helper()
	for _, token := range tokens {
		if err := h.store.PutToken(h.t.Context(), token); err != nil {
			h.t.Fatalf("put token: %v", err)
		}
	}
}

func (h *house) revoke(token authz.AccessToken) {
	h.t.Helper()
	if err := h.store.RevokeToken(h.t.Context(), token, change(authz.EventTokenRevoked)); err != nil {
		h.t.Fatalf("revoke token: %v", err)
	}
}

// reason judges a token as the road does.
func (h *house) reason(token authz.AccessToken) authz.Reason {
	a := &authz.Authorizer{Tokens: h.store, Now: h.clock.Now}
	_, reason, _ := a.Identify(context.Background(), token.Key, "")
	return reason
}

func (h *house) expect(token authz.AccessToken, want authz.Reason) {
	h.t.Helper()
	if got := h.reason(token); got != want {
		h.t.Fatalf("token is %s, want %s", got, want)
	}
}

// eventually polls until the condition holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("it never came to be that %s", what)
		case <-tick.C:
		}
	}
}

// receive waits for a channel, with a bound.
func receive[T any](t testing.TB, what string, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(patience):
		t.Fatalf("%s never came", what)
		panic("unreachable")
	}
}

// gates is an engine whose methods tests step into. A nil hook passes.
type gates struct {
	authz.Store
	token     func(read func() (authz.AccessToken, error)) (authz.AccessToken, error)
	each      func(token authz.AccessToken)
	putClient func(put func() (authz.Client, error)) (authz.Client, error)
	events    func(read func() ([]authz.Event, error)) ([]authz.Event, error)
	tokens    atomic.Int64 // reads of one token
}

func (g *gates) Token(ctx context.Context, key authz.TokenKey) (authz.AccessToken, error) {
	g.tokens.Add(1)
	read := func() (authz.AccessToken, error) { return g.Store.Token(ctx, key) }
	if g.token == nil {
		return read()
	}
	return g.token(read)
}

func (g *gates) EachToken(ctx context.Context, now time.Time, f func(authz.AccessToken) bool) error {
	return g.Store.EachToken(ctx, now, func(t authz.AccessToken) bool {
		if g.each != nil {
			g.each(t)
		}
		return f(t)
	})
}

func (g *gates) PutClient(ctx context.Context, c authz.Client, ch authz.Change) (authz.Client, error) {
	put := func() (authz.Client, error) { return g.Store.PutClient(ctx, c, ch) }
	if g.putClient == nil {
		return put()
	}
	return g.putClient(put)
}

func (g *gates) Events(ctx context.Context, after authz.Seq, limit int) ([]authz.Event, error) {
	read := func() ([]authz.Event, error) { return g.Store.Events(ctx, after, limit) }
	if g.events == nil {
		return read()
	}
	return g.events(read)
}

// furnished is an engine that already holds a client and its first n tokens.
func furnished(t testing.TB, n int) (*memstore.Store, authz.Client) {
	t.Helper()
	engine := memstore.New()
	c, err := engine.PutClient(t.Context(), newClient(1), change(authz.EventClientCreated))
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if err := engine.PutToken(t.Context(), newToken(c, i)); err != nil {
			t.Fatal(err)
		}
	}
	return engine, c
}
