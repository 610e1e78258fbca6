package webhook_test

import (
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"scopegate/authz"
	"scopegate/authz/webhook"
)

func TestATestEventIsSignedAsEveryEventIs(t *testing.T) {
	type sent struct {
		err  error
		id   string
		body []byte
	}
	got := make(chan sent, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got <- sent{verify(r, body, keyText), r.Header.Get("webhook-id"), body}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer server.Close()
	hook := newWorld(t).hook("crm")
	hook.URL, hook.Origin = server.URL+"/in?code=hunter2", server.URL
	d, _, _ := onTheWire(t, hook)
	res, err := d.SendTest(t.Context(), "crm", authz.By{Actor: "admin:socket"})
	if err != nil || res.Status != http.StatusAccepted || res.Error != "" || res.Took <= 0 || res.Origin != server.URL {
		t.Fatalf("%+v, %v", res, err)
	}
	s := <-got
	var m struct {
		Type      string
		Timestamp time.Time
		Data      map[string]any
	}
	if err := json.Unmarshal(s.body, &m); err != nil || s.err != nil {
		t.Fatal(err, s.err)
	}
	if m.Type != "webhook.test" || m.Data["actor"] != "admin:socket" || m.Data["seq"] != 0.0 || m.Timestamp.IsZero() || s.id != res.ID {
		t.Errorf("id %s, want %s: %s", s.id, res.ID, s.body)
	}
	again, err := d.SendTest(t.Context(), "crm", authz.By{Actor: "admin:socket"})
	if err != nil || again.ID == res.ID {
		t.Errorf("a second one has the id of the first, and receivers drop it: %+v, %v", again, err)
	}
}

func TestATestEventLeavesNoConnectionOpen(t *testing.T) {
	closed := make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	hook := newWorld(t).hook("crm")
	hook.URL, hook.Origin = server.URL, server.URL
	d, _, _ := onTheWire(t, hook)
	if res, err := d.SendTest(t.Context(), "crm", authz.By{Actor: "admin:socket"}); err != nil || res.Error != "" {
		t.Fatalf("%+v, %v", res, err)
	}
	select {
	case <-closed:
	case <-time.After(30 * time.Second):
		t.Error("the connection is still open")
	}
}

// Where events wait behind a receiver that fails, a test event goes past them, and
// nothing of them changes.
func TestATestEventTouchesNothingThatWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.receiver.answers(func(r *received) int {
			if r.kind == string(webhook.KindTest) {
				return 204
			}
			return 503
		})
		w.run(w.store, w.hook("crm"))
		w.event(1, authz.EventClientCreated)
		after(time.Second)
		before, seen := w.status("crm"), len(w.receiver.seen())
		res, err := w.d.SendTest(t.Context(), "crm", authz.By{Actor: "admin:socket"})
		if err != nil || res.Status != 204 {
			t.Errorf("%+v, %v", res, err)
		}
		synctest.Wait()
		if now := w.status("crm"); now.Pending != 1 || before.Pending != 1 || now.LastError != before.LastError || !now.DeliveredAt.IsZero() || now.FailedAt != before.FailedAt {
			t.Errorf("before %+v\nafter  %+v", before, now)
		}
		if n := len(w.receiver.seen()) - seen; n != 1 {
			t.Errorf("the receiver was asked %d times", n)
		}
		w.receiver.answers(nil)
		after(time.Minute)
		if got := w.receiver.delivered(); len(got) != 2 || got[0] != 0 || got[1] != 1 {
			t.Errorf("delivered %v", got)
		}
		w.stop()
	})
}

func TestATestEventThatFailsSaysWhyWithoutTheURL(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusGone) }))
	hook := newWorld(t).hook("crm")
	hook.URL = server.URL + "/?code=hunter2"
	d, _, w := onTheWire(t, hook)
	if res, err := d.SendTest(t.Context(), "crm", authz.By{}); err != nil || res.Status != http.StatusGone || res.Error != "answered 410" {
		t.Errorf("%+v, %v", res, err)
	}
	server.Close()
	res, err := d.SendTest(t.Context(), "crm", authz.By{})
	if err != nil || res.Status != 0 || !strings.Contains(res.Error, "refused") || strings.Contains(res.Error+w.logged(), "hunter2") {
		t.Errorf("%+v, %v\n%s", res, err, w.logged())
	}
	if _, err := d.SendTest(t.Context(), "nobody", authz.By{}); !errors.Is(err, authz.ErrNotFound) {
		t.Errorf("of no webhook: %v", err)
	}
	page, err := d.DeadLetters(t.Context(), "crm", 0, 10)
	if err != nil || len(page.DeadLetters) != 0 {
		t.Errorf("dead letters: %+v, %v", page, err)
	}
}

func TestNoWebhookAsksForTestEvents(t *testing.T) {
	for _, kind := range authz.EventKinds() {
		if kind == webhook.KindTest {
			t.Error("it is a kind of the control log")
		}
	}
}
