package upstream_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

// h2Backend speaks HTTP/2 with prior knowledge.
func h2Backend(t *testing.T, handler http.HandlerFunc) *upstream.Upstream {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	address := s.Listener.Addr().String()
	return open(t, upstream.Options{
		Protocol: upstream.HTTP2, Response: long, Idle: long,
		Endpoints: []upstream.Endpoint{{URL: s.URL, Network: "tcp", Address: address, Authority: address}},
	})
}

func TestHTTP2(t *testing.T) {
	u := h2Backend(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header()["X-Two"] = []string{"1", "2"}
		w.Header().Set("Date", "now")
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(201)
		io.WriteString(w, strings.Join([]string{r.Proto, r.Method, r.RequestURI, r.Host, r.Header.Get("X-A"), r.UserAgent(), string(body)}, "|"))
	})
	tests := []struct {
		name string
		req  *upstream.Request
		want string
	}{
		{"GET", get("/a%2Fb;c?x=1;y"), "HTTP/2.0|GET|/a%2Fb;c?x=1;y|api.example|1||"},
		{"POST", post("body"), "HTTP/2.0|POST|/|api.example|1||body"},
		{"chunked", upload(strings.NewReader("body"), exchange.UnknownLength), "HTTP/2.0|POST|/|h|1||body"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.req.Fields = fields("x-a", "1")
			out, answer := forward(t, u, tt.req)
			if out.Reason != authz.ReasonNone || answer.Content() != tt.want || answer.Head().Status != 201 {
				t.Errorf("%v (%v), status %d, content %q; want %q", out.Reason, out.Err, answer.Head().Status, answer.Content(), tt.want)
			}
			want := fields("Content-Type", "text/plain", "Date", "now", "X-Two", "1", "X-Two", "2")
			if diff := cmp.Diff(want, answer.Head().Fields); diff != "" {
				t.Errorf("fields (-want +got):\n%s", diff)
			}
			if len(answer.Interims()) != 1 {
				t.Errorf("H-41 %d interim answers", len(answer.Interims()))
			}
		})
	}
}

func TestHTTP2OverTLS(t *testing.T) {
	o := tlsBackend(t)
	o.Protocol = upstream.HTTP2
	if got := mustPass(t, open(t, o), get("/")).Content(); got != "HTTP/2.0 / api.example" {
		t.Errorf("content %q", got)
	}
}

func TestHTTP2Failures(t *testing.T) {
	u := h2Backend(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/cut":
			io.WriteString(w, "part")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		case "/silent":
			<-r.Context().Done()
		case "/silent-body":
			io.WriteString(w, "part")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}
	})
	limited := func(target string) *upstream.Request {
		req := get(target)
		switch target {
		case "/silent":
			req.ResponseTimeout = short
		case "/silent-body":
			req.IdleTimeout = short
		}
		return req
	}
	for target, want := range map[string]outcome{
		"/cut":         {Reason: authz.ReasonUpstreamError, State: exchangetest.Aborted},
		"/silent":      {Reason: authz.ReasonUpstreamTimeout, State: exchangetest.Nothing},
		"/silent-body": {Reason: authz.ReasonUpstreamTimeout, State: exchangetest.Aborted},
	} {
		out, answer := forward(t, u, limited(target))
		if out.Reason != want.Reason || answer.State() != want.State {
			t.Errorf("%s: %v (%v), answer %s; want %v, %s", target, out.Reason, out.Err, answer.State(), want.Reason, want.State)
		}
	}
	answer, done := exchangetest.New(), make(chan upstream.Outcome)
	go func() { done <- u.Forward(t.Context(), permit(t), get("/silent"), answer, nil) }()
	answer.Await(t, "the watch", func() bool { return answer.Watched() > 0 })
	answer.Leave()
	if out := <-done; out.Reason != authz.ReasonClientGone {
		t.Errorf("H-58 %v (%v), want client_gone", out.Reason, out.Err)
	}
	if out, _ := forward(t, u, upgrade()); out.Reason != authz.ReasonBadRequest {
		t.Errorf("an upgrade over h2: %v", out.Reason)
	}
	dead := open(t, upstream.Options{Protocol: upstream.HTTP2, Endpoints: []upstream.Endpoint{unreachable(t)}})
	if out, _ := forward(t, dead, get("/")); out.Reason != authz.ReasonUpstreamUnavailable {
		t.Errorf("H-57 refused: %v (%v)", out.Reason, out.Err)
	}
}

// The body is not touched once Forward returned, and a caller who still sends
// is interrupted.
func TestHTTP2EarlyAnswer(t *testing.T) {
	u := h2Backend(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(413) })
	out, answer := forward(t, u, upload(newCallerBody(), exchange.UnknownLength))
	if out.Status != 413 || answer.State() != exchangetest.Ended || !answer.Closes() {
		t.Errorf("%v (%v), answer %s, closes %t", out.Reason, out.Err, answer.State(), answer.Closes())
	}
}

func TestHTTP2EventsAreFlushedAtOnce(t *testing.T) {
	next := make(chan struct{})
	u := h2Backend(t, func(w http.ResponseWriter, r *http.Request) {
		for range next {
			io.WriteString(w, "data\n")
			w.(http.Flusher).Flush()
		}
	})
	answer, done := exchangetest.New(), make(chan upstream.Outcome)
	go func() { done <- u.Forward(t.Context(), permit(t), get("/"), answer, nil) }()
	want := ""
	for range 3 {
		select {
		case next <- struct{}{}:
		case <-time.After(long):
			t.Fatal("the backend was not reached")
		}
		want += "data\n"
		answer.Await(t, "an event", func() bool { return answer.Flushed() == want })
	}
	close(next)
	if out := <-done; out.Reason != authz.ReasonNone {
		t.Errorf("%v (%v)", out.Reason, out.Err)
	}
}
