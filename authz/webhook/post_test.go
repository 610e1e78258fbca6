package webhook_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/authz/webhook"
	"scopegate/metrics"
	"scopegate/store/memstore"
)

const patience = 60 * time.Second

// onTheWire runs a webhook against a real server until the test ends.
func onTheWire(t *testing.T, hook *webhook.Hook) (*webhook.Dispatcher, *memstore.Store, *world) {
	t.Helper()
	w := newWorld(t)
	d := &webhook.Dispatcher{
		Store: w.store, Metrics: metrics.New(metrics.Options{}), Now: time.Now, Log: slog.New(slog.NewTextHandler(w, nil)), Spread: func() float64 { return 0 },
	}
	d.Set(t.Context(), []*webhook.Hook{hook})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		d.Run(ctx)
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	w.d = d
	return d, w.store, w
}

// eventually polls, since the network knows no bubble.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit, tick := time.After(patience), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatal("not in time: " + what)
		}
	}
}

// verify checks a request as a receiver does, without any code of ours.
func verify(r *http.Request, body []byte, key string) error {
	raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(key, "whsec_"))
	if err != nil {
		return err
	}
	sent, err := strconv.ParseInt(r.Header.Get("webhook-timestamp"), 10, 64)
	if err != nil || time.Since(time.Unix(sent, 0)).Abs() > 5*time.Minute {
		return fmt.Errorf("timestamp %q", r.Header.Get("webhook-timestamp"))
	}
	mac := hmac.New(sha256.New, raw)
	fmt.Fprintf(mac, "%s.%d.%s", r.Header.Get("webhook-id"), sent, body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for s := range strings.SplitSeq(r.Header.Get("webhook-signature"), " ") {
		if hmac.Equal([]byte(s), []byte(want)) {
			return nil
		}
	}
	return fmt.Errorf("no signature of %q is %s", r.Header.Get("webhook-signature"), want)
}

func TestAReceiverCanVerifyEachRequest(t *testing.T) {
	const oldKey = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTI0"
	results := make(chan error, 1)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = verify(r, body, keyText)
		}
		if err == nil {
			err = verify(r, body, oldKey)
		}
		if wrong := verify(r, append(body, ' '), keyText); err == nil && wrong == nil {
			err = fmt.Errorf("a changed body is accepted")
		}
		if err == nil && (r.Method != "POST" || r.URL.RequestURI() != "/in?code=hunter2" || r.Header.Get("Content-Type") != "application/json") {
			err = fmt.Errorf("%s %s %s", r.Method, r.URL, r.Header)
		}
		results <- err
	}))
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	w := newWorld(t)
	hook := w.hook("crm")
	hook.URL, hook.TLS, hook.Keys = server.URL+"/in?code=hunter2", &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, append(hook.Keys, key(t, oldKey))
	_, _, w = onTheWire(t, hook)
	w.event(1, authz.EventSecretRotated)
	select {
	case err := <-results:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(patience):
		t.Fatal("nothing came")
	}
}

// answering starts a receiver that answers with a beginning and what it was
// sent, until the test ends.
func answering(t *testing.T, begin string) (origin string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				first := make([]byte, 1)
				if _, err := io.ReadFull(c, first); err != nil {
					return
				}
				_, _ = io.WriteString(c, begin+string(first))
				_, _ = io.Copy(c, c)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// Each of these answers is a failure, and what is said of it holds no URL.
func TestWhatIsNo2xxIsAFailure(t *testing.T) {
	var elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
		case "/error":
			http.Error(w, "no", http.StatusServiceUnavailable)
		case "/slow":
			select {
			case <-r.Context().Done():
			case <-release:
			}
		case "/header":
			w.Header().Set("X-Large", strings.Repeat("x", 64<<10))
		}
	}))
	defer server.Close()
	defer close(release) // first: a server waits for its handlers
	unverified := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer unverified.Close()
	echo := answering(t, "")
	echoInHead := answering(t, "HTTP/1.1 200 OK\r\n")
	unverified.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	for name, c := range map[string]struct{ url, want string }{
		"redirect":   {server.URL + "/redirect?code=hunter2", "answered 307"},
		"error":      {server.URL + "/error?code=hunter2", "answered 503"},
		"slow":       {server.URL + "/slow?code=hunter2", "timeout|deadline"},
		"header":     {server.URL + "/header?code=hunter2", "exceeded"},
		"unverified": {unverified.URL + "/?code=hunter2", "certificate"},
		"echo":       {echo + "/hook?code=hunter2", "malformed HTTP"},
		"head":       {echoInHead + "/hook?code=hunter2", "malformed"},
		"nobody":     {"http://127.0.0.1:1/?code=hunter2", "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			hook := newWorld(t).hook("crm")
			hook.URL, hook.Attempts, hook.Timeout = c.url, 1, 500*time.Millisecond
			d, _, w := onTheWire(t, hook)
			w.event(1, authz.EventClientCreated)
			var letters []webhook.DeadLetter
			eventually(t, "a dead letter", func() bool {
				page, err := d.DeadLetters(t.Context(), "crm", 0, 10)
				letters = page.DeadLetters
				return err == nil && len(letters) == 1
			})
			said := false
			for want := range strings.SplitSeq(c.want, "|") {
				said = said || strings.Contains(letters[0].LastError, want)
			}
			if !said || strings.Contains(letters[0].LastError+w.logged(), "hunter2") {
				t.Errorf("last error %q\n%s", letters[0].LastError, w.logged())
			}
		})
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d requests went where they should not", n)
	}
}

func TestAnAnswerOfAnyLengthIsNoBurden(t *testing.T) {
	var served atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served.Add(1)
		chunk := make([]byte, 64<<10)
		for r.Context().Err() == nil { // until nobody reads
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	hook := newWorld(t).hook("crm")
	hook.URL = server.URL
	d, _, w := onTheWire(t, hook)
	w.event(1, authz.EventClientCreated)
	eventually(t, "a delivery", func() bool {
		all, err := d.List(t.Context())
		return err == nil && all[0].Pending == 0 && !all[0].DeliveredAt.IsZero()
	})
	if served.Load() != 1 {
		t.Errorf("served %d times", served.Load())
	}
}
