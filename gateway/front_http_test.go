package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"scopegate/authz"
	"scopegate/gateway"
	"scopegate/gateway/gatewaytest"
)

func startTLS(t *testing.T, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func TestHTTP2TakesTheSameWay(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	s := startTLS(t, &gateway.Front{Gateway: h.Gateway})
	for _, tc := range []struct {
		name, method, token, body string
		want                      int
	}{
		{"read", http.MethodGet, "read", "", 200},
		{"refused", http.MethodGet, "write", "", 403},
		{"with a body", http.MethodPost, "write", strings.Repeat("x", 100<<10), 200},
		{"refused with a body", http.MethodPost, "read", strings.Repeat("x", 100<<10), 403},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tc.method, s.URL+"/a/7", strings.NewReader(tc.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+gatewaytest.TokenText(tc.token))
			res, err := s.Client().Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if _, err := io.Copy(io.Discard, res.Body); err != nil {
				t.Fatal(err)
			}
			if res.ProtoMajor != 2 || res.StatusCode != tc.want {
				t.Errorf("%s %d, want HTTP/2 %d", res.Proto, res.StatusCode, tc.want)
			}
		})
	}
	seen := h.Upstream.Seen()
	if len(seen) != 2 || !strings.Contains(seen[0].Head, "Via: 2 scopegate\r\n") ||
		!strings.Contains(seen[0].Head, "X-Forwarded-Proto: https\r\n") || len(seen[1].Body) != 100<<10 {
		t.Errorf("the upstream saw %d requests, the first %q", len(seen), seen[0].Head)
	}
}

// One request's texts lie in memory that the next one uses.
func TestNoRequestReadsTheTextsOfAnother(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Echo", r.Header.Get("X-Request-Id")+" "+r.Header.Get("X-Principal-Token-Id"))
		w.Header().Set("X-Token", r.Header.Get("X-Principal-Client-Id"))
	}))
	t.Cleanup(backend.Close)
	h := gatewaytest.New(t, strings.ReplaceAll(plainRoutes, "${UPSTREAM}", backend.URL))
	front := &gateway.Front{Gateway: h.Gateway}
	plain := httptest.NewServer(front)
	t.Cleanup(plain.Close)
	for _, s := range []*httptest.Server{plain, startTLS(t, front)} {
		var callers sync.WaitGroup
		for caller := range 8 {
			token, client := "read", string(gatewaytest.Alice)
			if caller%2 == 1 {
				token, client = "bob", string(gatewaytest.Bob)
			}
			callers.Go(func() {
				echoes(t, s, token, client)
			})
		}
		callers.Wait()
	}
}

// echoes sends requests and compares what two sides were told of each.
func echoes(t *testing.T, s *httptest.Server, token, client string) {
	key, _ := authz.ParseToken(gatewaytest.TokenText(token))
	for range 50 {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/a/7", nil)
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("Authorization", "Bearer "+gatewaytest.TokenText(token))
		res, err := s.Client().Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		_ = res.Body.Close()
		want := res.Header.Get("X-Request-Id") + " " + string(key.Hash.ID())
		if got := res.Header.Get("X-Echo"); got != want || res.Header.Get("X-Token") != client {
			t.Errorf("the upstream was told %q and %s, the caller %q", got, res.Header.Get("X-Token"), want)
		}
	}
}

func TestReservedPathsAreTheAuthorizationServers(t *testing.T) {
	h := gatewaytest.New(t, strings.Replace(plainRoutes, `"/public/*"`, `"/*"`, 1))
	front := &gateway.Front{Gateway: h.Gateway, Reserved: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	})}
	for _, tc := range []struct {
		target string
		want   int
	}{
		{"/oauth/token", 418},
		{"/%6fauth/token", 418},
		{"/.well-known/oauth-authorization-server", 418},
		{"http://gw.example/oauth/token", 400}, // nobody watches what its Host is
		{"/oauth2/x", 200},
		{"/x/oauth/token", 200},
		{"/oauth/../x", 400},
	} {
		t.Run(tc.target, func(t *testing.T) {
			w := httptest.NewRecorder()
			front.ServeHTTP(w, httptest.NewRequest(http.MethodGet, tc.target, nil))
			if w.Code != tc.want {
				t.Errorf("got %d, want %d", w.Code, tc.want)
			}
		})
	}
}

func TestWithoutAWatchOverTheFramingInDoubtTheConnectionEnds(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	s := httptest.NewServer(&gateway.Front{Gateway: h.Gateway})
	t.Cleanup(s.Close)
	auth := "Authorization: Bearer " + gatewaytest.TokenText("write") + "\r\n"
	for _, tc := range []struct{ name, raw, want string }{
		{"chunked", "POST /a/x HTTP/1.1\r\nHost: a\r\n" + auth + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "HTTP/1.1 200"},
		{"HTTP/1.0", "GET /public/x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "HTTP/1.0 200"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := gatewaytest.Talk(t, s.Listener.Addr().String(), tc.raw)
			if !strings.HasPrefix(got, tc.want) || !strings.HasSuffix(got, "(closed)\n") {
				t.Errorf("got %s", got)
			}
		})
	}
	got := gatewaytest.Talk(t, s.Listener.Addr().String(), "GET http://a/public/x HTTP/1.1\r\nHost: a\r\n\r\n")
	if !strings.HasPrefix(got, "HTTP/1.1 400") {
		t.Errorf("absolute-form: %s", got)
	}
}

func TestRFC9113_8_3_1AuthorityAndHostThatDifferAreRefused(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	front := &gateway.Front{Gateway: h.Gateway}
	for host, want := range map[string]int{"gw.example": 200, "GW.example:443": 200, "evil.example": 400} {
		r := httptest.NewRequest(http.MethodGet, "/public/x", nil)
		r.Proto, r.ProtoMajor, r.ProtoMinor, r.Host = "HTTP/2.0", 2, 0, "gw.example"
		r.Header["Host"] = []string{host}
		w := httptest.NewRecorder()
		front.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("Host %s: %d, want %d", host, w.Code, want)
		}
	}
}
