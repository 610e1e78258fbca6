package wire_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
)

func TestPlainRequestsAreReadAsSent(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	for range 3 {
		c.send("GET /a%20b?x=1;y&%zz HTTP/1.1\r\nHost: h.example:80\r\nX-Odd_Name:  v a l \r\nACCEPT: */*\r\n\r\n")
		if resp, body := c.answer("GET"); resp.StatusCode != 200 || body != `GET /a%20b?x=1;y&%zz host=h.example:80 X-Odd_Name="v a l" ACCEPT="*/*"`+"\n" {
			t.Fatalf("%d %s", resp.StatusCode, body)
		}
	}
	c.send("GET /chunked HTTP/1.1\r\nHost: h\r\n\r\n")
	if resp, body := c.answer("GET"); len(resp.TransferEncoding) != 1 || body != "GET /chunked host=h\n" {
		t.Errorf("%v %q", resp.TransferEncoding, body)
	}
	c.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\nGET /after HTTP/1.1\r\nHost: h\r\n\r\n")
	if resp, body := c.answer("HEAD"); resp.ContentLength != 15 || body != "" {
		t.Errorf("HEAD: length %d body %q", resp.ContentLength, body)
	}
	if _, body := c.answer("GET"); body != "GET /after host=h\n" {
		t.Errorf("after HEAD: %q", body)
	}
}

func TestBodiesOfAnySplitArriveWhole(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	large := strings.Repeat("0123456789abcdef", 4096)
	for _, cut := range []int{0, 1, 5, 50, 70, 80} {
		c := dial(t, addr)
		for _, body := range []string{"hello", large} {
			text := fmt.Sprintf("POST /b HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
			at := min(cut, len(text))
			c.send(text[:at])
			c.send(text[at:] + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
			if _, got := c.answer("POST"); !strings.HasSuffix(got, fmt.Sprintf("body=%q err=<nil>\n", body)) {
				t.Fatalf("cut %d: %.200q", cut, got)
			}
			if _, got := c.answer("GET"); got != "GET /next host=h\n" {
				t.Fatalf("cut %d: next %q", cut, got)
			}
		}
	}
}

func TestWhatIsNotUnderstoodIsNetHTTPs(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	for name, text := range map[string]string{
		"a reserved path": "GET /oauth/x HTTP/1.1\r\nHost: h\r\n\r\n",
		"chunked":         "POST /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
		"HTTP/1.0":        "GET /z HTTP/1.0\r\n\r\n",
		"a bare LF":       "GET /z HTTP/1.1\nHost: h\n\n",
		"a long head":     "GET /z HTTP/1.1\r\nHost: h\r\nX: " + strings.Repeat("x", 10000) + "\r\n\r\n",
		"Expect":          "POST /z HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
		"absolute form":   "GET http://h/z HTTP/1.1\r\nHost: h\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			c := dial(t, addr)
			c.send(text)
			if _, body := c.answer("GET"); !strings.HasPrefix(body, "net/http ") {
				t.Errorf("%q", body)
			}
		})
	}
}

func TestACallerThatEndsItsSideGetsItsAnswerAndTheEnd(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	c := dial(t, addr)
	c.send("GET /one HTTP/1.1\r\nHost: h\r\n\r\n")
	if err := c.Conn.(*net.TCPConn).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	all, err := io.ReadAll(c.r)
	if err != nil || !strings.Contains(string(all), "GET /one host=h\n") {
		t.Errorf("%q %v", all, err)
	}
}
