package docs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/authz/webhook"
	"scopegate/gateway/config"
	"scopegate/metrics"
	"scopegate/store/memstore"
)

const webhookSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"

// block returns the first code block of a language in a page.
func block(t *testing.T, page, language string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile("(?ms)^```" + language + "\n(.*?)^```").FindSubmatch(text)
	if m == nil {
		t.Fatalf("%s has no block of %s", page, language)
	}
	return string(m[1])
}

func TestTheWebhooksOfThePageLoad(t *testing.T) {
	c, problems := config.Load("routes.yaml", []byte(block(t, "events.md", "yaml")), config.Environment{
		LookupEnv: func(name string) (string, bool) { return webhookSecret, name == "CRM_WEBHOOK_SECRET" },
	})
	if problems != nil {
		t.Fatal(problems)
	}
	if len(c.Webhooks) != 1 || c.Webhooks[0].Attempts != 12 {
		t.Errorf("webhooks %+v", c.Webhooks)
	}
}

// request is what the receiver of the page is asked about.
type request struct {
	Secret  string            `json:"secret"`
	Headers map[string]string `json:"headers"`
	Body    string            `json:"body"`
}

func TestTheReceiverOfThePageVerifiesWhatIsSent(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3: the receiver is not tried")
	}
	good := sent(t)
	change := func(f func(r *request)) request {
		r := request{good.Secret, map[string]string{}, good.Body}
		maps.Copy(r.Headers, good.Headers)
		f(&r)
		return r
	}
	cases := []request{
		good,
		change(func(r *request) { r.Headers["webhook-signature"] = "v1,AAAA " + r.Headers["webhook-signature"] }),
		change(func(r *request) { r.Body += " " }),
		change(func(r *request) { r.Headers["webhook-id"] += "0" }),
		change(func(r *request) { r.Headers["webhook-timestamp"] = "1000000000" }),
		change(func(r *request) { r.Secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI0" }),
		change(func(r *request) { r.Headers["webhook-signature"] = "v1," }),
	}
	input, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	program := block(t, "events.md", "python") + "\nimport json, sys\nprint([verify(r['secret'], r['headers'], r['body'].encode()) for r in json.load(sys.stdin)])\n"
	cmd := exec.CommandContext(ctx, python, "-c", program)
	cmd.Stdin = bytes.NewReader(input)
	out, err := cmd.CombinedOutput()
	if got := strings.TrimSpace(string(out)); err != nil || got != "[True, True, False, False, False, False, False]" {
		t.Errorf("%v: %s", err, got)
	}
}

// sent is a request as a real webhook makes it.
func sent(t *testing.T) request {
	t.Helper()
	requests := make(chan request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got := request{webhookSecret, map[string]string{}, string(body)}
		for name := range r.Header {
			got.Headers[strings.ToLower(name)] = r.Header.Get(name)
		}
		requests <- got
	}))
	defer server.Close()
	key, err := authz.ParseWebhookKey(webhookSecret)
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New()
	d := &webhook.Dispatcher{Store: store, Metrics: metrics.New(metrics.Options{}), Log: slog.New(slog.DiscardHandler), Now: time.Now}
	d.Set(t.Context(), []*webhook.Hook{{
		Name: "crm", URL: server.URL, Events: map[authz.EventKind]bool{authz.EventKeysRotated: true},
		Keys: []authz.WebhookKey{key}, Timeout: patience, Attempts: 1,
	}})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		d.Run(ctx)
		close(done)
	}()
	defer func() {
		stop()
		<-done
	}()
	if err := store.Note(t.Context(), authz.Change{Kind: authz.EventKeysRotated, At: time.Now(), Actor: "admin:socket", Detail: "ü"}); err != nil {
		t.Fatal(err)
	}
	d.Wake()
	select {
	case got := <-requests:
		return got
	case <-time.After(patience):
		t.Fatal("nothing was sent")
		return request{}
	}
}
