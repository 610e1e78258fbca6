package main

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/metrics"
)

// watched is a server whose connections are watched, until the test ends.
type watched struct {
	server *httptest.Server
	errors atomic.Int64
	ended  atomic.Int64
}

func watchConnections(t *testing.T, useTLS bool) *watched {
	t.Helper()
	w := &watched{}
	w.server = httptest.NewUnstartedServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/hijack" {
			c, _, err := http.NewResponseController(rw).Hijack()
			if err == nil {
				_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\n\r\n")
				_ = c.Close()
			}
			return
		}
		_, _ = io.Copy(rw, r.Body)
	}))
	m := metrics.New(metrics.Options{})
	c := &connections{level: m.Connections("http"), headError: func() { w.errors.Add(1) }}
	w.server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	w.server.Config.MaxHeaderBytes = 8 << 10
	c.watch(w.server.Config)
	note := w.server.Config.ConnState
	w.server.Config.ConnState = func(nc net.Conn, state http.ConnState) {
		note(nc, state)
		if state == http.StateClosed || state == http.StateHijacked {
			w.ended.Add(1)
		}
	}
	w.server.EnableHTTP2 = true
	if useTLS {
		w.server.StartTLS()
	} else {
		w.server.Start()
	}
	t.Cleanup(w.server.Close)
	return w
}

// dial connects, over TLS where the server speaks it.
func (w *watched) dial(t *testing.T) net.Conn {
	t.Helper()
	addr := w.server.Listener.Addr().String()
	var c net.Conn
	var err error
	if strings.HasPrefix(w.server.URL, "https:") {
		c, err = tls.Dial("tcp", addr, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}) //nolint:gosec // a test's own
	} else {
		c, err = net.Dial("tcp", addr)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

// awaitEnds waits until so many connections have ended.
func (w *watched) awaitEnds(t *testing.T, n int64) {
	t.Helper()
	deadline, tick := time.After(patience), time.NewTicker(5*time.Millisecond)
	defer tick.Stop()
	for w.ended.Load() < n {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%d connections ended, not %d", w.ended.Load(), n)
		}
	}
}

func TestHeadsThatReachNoHandlerAreCounted(t *testing.T) {
	const good = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, useTLS := range []bool{false, true} {
		for name, c := range map[string]struct {
			sent   string
			status string // of the last answer; empty: the caller leaves
			errors int64
		}{
			"a good one":                       {"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "200", 0},
			"good ones, and the caller leaves": {good + good, "", 0},
			"nothing":                          {"", "", 0},
			"a bad field":                      {"GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n", "400", 1},
			"no host":                          {"GET / HTTP/1.1\r\n\r\n", "400", 1},
			"a large head":                     {"GET / HTTP/1.1\r\nHost: x\r\nA: " + strings.Repeat("b", 16<<10) + "\r\n\r\n", "431", 1},
			"an expectation":                   {"GET / HTTP/1.1\r\nHost: x\r\nExpect: more\r\n\r\n", "417", 1},
			"a coding":                         {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "501", 1},
			"a version":                        {"GET / HTTP/3.0\r\nHost: x\r\n\r\n", "505", 1},
			"a bad one behind a good one":      {good + "GET / HTTP/1.1\r\nA b: c\r\n\r\n", "400", 1},
			"half a head":                      {"GET / HTTP/1.1\r\nHo", "", 1},
			"half a body":                      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab", "", 0},
			"taken over":                       {"GET /hijack HTTP/1.1\r\nHost: x\r\n\r\n", "101", 0},
		} {
			t.Run(fmt.Sprintf("%s, TLS %t", name, useTLS), func(t *testing.T) {
				t.Parallel()
				w := watchConnections(t, useTLS)
				conn := w.dial(t)
				if _, err := io.WriteString(conn, c.sent); err != nil {
					t.Fatal(err)
				}
				if c.status != "" {
					answers, _ := io.ReadAll(conn)
					last := answers[max(0, strings.LastIndex(string(answers), "HTTP/1.1 ")):]
					if !strings.HasPrefix(string(last), "HTTP/1.1 "+c.status) {
						t.Errorf("answered %q", answers)
					}
				} else if strings.HasPrefix(c.sent, good) {
					r := bufio.NewReader(conn)
					for range 2 {
						resp, err := http.ReadResponse(r, nil)
						if err != nil {
							t.Fatal(err)
						}
						_ = resp.Body.Close()
					}
				}
				_ = conn.Close()
				w.awaitEnds(t, 1)
				if got := w.errors.Load(); got != c.errors {
					t.Errorf("counted %d, want %d", got, c.errors)
				}
			})
		}
	}
}

func TestHTTP2ConnectionsAreNoBadHeads(t *testing.T) {
	w := watchConnections(t, true)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			resp, err := w.server.Client().Get(w.server.URL)
			if err != nil || resp.ProtoMajor != 2 {
				t.Errorf("%v %v", resp, err)
				return
			}
			_ = resp.Body.Close()
		})
	}
	wg.Wait()
	idle, err := tls.Dial("tcp", w.server.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2"}}) //nolint:gosec // a test's own
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.WriteString(idle, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
	_ = idle.Close()
	w.server.CloseClientConnections()
	w.awaitEnds(t, 2)
	if n := w.errors.Load(); n != 0 {
		t.Errorf("counted %d", n)
	}
}

// Of the fast front, too, which hands over what it does not take.
func TestARefusedHeadIsInTheMetrics(t *testing.T) {
	p := serveInProcess(t, oneRoute, nil)
	for range 2 {
		c, err := net.Dial("tcp", strings.TrimPrefix(p.origin, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		_ = c.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n")
		if answer, _ := io.ReadAll(c); !strings.HasPrefix(string(answer), "HTTP/1.1 400 ") {
			t.Errorf("answered %q", answer)
		}
		_ = c.Close()
	}
	flags := &adminFlags{dataDir: p.path("data"), timeout: patience}
	server, err := flags.client(p.world("", io.Discard, io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	deadline, tick := time.After(patience), time.NewTicker(10*time.Millisecond)
	defer tick.Stop()
	for {
		body, err := server.open(t.Context(), http.MethodGet, "/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(body)
		_ = body.Close()
		if strings.Contains(string(text), "\nscopegate_request_head_errors_total 2\n") {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not 2: %v\n%s", err, text)
		}
	}
}
