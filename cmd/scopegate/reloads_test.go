package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var reloads = flag.Int("reloads", 25, "how often TestReloadsUnderLoad reloads before each front")

// steadily is a backend with an answer that comes a line at a time, a line for
// each value of next, a WebSocket that returns what it gets, and /fast.
func steadily(t *testing.T, next <-chan int) (origin string) {
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
func (p *inProcess) openRaw(request, token, status string) (net.Conn, *bufio.Reader) {
	p.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(p.origin, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	request += "\r\nHost: gw.example\r\nAuthorization: Bearer " + token + "\r\n\r\n"
	if _, err := io.WriteString(c, request); err != nil {
		p.t.Fatal(err)
	}
	r := bufio.NewReader(c)
	for first := true; ; first = false {
		renew(p.t, c)
		line, err := r.ReadString('\n')
		if err != nil || first && !strings.Contains(line, " "+status+" ") {
			p.t.Fatalf("%q %v", line, err)
		}
		if line == "\r\n" {
			return c, r
		}
	}
}

// reload asks for it as the command does, but without a command, since cobra
// keeps every command's flags for the life of the process.
func (p *inProcess) reload() {
	p.t.Helper()
	flags := &adminFlags{dataDir: p.path("data"), timeout: patience}
	server, err := flags.client(p.world("", io.Discard, io.Discard))
	if err != nil {
		p.t.Fatal(err)
	}
	if err := server.call(p.t.Context(), http.MethodPost, "/admin/v1/reload", nil, nil); err != nil {
		p.t.Fatal(err)
	}
}

// renew bounds the next read and write.
func renew(t *testing.T, c net.Conn) {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
}

// TestReloadsUnderLoad changes upstreams and routes under three callers, a
// WebSocket and a download: no request fails, no stream is dropped, nothing grows.
func TestReloadsUnderLoad(t *testing.T) {
	bothFronts(t, func(t *testing.T, env map[string]string) {
		next := make(chan int)
		backend := steadily(t, next)
		file := func(upstream, route string) string {
			return `
version: 1
scopes: { invoices.read: Read }
upstreams:
  legacy: { endpoints: [{ url: "` + backend + `" }] }
` + upstream + `
routes:
  - { name: fast, path: /fast, require: { scopes: [invoices.read] }, upstream: legacy }
  - { name: slow, path: /slow, require: { scopes: [invoices.read] }, upstream: legacy }
  - { name: socket, path: /socket, methods: [GET], websocket: true, require: { scopes: [invoices.read] }, upstream: legacy }
` + route
		}
		// Between the two an upstream and a route come and go.
		files := []string{file("", ""), file(
			`  spare: { endpoints: [{ url: "`+backend+`" }] }`,
			`  - { name: spare, path: /spare/*, public: true, upstream: spare }`)}
		p := serveInProcess(t, files[0], env)
		token := p.token(p.register("caller"))
		socket, echoed := p.openRaw("GET /socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: a\r\nSec-WebSocket-Version: 13", token, "101")
		download, lines := p.openRaw("GET /slow HTTP/1.0", token, "200")

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var passed atomic.Int64
		var callers sync.WaitGroup
		for range 3 {
			callers.Go(func() {
				for ctx.Err() == nil {
					if status, code := p.get("/fast", token); status != http.StatusOK {
						t.Errorf("/fast: %d %s", status, code)
						return
					}
					passed.Add(1)
				}
			})
		}
		step := func(i int) {
			p.write("routes.yaml", files[(i+1)%2])
			p.reload()
			want := fmt.Sprintln(i)
			renew(t, socket)
			renew(t, download)
			if _, err := io.WriteString(socket, want); err != nil {
				t.Fatal(err)
			}
			if got, err := echoed.ReadString('\n'); got != want {
				t.Fatalf("reload %d: the WebSocket says %q, %v", i, got, err)
			}
			next <- i
			if got, err := lines.ReadString('\n'); got != want {
				t.Fatalf("reload %d: the download says %q, %v", i, got, err)
			}
		}
		for i := range 5 {
			step(i)
		}
		before := measure()
		for i := range *reloads {
			step(5 + i)
		}
		close(next)
		if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
			t.Errorf("the download ends with %q, %v", rest, err)
		}
		cancel()
		callers.Wait()
		if passed.Load() == 0 {
			t.Error("no request was made meanwhile")
		}
		t.Logf("%d requests over %d reloads", passed.Load(), *reloads)
		before.holds(t)
	})
}

// footprint is what a process that leaks would have more and more of.
type footprint struct {
	goroutines, descriptors int
	heap                    uint64 // bytes
}

func measure() footprint {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	open, _ := os.ReadDir("/proc/self/fd") // none elsewhere than on Linux
	return footprint{runtime.NumGoroutine(), len(open), m.HeapAlloc}
}

// holds waits until the process is no larger than it was, but for a little
// that comes and goes.
func (f footprint) holds(t *testing.T) {
	t.Helper()
	const heap = 8 << 20
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(patience); ; <-again.C {
		now := measure()
		if now.goroutines <= f.goroutines+10 && now.descriptors <= f.descriptors+10 && now.heap <= f.heap+heap {
			t.Logf("%+v, before %+v", now, f)
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("it grew from %+v to %+v", f, now)
		}
	}
}
