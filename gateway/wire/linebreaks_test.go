package wire_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

// TestLineBreaksBehindAPostAreNoRequest: some callers send them behind a form
// (RFC 9112 section 2.2). What is passed over is what net/http passes over,
// whichever of the two fronts goes on with the connection.
func TestLineBreaksBehindAPostAreNoRequest(t *testing.T) {
	ok := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	here, _ := startFixed(t, ok)
	there := httptest.NewServer(ok)
	defer there.Close()
	guarded := strings.Replace(token, "/oauth/token", "/a", 1)
	last := "GET /b HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
	for name, pieces := range map[string][]string{
		"behind a form":           {token + "\r\n" + last},
		"behind a guarded form":   {guarded + "\r\n" + last},
		"behind a body that came": {guarded[:len(guarded)-1], guarded[len(guarded)-1:], "\r\n" + last},
		"one by one":              {token, "\r", "\n", last},
		"on their own":            {token, "\r\n", last},
		"behind each of two":      {token + "\r\n" + guarded + "\n" + last},
		"before a chunked one":    {token + "\r\nPOST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + last},
		"four":                    {token + "\r\n\r\n" + last},
		"four of one kind":        {token + "\n\n\n\n" + last},
		"five":                    {token + "\r\n\r\n\n" + last},
		"none, then a bad head":   {token + " \r\n" + last},
		"behind a GET":            {get("/a") + "\r\n" + last},
		"behind POST and GET":     {token + get("/a") + "\r\n" + last},
		"before the first":        {"\r\n" + last},
		"within a head":           {token + last[:len(last)-2], "\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			got, want := statuses(t, here, pieces), statuses(t, there.Listener.Addr().String(), pieces)
			if len(want) == 0 || !slices.Equal(got, want) {
				t.Errorf("%q, net/http %q", got, want)
			}
		})
	}
}

// statuses sends pieces and returns the status line of each answer.
func statuses(t *testing.T, addr string, pieces []string) (all []string) {
	t.Helper()
	c := dial(t, addr)
	for _, piece := range pieces {
		c.send(piece)
	}
	rest, _ := c.rest()
	for line := range strings.Lines(rest) {
		if strings.HasPrefix(line, "HTTP/1.1 ") {
			all = append(all, strings.TrimSpace(line))
		}
	}
	return all
}
