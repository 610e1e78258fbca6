package gateway_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/gateway/gatewaytest"
)

// steadily is a backend with an answer that comes a line at a time, a line for
// each value of next, a WebSocket that returns what it gets, and /fast.
func steadily(t *testing.T, next <-chan int) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/fast", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		flush := http.NewResponseController(w).Flush
		_ = flush() // what the caller misses fails the test
		for {
			select {
			case i, more := <-next:
				if !more {
					return
				}
				_, _ = fmt.Fprintln(w, i)
				_ = flush()
			case <-r.Context().Done():
				return
			}
		}
	})
	mux.HandleFunc("/socket", func(w http.ResponseWriter, _ *http.Request) {
		c, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		_, _ = io.WriteString(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n")
		_, _ = io.Copy(c, buffered)
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

// openRaw sends a request and returns the connection behind its answer's head.
func openRaw(t *testing.T, addr, request, status string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(4 * gatewaytest.Patience)); err != nil {
		t.Fatal(err)
	}
	request += "\r\nHost: gw.example\r\nAuthorization: Bearer " + gatewaytest.TokenText("read") + "\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(c)
	for first := true; ; first = false {
		line, err := r.ReadString('\n')
		if err != nil || first && !strings.Contains(line, " "+status+" ") {
			t.Fatalf("%q %v", line, err)
		}
		if line == "\r\n" {
			return c, r
		}
	}
}

func TestFiftyReloadsUnderLoadFailNoRequestAndDropNoStream(t *testing.T) {
	next := make(chan int)
	backend := steadily(t, next)
	file := func(changed string) string {
		return `
version: 1
scopes: { a:read: Read }
upstreams:
  legacy: { endpoints: [{ url: "` + backend + `" }] }
` + changed + `
  - { name: fast, path: /fast, require: { scopes: [a:read] }, upstream: legacy }
  - { name: slow, path: /slow, require: { scopes: [a:read] }, upstream: legacy }
  - { name: socket, path: /socket, methods: [GET], websocket: true, require: { scopes: [a:read] }, upstream: legacy }
`
	}
	// Between the two an upstream and a route come and go.
	files := []string{
		file("routes:"),
		file("  spare: { endpoints: [{ url: \"" + backend + "\" }] }\nroutes:\n  - { name: spare, path: /spare/*, public: true, upstream: spare }"),
	}
	h := gatewaytest.New(t, files[0])
	addr := gatewaytest.StartHTTP(t, h.Gateway)
	socket, echoed := openRaw(t, addr, "GET /socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13", "101")
	_, download := openRaw(t, addr, "GET /slow HTTP/1.0", "200")

	stop, served := context.WithCancel(t.Context())
	defer served()
	var passed atomic.Int64
	var callers sync.WaitGroup
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: gatewaytest.Patience}
	for range 3 {
		callers.Go(func() {
			for stop.Err() == nil {
				if err := askFast(t.Context(), client, addr); err != nil {
					t.Error(err)
					return
				}
				passed.Add(1)
			}
		})
	}
	before := runtime.NumGoroutine()
	for i := range 50 {
		h.Reload(t, files[(i+1)%2])
		want := fmt.Sprintln(i)
		if _, err := io.WriteString(socket, want); err != nil {
			t.Fatal(err)
		}
		if got, err := echoed.ReadString('\n'); got != want {
			t.Fatalf("reload %d: the WebSocket says %q, %v", i, got, err)
		}
		next <- i
		if got, err := download.ReadString('\n'); got != want {
			t.Fatalf("reload %d: the download says %q, %v", i, got, err)
		}
	}
	close(next)
	if rest, err := io.ReadAll(download); err != nil || len(rest) > 0 {
		t.Errorf("the download ends with %q, %v", rest, err)
	}
	served()
	callers.Wait()
	if passed.Load() == 0 {
		t.Error("no request was made meanwhile")
	}
	fewerThan(t, before+20)
}

func askFast(ctx context.Context, client *http.Client, addr string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+"/fast", http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+gatewaytest.TokenText("read"))
	answer, err := client.Do(req)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK || string(body) != "ok" {
		return fmt.Errorf("%s %q %w", answer.Status, body, err)
	}
	return nil
}

// fewerThan waits for goroutines to end: a reload leaves none behind.
func fewerThan(t *testing.T, limit int) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(gatewaytest.Patience); runtime.NumGoroutine() >= limit; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("%d goroutines, want fewer than %d", runtime.NumGoroutine(), limit)
		}
	}
}
