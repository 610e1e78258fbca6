package wire_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"scopegate/gateway/exchange"
)

func TestABodyThatIsNotReadEndsTheConnection(t *testing.T) {
	for _, length := range []int{1, 100, 20_000, 1 << 20} {
		c := answers(t, func(x *exchange.Exchange) {
			if err := answer(x, 401, "not you"); err != nil {
				t.Error(err)
			}
		})
		body := strings.Repeat("GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n", length/30+1)[:length]
		sent := make(chan struct{})
		go func() { // an error says that the connection ended, as it should
			defer close(sent)
			_, _ = fmt.Fprintf(c, "POST /odd HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s%s", length, body, get("/next"))
		}()
		resp, got := c.answer("POST")
		if resp.StatusCode != 401 || !resp.Close || got != "not you" {
			t.Errorf("%d: %d %v %q", length, resp.StatusCode, resp.Close, got)
		}
		within(t, "end of sending", sent)
		if all, err := c.rest(); all != "" || err != nil && length < 100_000 { // as much is read after the answer
			t.Errorf("%d: behind it %q %v", length, all, err)
		}
	}
}

func TestABodyReadInPartEndsTheConnection(t *testing.T) {
	c := answers(t, func(x *exchange.Exchange) {
		_, _ = io.ReadFull(x.Body, make([]byte, 3))
		_ = answer(x, 200, "enough")
	})
	c.send("POST /odd HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello" + get("/next"))
	if all, err := c.rest(); err != nil || !strings.Contains(all, "Connection: close\r\n") || !strings.HasSuffix(all, "enough") {
		t.Errorf("%q %v", all, err)
	}
}

func TestTextsAreGoodUntilTheExchangeEnds(t *testing.T) {
	large := strings.Repeat("x", 100_000)
	c := answers(t, func(x *exchange.Exchange) {
		_, _ = io.Copy(io.Discard, x.Body)
		_ = answer(x, 200, fmt.Sprintf("%s %s?%s %s %v", x.Method, x.Path, x.Query, x.Host, x.Fields))
	})
	for _, sent := range []int{0, 5} {
		text := fmt.Sprintf("POST /odd?q HTTP/1.1\r\nHost: h.example\r\nX-A: b\r\nContent-Length: %d\r\n\r\n%s", len(large), large)
		c.send(text[:len(text)-len(large)+sent])
		c.send(text[len(text)-len(large)+sent:])
		if _, got := c.answer("POST"); got != "POST /odd?q h.example [{X-A b} {Content-Length 100000}]" {
			t.Error(got)
		}
	}
}

func TestInterruptEndsAReadThatWaits(t *testing.T) {
	c := answers(t, func(x *exchange.Exchange) {
		begun, read := make(chan struct{}), make(chan error, 1)
		go func() {
			_, err := io.ReadFull(x.Body, make([]byte, 4))
			close(begun)
			if err == nil {
				_, err = x.Body.Read(make([]byte, 10))
			}
			read <- err
		}()
		<-begun
		x.Body.(exchange.Interrupter).Interrupt()
		if err := within(t, "end of a read", read); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("interrupted: %v", err)
		}
		if _, err := x.Body.Read(make([]byte, 10)); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("after it: %v", err)
		}
		x.Answer.CloseAfter()
		_ = answer(x, 200, "enough")
	})
	c.send("POST /odd HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
	if all, err := c.rest(); err != nil || !strings.HasSuffix(all, "enough") {
		t.Errorf("%q %v", all, err)
	}
}

func TestAReadOfNothingReadsNothing(t *testing.T) {
	c := answers(t, func(x *exchange.Exchange) {
		if n, err := x.Body.Read(nil); n != 0 || err != nil {
			t.Errorf("%d %v", n, err)
		}
		data, err := io.ReadAll(x.Body)
		if n, again := x.Body.Read(make([]byte, 1)); n != 0 || again != io.EOF {
			t.Errorf("behind the end: %d %v", n, again)
		}
		_ = answer(x, 200, fmt.Sprint(string(data), err))
	})
	c.send("POST /odd HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n")
	c.send("hello")
	if _, got := c.answer("POST"); got != "hello<nil>" {
		t.Error(got)
	}
}

func TestAbortEndsAReadThatWaits(t *testing.T) {
	c := answers(t, func(x *exchange.Exchange) {
		begun, read := make(chan struct{}), make(chan error, 1)
		go func() {
			_, _ = io.ReadFull(x.Body, make([]byte, 4))
			close(begun)
			_, err := x.Body.Read(make([]byte, 10))
			read <- err
		}()
		<-begun
		x.Answer.Abort()
		if err := within(t, "end of a read", read); err == nil || errors.Is(err, io.EOF) {
			t.Errorf("aborted: %v", err)
		}
	})
	c.send("POST /odd HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
	if all, err := c.rest(); all != "" || err == nil {
		t.Errorf("%q %v", all, err)
	}
}
