package store_test

import (
	"context"
	"errors"
	"flag"
	"math/rand/v2"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"scopegate/authz"
	"scopegate/store"
	"scopegate/store/historytest"
)

// The long form: go test -count=1 -run TestHistories ./store -args -operations 100000
var operations = flag.Int("operations", 5000, "operations whose histories are checked for linearizability")

// law is the product's own code over a store.
type law struct {
	store    *store.Store
	issuer   *authz.Issuer
	registry *authz.Registry
}

func newLaw(t testing.TB, s *store.Store) *law {
	t.Helper()
	keys, err := authz.NewHashKeys("k1", nil)
	if err != nil {
		t.Fatal(err)
	}
	ring := authz.NewKeyRing(keys)
	policy := authz.NewCurrentPolicy(&authz.Policy{Scopes: authz.NewScopeSet("invoices.read"), TokenTTL: time.Hour, MaxTokenTTL: 24 * time.Hour, TokenPrefix: authz.DefaultTokenPrefix})
	return &law{
		store: s,
		issuer: &authz.Issuer{
			Store: s, Authorizer: &authz.Authorizer{Tokens: s, Now: s.Clock.Now}, Keys: ring, Policy: policy,
			Now: s.Clock.Now, Behind: s.Clock.Behind,
		},
		registry: &authz.Registry{Store: s, Keys: ring, Policy: policy, Now: s.Clock.Now},
	}
}

// history records what callers asked and were told of one client.
type history struct {
	client authz.ClientID
	began  time.Time

	mu      sync.Mutex
	acts    []porcupine.Operation
	tokens  []string // texts, by number
	secrets []authz.SecretText
	names   []string // of the secrets: their ids
}

// record runs one act between its call and its return.
func (h *history) record(worker int, in historytest.Act, run func() (historytest.Outcome, bool)) {
	call := time.Since(h.began).Nanoseconds()
	out, counts := run()
	end := time.Since(h.began).Nanoseconds()
	if !counts {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.acts = append(h.acts, porcupine.Operation{ClientId: worker, Input: in, Call: call, Output: out, Return: end})
}

// known draws a token and a secret that some caller has heard of.
func (h *history) known(r *rand.Rand) (token int, text string, secret authz.SecretText, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	token = -1
	if len(h.tokens) > 0 {
		token = r.IntN(len(h.tokens))
		text = h.tokens[token]
	}
	n := max(len(h.secrets)-1-r.IntN(3), 0)
	return token, text, h.secrets[n], h.names[n]
}

// perform does one random act on a client.
func (l *law) perform(t *testing.T, ctx context.Context, h *history, worker int, r *rand.Rand) {
	token, text, secret, name := h.known(r)
	switch n := r.IntN(100); {
	case n < 25:
		l.issue(t, ctx, h, worker)
	case n < 60 && token >= 0:
		h.record(worker, historytest.Act{Kind: historytest.Check, Token: token}, func() (historytest.Outcome, bool) {
			key, _ := authz.ParseToken(text)
			_, reason, err := l.issuer.Authorizer.Identify(ctx, key, "")
			if err != nil {
				t.Errorf("check: %v", err)
			}
			return historytest.Outcome{Yes: reason == authz.ReasonAllowed}, err == nil
		})
	case n < 72 && token >= 0:
		h.record(worker, historytest.Act{Kind: historytest.RevokeToken, Token: token}, func() (historytest.Outcome, bool) {
			_, err := l.issuer.Revoke(ctx, nil, text, authz.By{Actor: "admin:socket"})
			return historytest.Outcome{}, happened(t, err)
		})
	case n < 88:
		h.record(worker, historytest.Act{Kind: historytest.Authenticate, Text: name}, func() (historytest.Outcome, bool) {
			_, err := l.issuer.Authenticate(ctx, string(h.client), netip.Addr{}, secret)
			return historytest.Outcome{Yes: err == nil}, true
		})
	case n < 92:
		l.rotate(t, ctx, h, worker)
	case n < 95:
		h.record(worker, historytest.Act{Kind: historytest.Disable}, func() (historytest.Outcome, bool) {
			_, err := l.registry.Disable(ctx, h.client, authz.By{Actor: "admin:socket"})
			return historytest.Outcome{}, happened(t, err)
		})
	case n < 99:
		h.record(worker, historytest.Act{Kind: historytest.Enable}, func() (historytest.Outcome, bool) {
			_, err := l.registry.Enable(ctx, h.client, authz.By{Actor: "admin:socket"})
			return historytest.Outcome{}, happened(t, err)
		})
	case r.IntN(4) == 0:
		h.record(worker, historytest.Act{Kind: historytest.RevokeClient}, func() (historytest.Outcome, bool) {
			_, err := l.registry.Revoke(ctx, h.client, authz.By{Actor: "admin:socket"})
			return historytest.Outcome{}, happened(t, err)
		})
	}
}

// happened reports whether a change was made. A revoked client takes none, and
// one that lost too many races made none.
func happened(t *testing.T, err error) bool {
	if err != nil && !errors.Is(err, authz.ErrRevoked) && !errors.Is(err, authz.ErrConflict) {
		t.Errorf("a change failed: %v", err)
	}
	return err == nil
}

// issue takes the client as it is, as the token endpoint does after
// authentication, and mints. The token has a number once it is known.
func (l *law) issue(t *testing.T, ctx context.Context, h *history, worker int) {
	h.record(worker, historytest.Act{Kind: historytest.Issue}, func() (historytest.Outcome, bool) {
		c, err := l.store.Client(ctx, h.client)
		if err != nil {
			t.Errorf("read the client: %v", err)
			return historytest.Outcome{}, false
		}
		if c.Status != authz.StatusActive {
			return historytest.Outcome{}, true
		}
		issued, err := l.issuer.Issue(ctx, &c, authz.TokenRequest{Grant: authz.GrantClientCredentials})
		if err != nil {
			t.Errorf("issue: %v", err)
			return historytest.Outcome{}, false
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if len(h.tokens) == historytest.MaxTokens {
			return historytest.Outcome{}, false
		}
		h.tokens = append(h.tokens, issued.Text.Text())
		return historytest.Outcome{Yes: true, Token: len(h.tokens) - 1}, true
	})
}

func (l *law) rotate(t *testing.T, ctx context.Context, h *history, worker int) {
	h.record(worker, historytest.Act{Kind: historytest.Rotate}, func() (historytest.Outcome, bool) {
		c, secret, err := l.registry.Rotate(ctx, h.client, 0, authz.By{Actor: "admin:socket"})
		if !happened(t, err) {
			return historytest.Outcome{}, false
		}
		name := c.Secrets[len(c.Secrets)-1].ID
		h.mu.Lock()
		defer h.mu.Unlock()
		h.secrets, h.names = append(h.secrets, secret), append(h.names, name)
		return historytest.Outcome{Text: name}, true
	})
}

// episode lets 16 workers at three clients, and returns what each went through.
func (l *law) episode(t *testing.T, seed uint64, acts int) []*history {
	t.Helper()
	histories := make([]*history, 3)
	for i := range histories {
		c, secret, err := l.registry.Create(t.Context(), authz.Registration{
			Name: "Data Sync Worker", AllowedScopes: []authz.Scope{"invoices.read"}, Confidential: true,
		}, authz.By{Actor: "admin:socket"})
		if err != nil {
			t.Fatal(err)
		}
		histories[i] = &history{client: c.ID, began: time.Now(), secrets: []authz.SecretText{secret}, names: []string{c.Secrets[0].ID}}
		l.rotate(t, t.Context(), histories[i], 0)
	}
	var all sync.WaitGroup
	for w := range 16 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(w)))
			for range acts / 16 {
				l.perform(t, t.Context(), histories[r.IntN(len(histories))], w, r)
			}
		})
	}
	all.Wait()
	return histories
}

// A token that was revoked, or whose client was revoked or disabled, is dead
// for every check that begins after the answer; a secret that was rotated away
// is refused. Checked against the histories of clients that 16 workers use at
// once, over the store as the product opens it.
func TestHistoriesAreLinearizable(t *testing.T) {
	l := newLaw(t, open(t, filepath.Join(t.TempDir(), "store"), store.Options{Wall: time.Now}))
	const acts = 480 // of an episode
	checked := 0
	for seed := uint64(1); checked < *operations; seed++ {
		for _, h := range l.episode(t, seed, acts) {
			result := porcupine.CheckOperationsTimeout(historytest.Model(), h.acts, time.Minute)
			if result != porcupine.Ok {
				t.Fatalf("the history of a client is %s for linearizability (seed %d):\n%v", result, seed, h.acts)
			}
			checked += len(h.acts)
		}
		if t.Failed() {
			return
		}
	}
	t.Logf("%d operations were checked", checked)
}
