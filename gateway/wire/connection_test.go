package wire_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"scopegate/gateway/exchange"
	"scopegate/gateway/wire"
)

func TestAHundredPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	var all strings.Builder
	for i := range 100 {
		all.WriteString(get(fmt.Sprintf("/%d/%s", i, strings.Repeat("x", i*7))))
	}
	c.send(all.String())
	for i := range 100 {
		if _, body := c.answer("GET"); !strings.HasPrefix(body, fmt.Sprintf("GET /%d/", i)) {
			t.Fatalf("answer %d: %.80q", i, body)
		}
	}
}

// stream is a conversation of every kind that this front serves, ended by one
// that it hands over.
func stream() string {
	post := func(path string, n int) string {
		return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nX: y\r\nContent-Length: %d\r\n\r\n%s", path, n, strings.Repeat("GET / HTTP/1.1\r\n", n/16+1)[:n])
	}
	return get("/1") + get("/2?q") + post("/3", 40) + "HEAD /4 HTTP/1.1\r\nHost: h\r\n\r\n" + post("/5", 20_000) + get("/chunked") +
		post("/7", 0) + post("/8", 1) + get("/9") + "GET /oauth/10 HTTP/1.1\r\nHost: h\r\n\r\n" + post("/oauth/11", 9000) +
		"GET /oauth/12 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
}

func TestAStreamIsReadAlikeHoweverItIsSplit(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	all := stream()
	talk := func(cuts []int) (answers []string) {
		c := dial(t, addr)
		go func() {
			from := 0
			for _, to := range append(cuts, len(all)) {
				if _, err := io.WriteString(c, all[from:to]); err != nil {
					t.Errorf("send: %v", err)
				}
				from = to
			}
		}()
		for i, method := range []string{"GET", "GET", "POST", "HEAD", "POST", "GET", "POST", "POST", "GET", "GET", "POST", "GET"} {
			_, body := c.answer(method)
			answers = append(answers, fmt.Sprintf("%d %s", i, body))
		}
		return answers
	}
	want := talk(nil)
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 0))
		var cuts []int
		for at := 0; at < len(all); {
			at += 1 + r.IntN(1+[]int{8, 100, 3000}[seed%3])
			if at < len(all) {
				cuts = append(cuts, at)
			}
		}
		if diff := cmp.Diff(want, talk(cuts)); diff != "" {
			t.Fatalf("seed %d (-whole +split):\n%s", seed, diff)
		}
	}
}

// TestAnEndThatComesAlongWithRequestsIsSeen is about an edge that the poller
// does not repeat: bytes and end are there before the socket is read, as one
// event. After a lone request the look has to find the end.
func TestAnEndThatComesAlongWithRequestsIsSeen(t *testing.T) {
	for _, requests := range []int{1, 2, 5} {
		t.Run(fmt.Sprintf("%d requests", requests), func(t *testing.T) {
			t.Parallel()
			entered, sent := make(chan struct{}), make(chan struct{})
			f := newFront(pipeline(func(ctx context.Context, x *exchange.Exchange) {
				if x.Path == "/hold" {
					close(entered)
					<-sent
				}
				echoPipeline{}.Serve(ctx, x)
			}))
			if requests > 1 {
				f.NeverLook()
			}
			c := dial(t, run(t, f))
			c.get("/first")
			c.send(get("/hold"))
			within(t, "request", entered)
			c.send(strings.Repeat(get("/last"), requests))
			c.endSending()
			close(sent)
			all, err := c.rest()
			if n := strings.Count(all, "GET /last host=h\n"); n != requests || err != nil {
				t.Errorf("%d answers, %v", n, err)
			}
		})
	}
}

func TestAnEndThatWasThereBeforeTheConnectionWasAcceptedIsSeen(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := dial(t, l.Addr().String())
	c.send(get("/a"))
	c.endSending()
	f := newFront(echoPipeline{})
	f.NeverLook()
	runOn(t, f, l)
	if all, err := c.rest(); err != nil || !strings.HasSuffix(all, "GET /a host=h\n") {
		t.Errorf("%q %v", all, err)
	}
}

func TestAnEndWithinAHeadEndsTheConnection(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	c.send("GET /a HTTP/1.1\r\nHo")
	c.endSending()
	if all, _ := c.rest(); all != "" {
		t.Errorf("%q", all)
	}
}

func TestAnEndWithinABodyIsAnErrorOfTheBody(t *testing.T) {
	failed := make(chan error, 1)
	addr, _ := start(t, pipeline(func(_ context.Context, x *exchange.Exchange) {
		_, err := io.ReadAll(x.Body)
		failed <- err
		x.Answer.Abort()
	}))
	c := dial(t, addr)
	c.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
	c.endSending()
	if err := within(t, "error", failed); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

func TestAHeadOfOneByteAtATimeMeetsItsTimeOut(t *testing.T) {
	f := newFront(echoPipeline{})
	f.HeadTimeout = 300 * time.Millisecond
	c := dial(t, run(t, f))
	if got := c.get("/first"); got != "GET /first host=h\n" {
		t.Fatal(got)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = c.rest()
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	c.send("GET /")
	for sent := 0; ; sent++ {
		select {
		case <-ended:
			return
		case <-tick.C:
			_, _ = io.WriteString(c, "a") // an error shows as the end
		}
		if sent > 1000 {
			t.Fatal("a byte now and then keeps the connection")
		}
	}
}

func TestAnIdleConnectionIsEnded(t *testing.T) {
	for name, idle := range map[string]time.Duration{"before a look is due": 100 * time.Millisecond, "after a look": 1500 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFront(echoPipeline{})
			f.IdleTimeout = idle
			addr := run(t, f)
			silent, served := dial(t, addr), dial(t, addr)
			served.send(get("/a"))
			if all, err := served.rest(); err != nil || !strings.HasSuffix(all, "GET /a host=h\n") {
				t.Errorf("%q %v", all, err)
			}
			if all, err := silent.rest(); err != nil || all != "" {
				t.Errorf("%q %v", all, err)
			}
		})
	}
}

func TestAConnectionThatRestsIsServedAgain(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	tick := time.NewTicker(1200 * time.Millisecond) // longer than the look takes to come
	defer tick.Stop()
	for range 3 {
		if got := c.get("/a"); got != "GET /a host=h\n" {
			t.Fatal(got)
		}
		<-tick.C
	}
}

func TestABodyThatStopsComingMeetsItsTimeOut(t *testing.T) {
	f := newFront(nil)
	failed := make(chan error, 1)
	f.BodyTimeout = 100 * time.Millisecond
	f.Pipeline = pipeline(func(_ context.Context, x *exchange.Exchange) {
		_, err := io.ReadAll(x.Body)
		failed <- err
		_ = answer(x, 400, "too slow")
	})
	c := dial(t, run(t, f))
	c.send("POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
	var timeout net.Error
	if err := within(t, "error", failed); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v", err)
	}
	if all, err := c.rest(); err != nil || !strings.Contains(all, "Connection: close\r\n") || !strings.HasSuffix(all, "too slow") {
		t.Errorf("%q %v", all, err)
	}
}

func TestACallerThatDoesNotReadMeetsItsTimeOut(t *testing.T) {
	f := newFront(nil)
	failed := make(chan error, 1)
	f.WriteTimeout = 200 * time.Millisecond
	f.Pipeline = pipeline(func(_ context.Context, x *exchange.Exchange) {
		err := x.Answer.Begin(200, nil, exchange.UnknownLength)
		for piece := make([]byte, 64<<10); err == nil; {
			_, err = x.Answer.Write(piece)
		}
		failed <- err
	})
	c := dial(t, run(t, f))
	c.send(get("/a"))
	var timeout net.Error
	if err := within(t, "error", failed); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v", err)
	}
	if _, err := c.rest(); err == nil {
		t.Error("the caller takes the part for the whole")
	}
}

func TestAUnixSocketIsServed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	runOn(t, newFront(echoPipeline{}), l)
	c := dialOn(t, "unix", path)
	for range 3 {
		if got := c.get("/a"); got != "GET /a host=h\n" {
			t.Error(got)
		}
	}
}

// wrapped hides what a connection is, as TLS does.
type wrapped struct{ net.Listener }

func (w wrapped) Accept() (net.Conn, error) {
	c, err := w.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return struct{ net.Conn }{c}, nil
}

func TestAConnectionThatIsNoSocketIsHandedOver(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	runOn(t, newFront(echoPipeline{}), wrapped{l})
	if got := dial(t, l.Addr().String()).get("/a"); !strings.HasPrefix(got, "net/http ") {
		t.Error(got)
	}
}

func TestThePeerIsTheConnections(t *testing.T) {
	addr, _ := start(t, pipeline(func(_ context.Context, x *exchange.Exchange) {
		_ = answer(x, 200, x.Peer.String())
	}))
	c := dial(t, addr)
	if got := c.get("/a"); got != c.LocalAddr().String() {
		t.Errorf("%s, want %s", got, c.LocalAddr())
	}
}

var _ wire.Pipeline = pipeline(nil)
