package wire_test

import (
	"strings"
	"testing"
)

const token = "POST /oauth/token HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi"

// TestACallerThatFetchedItsTokenComesBack: its connection is handed over for
// the token and ends when it goes on to plain requests.
func TestACallerThatFetchedItsTokenComesBack(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	c.send(token)
	if resp, body := c.answer("POST"); resp.Close || !strings.HasPrefix(body, "net/http ") {
		t.Errorf("%v %q", resp.Close, body)
	}
	c.send(get("/1"))
	if resp, body := c.answer("GET"); resp.Close || !strings.HasPrefix(body, "net/http ") {
		t.Errorf("%v %q", resp.Close, body)
	}
	c.send(get("/2"))
	if resp, _ := c.answer("GET"); !resp.Close {
		t.Error("the connection stays with net/http")
	}
	if all, err := c.rest(); all != "" || err != nil {
		t.Errorf("%q %v", all, err)
	}
}

func TestCallersWithOtherNeedsStayWithNetHTTP(t *testing.T) {
	chunked := "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	for name, requests := range map[string][]string{
		"tokens alone":                  {token, token, token, token},
		"a token before each request":   {token, get("/a"), token, get("/a"), token, get("/a")},
		"chunked after a token":         {token, chunked, get("/a"), chunked, get("/a"), chunked},
		"plain after chunked":           {chunked, get("/a"), get("/b"), get("/c")},
		"a token after what is chunked": {chunked, token, get("/a"), get("/b"), get("/c")},
	} {
		t.Run(name, func(t *testing.T) {
			addr, _ := start(t, echoPipeline{})
			c := dial(t, addr)
			for i, request := range requests {
				c.send(request)
				if resp, body := c.answer("GET"); resp.Close || !strings.HasPrefix(body, "net/http ") {
					t.Errorf("%d: %v %q", i, resp.Close, body)
				}
			}
		})
	}
}
