package wire_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"scopegate/gateway/exchange"
)

// answers serves one function for /odd, and an echo for all else.
func answers(t *testing.T, odd func(x *exchange.Exchange)) (c *caller) {
	t.Helper()
	addr, _ := start(t, pipeline(func(ctx context.Context, x *exchange.Exchange) {
		if x.Path == "/odd" {
			odd(x)
			return
		}
		echoPipeline{}.Serve(ctx, x)
	}))
	return dial(t, addr)
}

func fields(nameAndValue ...string) (f []exchange.Field) {
	for i := 0; i < len(nameAndValue); i += 2 {
		f = append(f, exchange.Field{Name: nameAndValue[i], Value: nameAndValue[i+1]})
	}
	return f
}

// TestAnswersAreFramedByWhatTheyAre is RFC 9112 section 6.3: after each, the
// next answer is where it should be.
func TestAnswersAreFramedByWhatTheyAre(t *testing.T) {
	for name, c := range map[string]struct {
		method  string
		status  int
		length  int64
		content string
		want    string
	}{
		"a length":                         {"GET", 200, 5, "hello", "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 5\r\n\r\nhello"},
		"no content":                       {"GET", 200, 0, "", "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 0\r\n\r\n"},
		"an unknown length":                {"GET", 200, -1, "hello", "HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"},
		"an unknown length, nothing":       {"GET", 200, -1, "", "HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"},
		"HEAD, a length":                   {"HEAD", 200, 5, "", "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 5\r\n\r\n"},
		"HEAD, content that may not be":    {"HEAD", 200, 5, "hello", "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 5\r\n\r\n"},
		"HEAD, an unknown length":          {"HEAD", 200, -1, "hello", "HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n"},
		"204":                              {"GET", 204, 0, "", "HTTP/1.1 204 No Content\r\nDate: d\r\n\r\n"},
		"204, an unknown length":           {"GET", 204, -1, "x", "HTTP/1.1 204 No Content\r\nDate: d\r\n\r\n"},
		"204, a length":                    {"GET", 204, 5, "hello", "HTTP/1.1 204 No Content\r\nDate: d\r\n\r\n"},
		"304, a length and nothing":        {"GET", 304, 5, "", "HTTP/1.1 304 Not Modified\r\nDate: d\r\nContent-Length: 5\r\n\r\n"},
		"304, an unknown length":           {"GET", 304, -1, "", "HTTP/1.1 304 Not Modified\r\nDate: d\r\n\r\n"},
		"304 to HEAD":                      {"HEAD", 304, 0, "", "HTTP/1.1 304 Not Modified\r\nDate: d\r\n\r\n"},
		"a status without a name":          {"GET", 799, 1, "x", "HTTP/1.1 799 \r\nDate: d\r\nContent-Length: 1\r\n\r\nx"},
		"a 205 that the upstream measured": {"GET", 205, 0, "", "HTTP/1.1 205 Reset Content\r\nDate: d\r\nContent-Length: 0\r\n\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			caller := answers(t, func(x *exchange.Exchange) {
				err := x.Answer.Begin(c.status, fields("Date", "d"), c.length)
				_, writeErr := io.WriteString(x.Answer, c.content)
				if err = errors.Join(err, writeErr, x.Answer.End()); err != nil {
					t.Error(err)
				}
			})
			caller.send(c.method + " /odd HTTP/1.1\r\nHost: h\r\n\r\n" + "GET /next HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
			all, err := caller.rest()
			if got, found := strings.CutPrefix(all, c.want); !found || !strings.HasSuffix(got, "GET /next host=h Connection=\"close\"\n") || err != nil {
				t.Errorf("%q %v", all, err)
			}
		})
	}
}

// TestAnAnswerThatIsNotWholeIsCut includes what once hung for ever: a socket
// closed from within its own read.
func TestAnAnswerThatIsNotWholeIsCut(t *testing.T) {
	begin := func(x *exchange.Exchange, length int64, content string) {
		_ = x.Answer.Begin(200, nil, length)
		_, _ = io.WriteString(x.Answer, content)
		_ = x.Answer.Flush()
	}
	for name, odd := range map[string]func(x *exchange.Exchange){
		"aborted before it began": func(x *exchange.Exchange) { x.Answer.Abort() },
		"aborted in its head":     func(x *exchange.Exchange) { _ = x.Answer.Begin(200, nil, 5); x.Answer.Abort() },
		"aborted in its content":  func(x *exchange.Exchange) { begin(x, 5, "he"); x.Answer.Abort() },
		"aborted in a chunk":      func(x *exchange.Exchange) { begin(x, -1, "he"); x.Answer.Abort() },
		"aborted twice, and ended": func(x *exchange.Exchange) {
			begin(x, 2, "he")
			x.Answer.Abort()
			x.Answer.Abort()
			if err := x.Answer.End(); err == nil {
				t.Error("ended")
			}
		},
		"shorter than declared": func(x *exchange.Exchange) {
			begin(x, 5, "he")
			if err := x.Answer.End(); err == nil {
				t.Error("ended")
			}
		},
		"longer than declared": func(x *exchange.Exchange) {
			begin(x, 2, "he")
			if _, err := io.WriteString(x.Answer, "llo"); err == nil {
				t.Error("written")
			}
			_ = x.Answer.End()
		},
		"never ended":       func(x *exchange.Exchange) { begin(x, 2, "he") },
		"never begun":       func(*exchange.Exchange) {},
		"ended, not begun":  func(x *exchange.Exchange) { _ = x.Answer.End() },
		"left by a panic":   func(x *exchange.Exchange) { begin(x, 5, "he"); panic("on purpose") },
		"content, no begin": func(x *exchange.Exchange) { _, _ = io.WriteString(x.Answer, "hello") },
	} {
		for kind, request := range map[string]string{
			"":                           "GET /odd HTTP/1.1\r\nHost: h\r\n\r\n",
			", with a body on its way":   "POST /odd HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhe",
			", with a body that is here": "POST /odd HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhe",
		} {
			t.Run(name+kind, func(t *testing.T) {
				c := answers(t, odd)
				c.send(request)
				if all, err := c.rest(); !errors.Is(err, syscall.ECONNRESET) || strings.HasSuffix(all, "0\r\n\r\n") {
					t.Errorf("%q %v", all, err)
				}
				if got := dial(t, c.RemoteAddr().String()).get("/next"); got != "GET /next host=h\n" {
					t.Error(got)
				}
			})
		}
	}
}

func TestAPanicBehindAWholeAnswerEndsTheConnectionInOrder(t *testing.T) {
	c := answers(t, func(x *exchange.Exchange) {
		_ = answer(x, 200, "whole")
		panic("on purpose")
	})
	c.send(get("/odd") + get("/next"))
	if all, err := c.rest(); !strings.HasSuffix(all, "\r\n\r\nwhole") || err != nil {
		t.Errorf("%q %v", all, err)
	}
}

func TestInterimAnswersComeBeforeTheFinalOne(t *testing.T) {
	c := answers(t, func(x *exchange.Exchange) {
		for status, want := range map[int]bool{100: false, 101: true, 99: true, 200: true} {
			if status != 100 && x.Answer.Interim(status, nil) != nil != want {
				t.Errorf("interim %d", status)
			}
		}
		_ = x.Answer.Interim(103, fields("Link", "</a>", "Content-Length", "7", "Connection", "close"))
		_ = answer(x, 200, "final")
		if x.Answer.Interim(103, nil) == nil || x.Answer.Begin(200, nil, 0) == nil {
			t.Error("a second answer")
		}
	})
	c.send(get("/odd"))
	want := "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: today\r\nContent-Length: 5\r\n\r\nfinal"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c.r, got); err != nil || string(got) != want {
		t.Errorf("%q %v", got, err)
	}
	if body := c.get("/next"); body != "GET /next host=h\n" {
		t.Error(body)
	}
}

func TestAFieldCannotSplitAnAnswer(t *testing.T) {
	for _, f := range [][]exchange.Field{
		fields("X", "a\r\nSet-Cookie: b"), fields("X", "a\nb"), fields("X", "a\rb"), fields("X\r\nY", "a"), fields("X", "\n\r"),
	} {
		c := answers(t, func(x *exchange.Exchange) {
			if x.Answer.Interim(103, f) == nil || x.Answer.Begin(200, f, 0) == nil || x.Answer.Began() {
				t.Errorf("%q was written", f)
			}
			_ = answer(x, 500, "refused")
		})
		c.send(get("/odd"))
		if resp, body := c.answer("GET"); resp.StatusCode != 500 || body != "refused" {
			t.Errorf("%d %q", resp.StatusCode, body)
		}
	}
}

func TestFramingOfUpstreamsDoesNotPass(t *testing.T) {
	c := answers(t, func(x *exchange.Exchange) {
		f := fields("content-length", "7", "TRANSFER-ENCODING", "chunked", "connection", "x", "keep-alive", "5", "Trailer", "X", "upgrade", "h2c", "X-Kept", "1")
		_ = x.Answer.Begin(200, f, 0)
		_ = x.Answer.End()
	})
	c.send(get("/odd"))
	resp, _ := c.answer("GET")
	resp.Header.Del("Date")
	if len(resp.Header) != 2 || resp.Header.Get("X-Kept") != "1" || resp.Header.Get("Content-Length") != "0" {
		t.Errorf("%v", resp.Header)
	}
}

func TestStatusesThatAreNoneAreRefused(t *testing.T) {
	c := answers(t, func(x *exchange.Exchange) {
		for _, status := range []int{-1, 0, 99, 100, 101, 199, 1000} {
			if x.Answer.Begin(status, nil, 0) == nil {
				t.Errorf("%d", status)
			}
		}
		_ = answer(x, 200, "")
	})
	c.send(get("/odd"))
	c.answer("GET")
}

func TestLargeAnswersArriveWhole(t *testing.T) {
	piece := strings.Repeat("0123456789abcdef", 4<<10)
	for _, length := range []int64{exchange.UnknownLength, int64(len(piece)) * 40} {
		c := answers(t, func(x *exchange.Exchange) {
			err := x.Answer.Begin(200, nil, length)
			for i := 0; i < 40 && err == nil; i++ {
				for rest, n := piece, 1+i*700; rest != "" && err == nil; n = len(piece) {
					n = min(n, len(rest))
					_, err = io.WriteString(x.Answer, rest[:n])
					rest = rest[n:]
				}
			}
			if err = errors.Join(err, x.Answer.End()); err != nil {
				t.Error(err)
			}
		})
		c.send(get("/odd"))
		if _, body := c.answer("GET"); body != strings.Repeat(piece, 40) {
			t.Errorf("%d bytes", len(body))
		}
		if body := c.get("/next"); body != "GET /next host=h\n" {
			t.Error(body)
		}
	}
}

func TestFlushSendsWhatThereIs(t *testing.T) {
	goOn := make(chan struct{})
	c := answers(t, func(x *exchange.Exchange) {
		_ = x.Answer.Begin(200, nil, exchange.UnknownLength)
		_, _ = io.WriteString(x.Answer, "first")
		_ = x.Answer.Flush()
		<-goOn
		_, _ = io.WriteString(x.Answer, "second")
		_ = x.Answer.End()
	})
	c.send(get("/odd"))
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	first := make([]byte, len("first"))
	if _, err := io.ReadFull(resp.Body, first); err != nil || string(first) != "first" {
		t.Errorf("%q %v", first, err)
	}
	close(goOn)
	if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "second" {
		t.Errorf("%q %v", rest, err)
	}
}

func TestCloseAfterEndsTheConnection(t *testing.T) {
	for name, odd := range map[string]func(x *exchange.Exchange){
		"before it began": func(x *exchange.Exchange) { x.Answer.CloseAfter(); _ = answer(x, 200, "last") },
		"behind its head": func(x *exchange.Exchange) {
			_ = x.Answer.Begin(200, nil, 4)
			x.Answer.CloseAfter()
			_, _ = io.WriteString(x.Answer, "last")
			_ = x.Answer.End()
		},
	} {
		c := answers(t, odd)
		c.send(get("/odd") + get("/next"))
		if all, err := c.rest(); err != nil || !strings.HasSuffix(all, "last") {
			t.Errorf("%s: %q %v", name, all, err)
		}
	}
}

func TestConnectionCloseIsKept(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	c.send("GET /one HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get("/two"))
	all, err := c.rest()
	if err != nil || !strings.Contains(all, "Connection: close\r\n") || strings.Contains(all, "GET /two") {
		t.Errorf("%q %v", all, err)
	}
}

func TestNoTunnelIsMade(t *testing.T) {
	c := answers(t, func(x *exchange.Exchange) {
		if _, err := x.Answer.Tunnel(nil); err == nil {
			t.Error("a tunnel")
		}
		_ = answer(x, 200, "")
	})
	c.send(get("/odd"))
	c.answer("GET")
}
