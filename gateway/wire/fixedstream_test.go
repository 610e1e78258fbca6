package wire_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"scopegate/gateway/wire"
)

// fixedStream is a connection's requests for fixed paths and others, with
// bodies that look like requests.
var fixedStream = []string{
	get("/1"), fixedPost("/oauth/2", get("/no")), get("/3"), "GET /oauth/4?q HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
	fixedPost("/oauth/5", ""), fixedPost("/oauth/6", "\r\n\r\n"), get("/7"),
}

func fixedPost(path, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", path, len(body), body)
}

// whatWasAsked returns the request lines in answers, in their order.
func whatWasAsked(answers string) (asked []string) {
	for line := range strings.Lines(answers) {
		if fields := strings.Fields(line); len(fields) > 1 && (fields[0] == "GET" || fields[0] == "POST") {
			asked = append(asked, fields[0]+" "+strings.Trim(fields[1], `"`))
		}
	}
	return asked
}

// TestAnEndAnywhereInAStreamAnswersWhatWasWhole cuts a stream at every byte,
// and sends it in two pieces: what was whole is answered, once and in order,
// and nothing of what was not.
func TestAnEndAnywhereInAStreamAnswersWhatWasWhole(t *testing.T) {
	addr, _ := startFixed(t, described)
	all := strings.Join(fixedStream, "")
	for end := range len(all) + 1 {
		c := dial(t, addr)
		c.send(all[:end/2])
		c.send(all[end/2 : end])
		c.endSending()
		answers, _ := c.rest()
		var want []string
		for sent := 0; len(want) < len(fixedStream); want = append(want, wholeLine(fixedStream[len(want)])) {
			if sent += len(fixedStream[len(want)]); sent > end {
				break
			}
		}
		if got := whatWasAsked(answers); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("of %d bytes %q were answered, want %q", end, got, want)
		}
	}
}

// wholeLine is a request's line without its protocol.
func wholeLine(request string) string {
	line, _, _ := strings.Cut(request, " HTTP/1.1\r\n")
	return line
}

// TestABodyThatFillsTheBufferLeavesTheNextRequest is about the border at which
// a body is waited for here or handed over, for each split around it.
func TestABodyThatFillsTheBufferLeavesTheNextRequest(t *testing.T) {
	addr, _ := startFixed(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) }))
	for size := wire.BufferSize - 3; size <= wire.BufferSize+3; size++ {
		request := fixedPost("/oauth/a", strings.Repeat("x", size-len(fixedPost("/oauth/a", ""))-3))
		if len(request) != size {
			t.Fatalf("%d bytes, want %d", len(request), size)
		}
		for _, cut := range []int{0, 20, size - 1, size, size + 1} {
			c := dial(t, addr)
			whole := request + get("/next")
			c.send(whole[:cut])
			c.send(whole[cut:])
			if resp, _ := c.answer("POST"); resp.StatusCode != http.StatusOK {
				t.Errorf("%d bytes cut at %d: %s", size, cut, resp.Status)
			}
			if _, body := c.answer("GET"); !strings.Contains(body, "GET /next") {
				t.Errorf("%d bytes cut at %d: %q behind them", size, cut, body)
			}
			_ = c.Close()
		}
	}
}
