package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"scopegate/authz"
	"scopegate/authz/webhook"
	"scopegate/metrics"
	"scopegate/store/memstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const keyText = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"

func key(t testing.TB, text string) authz.WebhookKey {
	t.Helper()
	k, err := authz.ParseWebhookKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// received is one attempt as the receiver saw it.
type received struct {
	id     string
	kind   string
	seq    int
	client string
	at     time.Time
	body   string
	status int
}

// receiver answers without a network, so that it can stand in a bubble with
// its own time.
type receiver struct {
	mu  sync.Mutex
	all []received
	// answer is the status; 0: the connection breaks. nil: always 204.
	answer func(r *received) int
	// takes is how long an answer takes; nil: no time.
	takes func(r *received) time.Duration
}

func (x *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	var m struct {
		Type string `json:"type"`
		Data struct {
			Seq      int    `json:"seq"`
			ClientID string `json:"client_id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, err
	}
	r := received{id: req.Header.Get("Webhook-Id"), kind: m.Type, seq: m.Data.Seq, client: m.Data.ClientID, at: time.Now(), body: string(body), status: 204}
	x.mu.Lock()
	answer, takes := x.answer, x.takes
	x.mu.Unlock()
	if takes != nil {
		timer := time.NewTimer(takes(&r))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if answer != nil {
		r.status = answer(&r)
	}
	x.all = append(x.all, r)
	if r.status == 0 {
		return nil, errors.New("connection reset")
	}
	return &http.Response{StatusCode: r.status, Body: io.NopCloser(strings.NewReader("thanks"))}, nil
}

func (x *receiver) answers(f func(r *received) int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.answer = f
}

func (x *receiver) seen() []received {
	x.mu.Lock()
	defer x.mu.Unlock()
	return append([]received(nil), x.all...)
}

// delivered are the positions that were answered with 2xx, in their order.
func (x *receiver) delivered() (seqs []int) {
	for _, r := range x.seen() {
		if r.status/100 == 2 {
			seqs = append(seqs, r.seq)
		}
	}
	return seqs
}

// world is a store with its control log, and a dispatcher with one receiver.
type world struct {
	t        testing.TB
	store    *memstore.Store
	receiver *receiver
	metrics  *metrics.Metrics
	log      *strings.Builder
	logMu    sync.Mutex
	d        *webhook.Dispatcher
	stop     func()
	clients  map[int]authz.Client
}

func newWorld(t testing.TB) *world {
	return &world{t: t, store: memstore.New(), receiver: &receiver{}, log: &strings.Builder{}, clients: map[int]authz.Client{}, stop: func() {}}
}

func (w *world) Write(p []byte) (int, error) {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return w.log.Write(p)
}

func (w *world) logged() string {
	w.logMu.Lock()
	defer w.logMu.Unlock()
	return w.log.String()
}

// hook is a webhook that asks for everything.
func (w *world) hook(name string) *webhook.Hook {
	events := map[authz.EventKind]bool{}
	for _, kind := range authz.EventKinds() {
		events[kind] = true
	}
	return &webhook.Hook{
		Name: name, URL: "https://hooks.example.com/in?code=hunter2", Origin: "https://hooks.example.com", Events: events,
		Keys: []authz.WebhookKey{key(w.t, keyText)}, Timeout: 10 * time.Second, Attempts: 12,
	}
}

// run starts a dispatcher over a store, which w.stop ends.
func (w *world) run(store authz.Store, hooks ...*webhook.Hook) {
	w.t.Helper()
	w.metrics = metrics.New(metrics.Options{})
	w.d = &webhook.Dispatcher{
		Store: store, Metrics: w.metrics, Now: time.Now, Log: slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Spread: func() float64 { return 0.5 }, Transport: func(*webhook.Hook) http.RoundTripper { return w.receiver },
	}
	w.d.Set(w.t.Context(), hooks)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		w.d.Run(ctx)
		close(done)
	}()
	w.stop = func() {
		cancel()
		<-done
	}
}

// runFailing runs the webhook crm, whose every event is a dead letter at once.
func (w *world) runFailing() {
	w.t.Helper()
	w.receiver.answers(func(*received) int { return 500 })
	hook := w.hook("crm")
	hook.Attempts = 1
	w.run(w.store, hook)
	synctest.Wait()
}

func clientID(n int) authz.ClientID {
	return authz.ClientID(fmt.Sprintf("%08x-0000-4000-8000-000000000000", n))
}

// event appends an event of the n-th client.
func (w *world) event(n int, kind authz.EventKind) {
	w.t.Helper()
	c, ok := w.clients[n]
	if !ok {
		c = authz.Client{ID: clientID(n), Name: "worker " + strconv.Itoa(n), OwnerType: "tenant", OwnerID: "42", Status: authz.StatusActive, Generation: 1}
	}
	stored, err := w.store.PutClient(w.t.Context(), c, authz.Change{
		Kind: kind, At: time.Now(), Actor: "admin:socket", Reason: "a test", Detail: "something",
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.clients[n] = stored
	if w.d != nil {
		w.d.Wake()
	}
}

// after lets a time pass in which everything settles.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (w *world) status(name string) webhook.Status {
	w.t.Helper()
	all, err := w.d.List(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	w.t.Fatalf("no webhook %s in %v", name, all)
	return webhook.Status{}
}
