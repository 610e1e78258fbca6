package wire_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"scopegate/gateway/wire"
)

// described answers with all that a handler can see of a request.
var described = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	var b strings.Builder
	body, err := io.ReadAll(r.Body)
	fmt.Fprintf(&b, "%s %q %s %d %d url=%q path=%q raw=%q query=%q force=%v host=%q length=%d body=%q %v",
		r.Method, r.RequestURI, r.Proto, r.ProtoMajor, r.ProtoMinor, r.URL, r.URL.Path, r.URL.RawPath, r.URL.RawQuery, r.URL.ForceQuery,
		r.Host, r.ContentLength, body, err)
	names := make([]string, 0, len(r.Header))
	for name := range r.Header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, " %s=%q", name, r.Header[name])
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Add("X-Two", "1")
	w.Header().Add("X-Two", "2")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, b.String())
})

// startFixed serves the reserved paths by a handler.
func startFixed(t testing.TB, h http.Handler, change ...func(*wire.Front)) (addr string, f *wire.Front) {
	t.Helper()
	f = newFront(echoPipeline{})
	f.Fixed = h
	for _, do := range change {
		do(f)
	}
	return run(t, f), f
}

const token = "POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"

// TestFixedPathsAreReadAsByNetHTTP gives a handler the same requests from both
// servers and compares all that it saw, and all that the caller got.
func TestFixedPathsAreReadAsByNetHTTP(t *testing.T) {
	here, _ := startFixed(t, described)
	there := httptest.NewServer(described)
	defer there.Close()
	for name, request := range map[string]string{
		"a form":            "POST /oauth/token HTTP/1.1\r\nHost: h:80\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 29\r\n\r\ngrant_type=client_credentials",
		"no body":           "POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
		"no length":         "POST /oauth/token HTTP/1.1\r\nHost: h\r\n\r\n",
		"a get":             "GET /oauth/jwks.json HTTP/1.1\r\nHost: [::1]:8080\r\nAccept: */*\r\n\r\n",
		"a get with a body": "GET /oauth/x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
		"a query":           "GET /oauth/x?a=1&b=%41?c HTTP/1.1\r\nHost: h\r\n\r\n",
		"an empty query":    "GET /oauth/x? HTTP/1.1\r\nHost: h\r\n\r\n",
		"fields":            "GET /oauth/x HTTP/1.1\r\nhost: h\r\nauthorization: Basic  YTpi \r\nX-ODD-name: 1\r\nx-odd-NAME: \r\ncookie: a\r\nCookie: b\r\nX_y.z: \t2\r\n\r\n",
		"a last one":        "GET /oauth/x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
		"options":           "GET /oauth/x HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, X-A\r\nX-A: 1\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			type got struct {
				status, body string
				length       int64
				close        bool
				fields       http.Header
			}
			ask := func(addr string) got {
				c := dial(t, addr)
				c.send(request)
				resp, body := c.answer("GET")
				resp.Header.Del("Date")
				return got{resp.Status, body, resp.ContentLength, resp.Close, resp.Header}
			}
			if got, want := ask(here), ask(there.Listener.Addr().String()); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

func TestOneConnectionCarriesFixedPathsAndOthers(t *testing.T) {
	addr, _ := startFixed(t, described)
	c := dial(t, addr)
	c.send(token + get("/a") + token + token + get("/b"))
	for _, want := range []string{`POST "/oauth/token"`, "GET /a ", `POST "/oauth/token"`, `POST "/oauth/token"`, "GET /b "} {
		if resp, body := c.answer("GET"); resp.Close || !strings.HasPrefix(body, want) {
			t.Errorf("%q, want %q", body, want)
		}
	}
}

func TestABodyInPiecesIsServedOnceItIsWhole(t *testing.T) {
	addr, _ := startFixed(t, described)
	c := dial(t, addr)
	for range 3 {
		for _, piece := range strings.SplitAfter(token, "\r\n") {
			c.send(piece)
		}
		if _, body := c.answer("POST"); !strings.Contains(body, `body="hi"`) {
			t.Errorf("%q", body)
		}
		if got := c.get("/a"); !strings.HasPrefix(got, "GET /a ") {
			t.Errorf("%q", got)
		}
	}
}

func TestWhatFixedCannotHaveIsHandedOver(t *testing.T) {
	const fits = wire.BufferSize - len("POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 8100\r\n\r\n")
	post := func(n int) string {
		return fmt.Sprintf("POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", n, strings.Repeat("x", n))
	}
	for name, tc := range map[string]struct {
		request string
		handed  bool
	}{
		"the largest that fits": {post(fits), false},
		"one byte more":         {post(fits + 1), true},
		"HEAD":                  {"HEAD /oauth/token HTTP/1.1\r\nHost: h\r\n\r\n", true},
		"PUT":                   {"PUT /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n", true},
		"an encoded path":       {"GET /oauth/%74oken HTTP/1.1\r\nHost: h\r\n\r\n", true},
		"a path with a star":    {"GET /oauth/* HTTP/1.1\r\nHost: h\r\n\r\n", true},
		"chunked":               {"POST /oauth/token HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true},
	} {
		t.Run(name, func(t *testing.T) {
			addr, _ := startFixed(t, described)
			c := dial(t, addr)
			c.send(tc.request)
			method, _, _ := strings.Cut(tc.request, " ")
			if resp, body := c.answer(method); (resp.StatusCode == http.StatusOK) != tc.handed {
				t.Errorf("%s %.80q", resp.Status, body)
			}
		})
	}
}

func TestAHandlerNeedNotReadTheBody(t *testing.T) {
	addr, _ := startFixed(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) }))
	c := dial(t, addr)
	for range 2 {
		c.send(token)
		if resp, _ := c.answer("POST"); resp.StatusCode != http.StatusUnauthorized || resp.ContentLength != 0 || resp.Close {
			t.Errorf("%+v", resp)
		}
	}
}

// TestTextsOfFixedRequestsMayBeKept: they do not lie in the buffer, which the
// next request overwrites.
func TestTextsOfFixedRequestsMayBeKept(t *testing.T) {
	keep := make(chan []string, 10)
	addr, _ := startFixed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		texts := []string{r.URL.Path, r.RequestURI, r.Host, r.Method, r.URL.RawQuery}
		for name, values := range r.Header {
			texts = append(texts, name, values[0])
		}
		keep <- texts
		w.WriteHeader(http.StatusNoContent)
	}))
	c := dial(t, addr)
	for _, target := range []string{"a", "b", "c?c", "d?d"} {
		letter := target[:1]
		c.send("GET /oauth/" + target + " HTTP/1.1\r\nHost: " + letter + "\r\nX-" + strings.ToUpper(letter) + ": " + letter + "\r\n\r\n")
		c.answer("GET")
	}
	want := []string{
		"/oauth/a", "/oauth/a", "a", "GET", "", "X-A", "a",
		"/oauth/b", "/oauth/b", "b", "GET", "", "X-B", "b",
		"/oauth/c", "/oauth/c?c", "c", "GET", "c", "X-C", "c",
		"/oauth/d", "/oauth/d?d", "d", "GET", "d", "X-D", "d",
	}
	var kept []string
	for len(keep) > 0 {
		kept = append(kept, <-keep...)
	}
	if !slices.Equal(kept, want) {
		t.Errorf("%q, want %q", kept, want)
	}
}

// TestAFixedAnswerLeavesNothingForTheNext: they are written into the same
// memory.
func TestAFixedAnswerLeavesNothingForTheNext(t *testing.T) {
	addr, _ := startFixed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			w.Header().Set("X-Long", "1")
			w.WriteHeader(http.StatusEarlyHints) // is not sent, and is not the answer's
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = io.WriteString(w, "no entry")
		}
	}))
	c := dial(t, addr)
	for range 3 {
		c.send(token)
		if resp, body := c.answer("POST"); resp.StatusCode != http.StatusUnauthorized || body != "no entry" || resp.Header.Get("X-Long") != "1" {
			t.Errorf("%+v %q", resp, body)
		}
		c.send(get("/oauth/x"))
		if resp, body := c.answer("GET"); resp.StatusCode != http.StatusOK || body != "" || resp.Header.Get("X-Long") != "" {
			t.Errorf("%+v %q", resp, body)
		}
	}
}

// TestAHandlerKnowsItsCaller: limits and logs go by the address.
func TestAHandlerKnowsItsCaller(t *testing.T) {
	addr, _ := startFixed(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.RemoteAddr) }))
	c := dial(t, addr)
	c.send(token)
	if _, body := c.answer("POST"); body != c.LocalAddr().String() {
		t.Errorf("%q, want %q", body, c.LocalAddr())
	}
}

func TestAPanicAtAFixedPathEndsItsConnectionAlone(t *testing.T) {
	addr, _ := startFixed(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			panic("mine")
		}
	}))
	c, other := dial(t, addr), dial(t, addr)
	c.send(token)
	if all, _ := c.rest(); all != "" {
		t.Errorf("%q", all)
	}
	other.send(get("/oauth/x"))
	if resp, _ := other.answer("GET"); resp.StatusCode != http.StatusOK {
		t.Error(resp.Status)
	}
}

func TestABodyThatStopsComingEndsItsConnection(t *testing.T) {
	called := make(chan struct{}, 1)
	addr, _ := startFixed(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called <- struct{}{} }),
		func(f *wire.Front) { f.HeadTimeout = 50 * time.Millisecond })
	for name, end := range map[string]func(*caller){
		"by silence": func(*caller) {},
		"by its end": (*caller).endSending,
	} {
		c := dial(t, addr)
		c.send(token[:len(token)-1])
		end(c)
		if all, _ := c.rest(); all != "" {
			t.Errorf("%s: %q", name, all)
		}
	}
	if len(called) > 0 {
		t.Error("the handler got a part of a request")
	}
}
