package wire_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"scopegate/gateway/exchange"
	"scopegate/gateway/wire"
)

// shutdown begins a shutdown and returns what it comes to.
func shutdown(ctx context.Context, f *wire.Front) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f.Shutdown(ctx) }()
	return done
}

func TestShutdownEndsIdleConnectionsAtOnce(t *testing.T) {
	f := newFront(echoPipeline{})
	f.NeverLook()
	addr := run(t, f)
	kept := dial(t, addr)
	kept.get("/a")
	if err := within(t, "end", shutdown(t.Context(), f)); err != nil {
		t.Error(err)
	}
	if all, err := kept.rest(); all != "" || err != nil {
		t.Errorf("%q %v", all, err)
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("it still accepts")
	}
}

// TestTheFirstRequestOfANewConnectionIsAnsweredAfterADrain: its caller
// connected before the listener was closed and asks after it.
func TestTheFirstRequestOfANewConnectionIsAnsweredAfterADrain(t *testing.T) {
	f := newFront(echoPipeline{})
	f.ForgiveNew(2 * patience)
	addr := run(t, f)
	asks, kept := dial(t, addr), dial(t, addr)
	kept.get("/a")
	done := shutdown(t.Context(), f)
	if all, err := kept.rest(); all != "" || err != nil { // the listener is closed before it ends
		t.Errorf("%q %v", all, err)
	}
	asks.send(get("/b"))
	all, err := asks.rest()
	if err != nil || !strings.HasSuffix(all, "GET /b host=h\n") || !strings.Contains(all, "Connection: close\r\n") {
		t.Errorf("%q %v", all, err)
	}
	if err := within(t, "end", done); err != nil {
		t.Error(err)
	}
}

func TestANewConnectionThatAsksNothingEndsAfterItsTime(t *testing.T) {
	f := newFront(echoPipeline{})
	f.ForgiveNew(time.Nanosecond)
	never := dial(t, run(t, f))
	if err := within(t, "end", shutdown(t.Context(), f)); err != nil {
		t.Error(err)
	}
	if all, err := never.rest(); all != "" || err != nil {
		t.Errorf("%q %v", all, err)
	}
}

func TestShutdownWaitsForWhatRunsAndForHeadsThatBegan(t *testing.T) {
	entered, goOn := make(chan struct{}), make(chan struct{})
	addr, f := start(t, pipeline(func(ctx context.Context, x *exchange.Exchange) {
		if x.Path == "/slow" {
			close(entered)
			<-goOn
		}
		echoPipeline{}.Serve(ctx, x)
	}))
	slow, begun, body, ended := dial(t, addr), dial(t, addr), dial(t, addr), dial(t, addr)
	begun.get("/before")
	slow.send(get("/slow"))
	begun.send("GET /begun HTTP/1.1\r\nHo")
	body.send("POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe")
	ended.get("/before")
	within(t, "request", entered)
	done := shutdown(t.Context(), f)
	if all, err := ended.rest(); all != "" || err != nil { // then the rest is past its grace, too
		t.Errorf("%q %v", all, err)
	}
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	default:
	}
	begun.send("st: h\r\n\r\n")
	body.send("llo")
	close(goOn)
	for c, want := range map[*caller]string{slow: "GET /slow host=h\n", begun: "GET /begun host=h\n", body: `body="hello" err=<nil>` + "\n"} {
		if all, err := c.rest(); err != nil || !strings.HasSuffix(all, want) {
			t.Errorf("%q %v, want %q", all, err, want)
		}
	}
	if err := within(t, "end", done); err != nil {
		t.Error(err)
	}
}

func TestShutdownCutsWhatOutlastsItsTime(t *testing.T) {
	for name, request := range map[string]string{
		"a pipeline that waits":   get("/wait"),
		"a body that waits":       "POST /read HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhe",
		"a caller that reads not": get("/write"),
	} {
		t.Run(name, func(t *testing.T) {
			entered, left := make(chan struct{}), make(chan struct{})
			f := newFront(pipeline(func(ctx context.Context, x *exchange.Exchange) {
				defer close(left)
				close(entered)
				switch x.Path {
				case "/wait":
					<-ctx.Done()
				case "/read":
					_, _ = io.ReadAll(x.Body)
				case "/write":
					err := x.Answer.Begin(200, nil, exchange.UnknownLength)
					for err == nil {
						_, err = x.Answer.Write(make([]byte, 64<<10))
					}
				}
			}))
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var serving sync.WaitGroup
			serving.Go(func() { _ = f.Serve(l) })
			c := dial(t, l.Addr().String())
			c.send(request)
			within(t, "request", entered)
			ctx, cancel := context.WithCancel(t.Context())
			done := shutdown(ctx, f)
			cancel()
			if err := within(t, "end", done); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			within(t, "end of the pipeline", left)
			serving.Wait()
		})
	}
}

// TestNoAcceptedRequestIsLost sends one request on each of many connections
// while the front shuts down: each is answered, or was never taken.
func TestNoAcceptedRequestIsLost(t *testing.T) {
	var mu sync.Mutex
	taken := map[string]bool{}
	addr, f := start(t, pipeline(func(ctx context.Context, x *exchange.Exchange) {
		mu.Lock()
		taken[strings.Clone(x.Path)] = true
		mu.Unlock()
		echoPipeline{}.Serve(ctx, x)
	}))
	var callers sync.WaitGroup
	stop := make(chan struct{})
	for worker := range 8 {
		callers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				ask(t, addr, "/"+string(rune('a'+worker))+strings.Repeat("x", i%50), func(path string) bool {
					mu.Lock()
					defer mu.Unlock()
					was := taken[path]
					delete(taken, path)
					return was
				})
			}
		})
	}
	if err := within(t, "end", shutdown(t.Context(), f)); err != nil {
		t.Error(err)
	}
	close(stop)
	callers.Wait()
}

// ask sends one request on a connection of its own.
func ask(t *testing.T, addr, path string, taken func(path string) bool) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return // no longer accepted
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	_, _ = io.WriteString(c, get(path))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if was := taken(path); err != nil && was {
		t.Errorf("%s was served and its answer lost: %v", path, err)
	}
}

func TestWhatIsHandedOverWhileShuttingDownIsServed(t *testing.T) {
	addr, f := start(t, echoPipeline{})
	c := dial(t, addr)
	c.send("POST /c HTTP/1.1\r\nHo")
	idle := dial(t, addr)
	idle.get("/a")
	done := shutdown(t.Context(), f)
	if all, err := idle.rest(); all != "" || err != nil {
		t.Errorf("%q %v", all, err)
	}
	c.send("st: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
	if _, got := c.answer("POST"); got != "net/http POST /c \"\"\n" {
		t.Error(got)
	}
	if err := within(t, "end", done); err != nil {
		t.Error(err)
	}
}

func TestAFrontThatWasShutDownServesNoMore(t *testing.T) {
	f := newFront(echoPipeline{})
	if err := f.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := f.Shutdown(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Serve(l); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := f.Handover().Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if _, err := l.Accept(); err == nil {
		t.Error("the listener is open")
	}
}
