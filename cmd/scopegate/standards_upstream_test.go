package main_test

import (
	"bufio"
	"encoding/base64"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"scopegate/gateway/gatewaytest"
)

// recorder is the upstream of the standards: it remembers every byte of a
// request and answers as the request's own X-Answer and X-Then fields say, so
// that many cases can share it.
type recorder struct {
	addr string

	mu   sync.Mutex
	seen []*recorded
}

// recorded is one request as it arrived.
type recorded struct {
	head     string // with its line ends
	body     string // decoded from its framing
	trailer  string
	complete bool // the message came to its end
	gone     bool // of a held request: its connection ended
}

func (r recorded) String() string { return r.head + r.body + r.trailer }

// answerOK is what the recorder says unless a request asks for another answer.
const answerOK = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"

func newRecorder(t *testing.T) *recorder {
	t.Helper()
	u := &recorder{}
	u.addr = gatewaytest.Listen(t, u.serve)
	return u
}

// of returns the requests that hold the tag anywhere.
func (u *recorder) of(tag string) []recorded {
	u.mu.Lock()
	defer u.mu.Unlock()
	var found []recorded
	for _, r := range u.seen {
		if strings.Contains(r.head+r.body+r.trailer, tag) {
			found = append(found, *r)
		}
	}
	return found
}

func (u *recorder) change(f func()) {
	u.mu.Lock()
	defer u.mu.Unlock()
	f()
}

func (u *recorder) serve(c net.Conn) {
	r := bufio.NewReader(c)
	for {
		rec := &recorded{}
		head, err := gatewaytest.ReadHead(r)
		if err != nil {
			return
		}
		u.change(func() { rec.head = head; u.seen = append(u.seen, rec) })
		req, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil {
			return
		}
		then, answer := req.Header.Get("X-Then"), answerOK
		if script := req.Header.Get("X-Answer"); script != "" {
			text, _ := base64.StdEncoding.DecodeString(script) // made by answering
			answer = string(text)
		}
		if then == "early" { // before a byte of the body is read
			_, _ = io.WriteString(c, answer)
			_, _ = io.Copy(io.Discard, r) // no reset that could overtake the answer
			return
		}
		if u.readBody(r, req, rec) != nil {
			return
		}
		if then == "hold" {
			_, _ = io.Copy(io.Discard, r) // until the gateway lets go
			u.change(func() { rec.gone = true })
			return
		}
		if then == "drop" {
			return
		}
		if _, err := io.WriteString(c, answer); err != nil || then == "close" {
			return
		}
		if then == "hang" { // silent within the answer
			_, _ = io.Copy(io.Discard, r)
			return
		}
		if then == "echo" { // a tunnel that says everything back
			_, _ = io.Copy(c, r)
			return
		}
	}
}

func (u *recorder) readBody(r *bufio.Reader, req *http.Request, rec *recorded) error {
	body, trailer, err := gatewaytest.ReadBody(r, req)
	u.change(func() { rec.body, rec.trailer, rec.complete = body, strings.TrimSpace(trailer), err == nil })
	return err
}

// answering is the field that makes the recorder answer so; line ends become
// CRLF.
func answering(text string) string {
	return "X-Answer: " + base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
}
