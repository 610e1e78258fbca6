package main

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
)

// smallBodyServer answers 400 if a body cannot be read, and 401 unread.
func smallBodyServer(t *testing.T) (addr string) {
	t.Helper()
	e := newEcho()
	e.Pre(smallBodies(50*time.Millisecond, 50*time.Millisecond))
	e.POST("/read", func(c echo.Context) error {
		if _, err := io.ReadAll(c.Request().Body); err != nil {
			return c.NoContent(http.StatusBadRequest)
		}
		return c.NoContent(http.StatusOK)
	})
	e.POST("/unread", func(c echo.Context) error { return c.NoContent(http.StatusUnauthorized) })
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestAFormThatStopsComingIsNotWaitedFor(t *testing.T) {
	addr := smallBodyServer(t)
	for name, tc := range map[string]struct {
		request string
		status  int
	}{
		"read, of known length":   {"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab", http.StatusBadRequest},
		"read, chunked":           {"POST /read HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", http.StatusBadRequest},
		"unread, of known length": {"POST /unread HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nab", http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(c, tc.request); err != nil {
				t.Fatal(err)
			}
			r := bufio.NewReader(c)
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != tc.status {
				t.Errorf("status %d, want %d", res.StatusCode, tc.status)
			}
			if n, err := io.Copy(io.Discard, r); n != 0 || isTimeout(err) {
				t.Errorf("after the answer: %d bytes, %v", n, err)
			}
		})
	}
}

func isTimeout(err error) bool {
	network, ok := err.(net.Error)
	return ok && network.Timeout()
}
