package upstream_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.sock")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	b := serveOn(t, listener, always(hello))
	u := open(t, upstream.Options{Endpoints: []upstream.Endpoint{{URL: "unix:" + path, Network: "unix", Address: path, Authority: "localhost"}}})
	for range 2 {
		mustPass(t, u, get("/"))
	}
	if b.accepted() != 1 {
		t.Error("the connection was not kept")
	}
}

// tlsBackend is a TLS server with a certificate for example.com.
func tlsBackend(t *testing.T) upstream.Options {
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			w.Write([]byte("slow "))
			w.(http.Flusher).Flush()
			timer := time.NewTimer(short)
			defer timer.Stop()
			<-timer.C
		}
		w.Write([]byte(r.Proto + " " + r.RequestURI + " " + r.Host))
	}))
	s.EnableHTTP2 = true
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	address := s.Listener.Addr().String()
	return upstream.Options{
		TLS:       &tls.Config{RootCAs: roots},
		Endpoints: []upstream.Endpoint{{URL: s.URL, Network: "tcp", Address: address, TLS: true, Authority: "example.com:" + address[strings.LastIndex(address, ":")+1:]}},
	}
}

func TestTLS(t *testing.T) {
	o := tlsBackend(t)
	u := open(t, o)
	for range 3 {
		if got := mustPass(t, u, get("/a%2Fb")).Content(); got != "HTTP/1.1 /a%2Fb api.example" {
			t.Errorf("content %q", got)
		}
		// longer than the first, short deadline: TLS must stand it
		if got := mustPass(t, u, get("/slow")).Content(); got != "slow HTTP/1.1 /slow api.example" {
			t.Errorf("content %q", got)
		}
	}
}

func TestTLSWithAnotherNameIsNotTrusted(t *testing.T) {
	o := tlsBackend(t)
	o.TLS.ServerName = "other.example"
	out, _ := forward(t, open(t, o), get("/"))
	if out.Reason != authz.ReasonUpstreamUnavailable {
		t.Errorf("%v (%v), want upstream_unavailable", out.Reason, out.Err)
	}
}

func TestEndpointsTakeTurns(t *testing.T) {
	a, b := serve(t, always(hello)), serve(t, always(hello))
	u := open(t, upstream.Options{}, a, b)
	for range 10 {
		mustPass(t, u, get("/"))
	}
	if len(a.seen()) != 5 || len(b.seen()) != 5 {
		t.Errorf("%d and %d exchanges, want 5 each", len(a.seen()), len(b.seen()))
	}
}

func TestBusyEndpointsAreSpared(t *testing.T) {
	release := make(chan struct{})
	stuck := make(chan struct{}, 10)
	a := serve(t, func(p *peer) { p.request(); stuck <- struct{}{}; <-release; p.say(hello) })
	b := serve(t, always(hello))
	u := open(t, upstream.Options{}, a, b)
	var wait sync.WaitGroup
	for len(a.seen()) == 0 { // until one of them sticks at a
		wait.Go(func() { forward(t, u, get("/")) })
		select {
		case <-stuck:
		case <-time.After(short):
		}
	}
	for range 10 {
		mustPass(t, u, get("/"))
	}
	if n := len(a.seen()); n != 1 {
		t.Errorf("the busy endpoint got %d exchanges, want 1", n)
	}
	close(release)
	wait.Wait()
}

// What cannot be connected to costs nothing but the first try, and whatever
// the method the next endpoint gets the request.
func TestUnreachableEndpointIsSetAside(t *testing.T) {
	var downs, ups atomic.Int32
	b := serve(t, always(hello))
	u := open(t, upstream.Options{
		Endpoints: []upstream.Endpoint{unreachable(t)},
		Hooks: upstream.Hooks{OnEndpoint: func(_ string, up bool) {
			if up {
				ups.Add(1)
			} else {
				downs.Add(1)
			}
		}},
	}, b)
	for range 20 {
		mustPass(t, u, post("body"))
	}
	if downs.Load() != 1 || ups.Load() != 0 {
		t.Errorf("told down %d times, up %d; want 1, 0", downs.Load(), ups.Load())
	}
}

func TestBackOffDoublesUpToABound(t *testing.T) {
	for n, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30} {
		if got := upstream.AsideFor(int32(n)); got != want*time.Second {
			t.Errorf("after %d failures %v, want %vs", n, got, int(want))
		}
	}
	if got := upstream.AsideFor(1 << 30); got != 30*time.Second {
		t.Errorf("after very many failures %v, want 30s", got)
	}
}

// When all are set aside they are still tried: one may be back.
func TestEndpointComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.sock")
	e := upstream.Endpoint{URL: "unix:" + path, Network: "unix", Address: path, Authority: "localhost"}
	u := open(t, upstream.Options{Endpoints: []upstream.Endpoint{e}})
	if out, _ := forward(t, u, get("/")); out.Reason != authz.ReasonUpstreamUnavailable || out.Endpoint != e.URL {
		t.Fatalf("%v at %s", out.Reason, out.Endpoint)
	}
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	serveOn(t, listener, always(hello))
	mustPass(t, u, get("/"))
}

func TestMaxConnections(t *testing.T) {
	release, came := make(chan struct{}), make(chan struct{}, 2)
	b := serve(t, func(p *peer) {
		for p.request() {
			came <- struct{}{}
			<-release
			p.say(hello)
		}
	})
	u := open(t, upstream.Options{MaxConnections: 2}, b)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			if out, _ := forward(t, u, get("/")); out.Reason != authz.ReasonNone {
				t.Errorf("%v (%v)", out.Reason, out.Err)
			}
		})
		<-came
	}
	if out, answer := forward(t, u, get("/")); out.Reason != authz.ReasonOverloaded || answer.Began() {
		t.Errorf("%v (%v), want overloaded", out.Reason, out.Err)
	}
	close(release)
	wait.Wait()
	for range 4 {
		mustPass(t, u, get("/"))
		<-came
	}
	if n := b.accepted(); n != 2 {
		t.Errorf("%d connections, want 2", n)
	}
}

func TestHealthCheck(t *testing.T) {
	var sick atomic.Bool
	sick.Store(true)
	changes := make(chan bool, 100)
	a := serve(t, func(p *peer) {
		for {
			head, ok := p.head()
			switch {
			case !ok:
				return
			case !strings.HasPrefix(head, "GET /healthz "):
				p.remember(head)
				p.say(hello)
			case sick.Load():
				p.say("HTTP/1.1 503 Sick\r\nContent-Length: 0\r\n\r\n")
			default:
				p.say("HTTP/1.1 204 Well\r\n\r\n")
			}
		}
	})
	b := serve(t, always(hello))
	u := open(t, upstream.Options{
		Health: &upstream.Health{Path: "/healthz", Interval: 20 * time.Millisecond, Timeout: long},
		Hooks: upstream.Hooks{OnEndpoint: func(endpoint string, up bool) {
			if endpoint == a.endpoint().URL {
				changes <- up
			}
		}},
	}, a, b)
	await := func(want bool) {
		t.Helper()
		select {
		case up := <-changes:
			if up != want {
				t.Fatalf("endpoint up: %t, want %t", up, want)
			}
		case <-time.After(long):
			t.Fatal("no change was told")
		}
	}
	await(false)
	for range 10 {
		mustPass(t, u, get("/"))
	}
	if n := len(a.seen()); n != 0 {
		t.Errorf("the sick endpoint got %d exchanges", n)
	}
	sick.Store(false)
	await(true)
	for range 10 {
		mustPass(t, u, get("/"))
	}
	if n := len(a.seen()); n == 0 {
		t.Error("the endpoint that is well again got none")
	}
}

// A Snapshot that a reload replaced may still forward.
func TestForwardAfterClose(t *testing.T) {
	ended := make(chan struct{}, 2)
	b := serve(t, func(p *peer) { always(hello)(p); ended <- struct{}{} })
	u := open(t, upstream.Options{}, b)
	mustPass(t, u, get("/"))
	u.Close()
	mustPass(t, u, get("/"))
	for range 2 {
		select {
		case <-ended:
		case <-time.After(long):
			t.Fatal("a connection was kept after Close")
		}
	}
}

func TestHooksAreTold(t *testing.T) {
	var done, failed atomic.Int32
	b := serve(t, func(p *peer) {
		switch {
		case !p.request():
		case p.n > 1:
			p.say("garbage\r\n")
		default:
			p.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
		}
	})
	u := open(t, upstream.Options{Hooks: upstream.Hooks{
		OnDone: func(time.Duration) { done.Add(1) },
		OnError: func(r authz.Reason) {
			if r == authz.ReasonUpstreamError {
				failed.Add(1)
			}
		},
	}}, b)
	forward(t, u, get("/"))
	forward(t, u, get("/"))
	if done.Load() != 2 || failed.Load() != 1 {
		t.Errorf("told of %d exchanges and %d failures, want 2 and 1", done.Load(), failed.Load())
	}
}

// Many at a time, over connections that come and go.
func TestManyExchangesAtATime(t *testing.T) {
	b := serve(t, func(p *peer) {
		for n := 0; p.request(); n++ {
			if n == 20 {
				p.say("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello")
				return
			}
			p.say(hello)
		}
	})
	u := open(t, upstream.Options{MaxConnections: 16, KeepAlive: 5 * time.Millisecond}, b)
	var wait sync.WaitGroup
	for range 16 {
		wait.Go(func() {
			for range 100 {
				out, answer := forward(t, u, get("/"))
				if out.Reason != authz.ReasonNone || answer.Content() != "hello" || answer.State() != exchangetest.Ended {
					t.Errorf("%v (%v), content %q", out.Reason, out.Err, answer.Content())
					return
				}
			}
		})
	}
	wait.Wait()
}
