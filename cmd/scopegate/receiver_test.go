package main_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// hookKey signs what scripts receive; of 24 bytes that are no secret.
const hookKey = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"

// receiver is a webhook's receiver that verifies what it gets by itself.
type receiver struct {
	server *httptest.Server

	mu      sync.Mutex
	failing string // the client whose events are answered 503; "all": everybody's
	got     []hooked
	ids     map[string]bool
	bad     []string
}

// hooked is an event that was received and answered with 204.
type hooked struct {
	ID   string
	Type string `json:"type"`
	Data struct {
		ClientID string `json:"client_id"`
	} `json:"data"`
	taken bool // a script has looked at it
}

func newReceiver() *receiver {
	r := &receiver{ids: map[string]bool{}}
	r.server = httptest.NewServer(r)
	return r
}

// ServeHTTP verifies the signature as Standard Webhooks says.
func (r *receiver) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	raw, _ := base64.StdEncoding.DecodeString(hookKey)
	mac := hmac.New(sha256.New, raw)
	fmt.Fprintf(mac, "%s.%s.%s", req.Header.Get("webhook-id"), req.Header.Get("webhook-timestamp"), body)
	var e hooked
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil || json.Unmarshal(body, &e) != nil,
		!hmac.Equal([]byte("v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(req.Header.Get("webhook-signature"))):
		r.bad = append(r.bad, fmt.Sprintf("%v %s", req.Header, body))
		w.WriteHeader(http.StatusBadRequest)
	case r.failing == "all" || r.failing != "" && r.failing == e.Data.ClientID:
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		if e.ID = req.Header.Get("webhook-id"); !r.ids[e.ID] { // a repetition is dropped, as receivers should
			r.ids[e.ID] = true
			r.got = append(r.got, e)
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

// take marks the client's next event as looked at, and returns its kind.
func (r *receiver) take(client string) (kind string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.got {
		if e := &r.got[i]; !e.taken && e.Data.ClientID == client {
			e.taken = true
			return e.Type, true
		}
	}
	return "", false
}

func (r *receiver) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return fmt.Sprintf("received %+v\nnot good: %s", r.got, strings.Join(r.bad, "\n"))
}

// cmdHooks: hooks starts a receiver and sets HOOK_URL and HOOK_SECRET; hooks fail
// [CLIENT|all] says whose events it refuses from now on; hooks good fails if
// it got what was not signed well.
func (s *session) cmdHooks(ts *testscript.TestScript, _ bool, args []string) {
	switch {
	case len(args) == 0:
		s.receiver = newReceiver()
		ts.Defer(s.receiver.server.Close)
		ts.Setenv("HOOK_URL", s.receiver.server.URL)
		ts.Setenv("HOOK_SECRET", "whsec_"+hookKey)
	case args[0] == "fail":
		s.receiver.mu.Lock()
		s.receiver.failing = strings.Join(args[1:], "")
		s.receiver.mu.Unlock()
	case args[0] == "good":
		s.receiver.mu.Lock()
		bad := len(s.receiver.bad)
		s.receiver.mu.Unlock()
		check(ts, false, bad == 0, "every request is signed well: %s", s.receiver.text())
	default:
		ts.Fatalf("hooks what?")
	}
}

// cmdHooked: hooked KIND [CLIENT] waits for the client's next event, which must
// be of this kind.
func (s *session) cmdHooked(ts *testscript.TestScript, _ bool, args []string) {
	client := ts.Getenv("CLIENT_ID")
	if len(args) > 1 {
		client = args[1]
	}
	kind := ""
	until(ts, func() (ok bool) {
		kind, ok = s.receiver.take(client)
		return ok
	}, s.receiver.text)
	check(ts, false, kind == args[0], "the next event of %s is %s, not %s", client, args[0], kind)
}

// cmdDead: dead WEBHOOK N waits until the webhook has so many dead letters.
func (s *session) cmdDead(ts *testscript.TestScript, _ bool, args []string) {
	out := ""
	until(ts, func() bool {
		ts.Check(ts.Exec("scopegate", "webhooks", "dead-letters", args[0], "-q"))
		out = ts.ReadFile("stdout")
		return fmt.Sprint(strings.Count(out, "\n")) == args[1]
	}, func() string { return out })
}
