package upstream_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

// outcome is what a caller gets of a backend's raw answer.
type outcome struct {
	Head    exchangetest.Head
	Content string
	State   exchangetest.State
	Reason  authz.Reason
}

func whole(status int, length int64, content string, f []exchange.Field) outcome {
	return outcome{exchangetest.Head{Status: status, Fields: f, Length: length}, content, exchangetest.Ended, authz.ReasonNone}
}

func cut(status int, length int64, content string, reason authz.Reason) outcome {
	return outcome{exchangetest.Head{Status: status, Fields: fields(), Length: length}, content, exchangetest.Aborted, reason}
}

// The connection is dropped behind each of these, so the next exchange needs
// another one.
const dropped = true

func TestAnswersPassOn(t *testing.T) {
	const unknown = exchange.UnknownLength
	tests := []struct {
		name   string
		method string
		raw    string
		want   outcome
		drop   bool
	}{
		{
			"order, spelling and duplicates are kept", "GET",
			"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nx-ODD:  v \t\r\nDate: now\r\nSet-Cookie: b\r\nEmpty:\r\nContent-Length: 2\r\n\r\nok",
			whole(200, 2, "ok", fields("Set-Cookie", "a", "x-ODD", "v", "Date", "now", "Set-Cookie", "b", "Empty", "")), false,
		},
		{
			"H-4 hop-by-hop fields stay here", "GET",
			"HTTP/1.1 200 OK\r\nConnection: X-Secret, keep-alive, x-other\r\nX-Secret: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: x\r\nTE: x\r\nTrailer: X\r\nUpgrade: h2c\r\nX-OTHER: 2\r\nX-Kept: 3\r\nContent-Length: 0\r\n\r\n",
			whole(200, 0, "", fields("X-Kept", "3")), false,
		},
		{
			"Connection close ends the connection", "GET",
			"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok", whole(200, 2, "ok", fields()), dropped,
		},
		{"no reason phrase, no space", "GET", "HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", whole(200, 2, "ok", fields()), false},
		{
			"HTTP/1.0 with keep-alive", "GET",
			"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok", whole(200, 2, "ok", fields()), false,
		},
		{"HTTP/1.0 without keep-alive", "GET", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", whole(200, 2, "ok", fields()), dropped},
		{"9112 6.3 until close", "GET", "HTTP/1.0 200 OK\r\n\r\nto the end", whole(200, unknown, "to the end", fields()), dropped},
		{"9112 6.3 until close in HTTP/1.1", "GET", "HTTP/1.1 200 OK\r\n\r\nto the end", whole(200, unknown, "to the end", fields()), dropped},
		{
			"9112 7.1 chunked", "GET",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n00A ; x=\"y\"\r\n0123456789\r\n0\r\n\r\n", whole(200, unknown, "abc0123456789", fields()), false,
		},
		{
			"H-37 trailers are dropped", "GET",
			"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nContent-Length: 5\r\nSet-Cookie: x\r\n\r\n", whole(200, unknown, "a", fields()), false,
		},
		{"H-42 HEAD tells a length and has no content", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", whole(200, 5, "", fields()), false},
		{"H-42 HEAD chunked", "HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", whole(200, unknown, "", fields()), false},
		{"H-42 HEAD without length", "HEAD", "HTTP/1.1 200 OK\r\n\r\n", whole(200, unknown, "", fields()), false},
		{"H-42 HEAD with content", "HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", whole(200, 5, "", fields()), dropped},
		{"H-42 204", "GET", "HTTP/1.1 204 No Content\r\n\r\n", whole(204, 0, "", fields()), false},
		{"H-42 204 with a length", "DELETE", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", whole(204, 0, "", fields()), false},
		{"H-42 204 with content", "GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", whole(204, 0, "", fields()), dropped},
		{"H-42 304 with a length", "GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\nETag: x\r\n\r\n", whole(304, 500, "", fields("ETag", "x")), false},
		{"surplus behind the content", "GET", hello + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", whole(200, 5, "hello", fields()), dropped},
		{"odd status", "GET", "HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n", whole(999, 0, "", fields()), false},
		{"obs-text", "GET", "HTTP/1.1 200 \xe4\r\nX: \xe4\xff\r\nContent-Length: 0\r\n\r\n", whole(200, 0, "", fields("X", "\xe4\xff")), false},
		{"a 426 does not upgrade", "GET", "HTTP/1.1 426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n", whole(426, 0, "", fields()), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, func(p *peer) {
				p.request()
				p.say(tt.raw)
				if p.n == 1 && strings.HasPrefix(tt.name, "9112 6.3 until") {
					return
				}
				for p.request() {
					p.say(hello)
				}
			})
			u := open(t, upstream.Options{}, b)
			req := get("/")
			req.Method = tt.method
			got := outcomeOf(forward(t, u, req))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if tt.drop != b.dropped(t, u) {
				t.Errorf("connection dropped: %t, want %t", !tt.drop, tt.drop)
			}
		})
	}
}

// dropped reports whether the next exchange needs a connection of its own.
func (b *backend) dropped(t *testing.T, u *upstream.Upstream) bool {
	before := b.accepted()
	req := get("/next")
	req.Method = "HEAD"
	forward(t, u, req)
	return b.accepted() > before
}

func outcomeOf(out upstream.Outcome, answer *exchangetest.Answer) outcome {
	return outcome{answer.Head(), answer.Content(), answer.State(), out.Reason}
}

// H-40 and its kin: no part of a malformed answer reaches the caller, and the
// connection is not used again.
func TestMalformedAnswersAreRefused(t *testing.T) {
	heads := map[string]string{
		"H-40 Content-Length beside Transfer-Encoding": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
		"H-40 two different lengths":                   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"H-40 the same length twice":                   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n",
		"H-40 a list of lengths":                       "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n",
		"H-40 a signed length":                         "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\n",
		"H-40 a negative length":                       "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"H-40 an empty length":                         "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\n",
		"H-40 a hex length":                            "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\n",
		"H-40 a length too long":                       "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
		"H-40 an unknown coding":                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
		"H-40 chunked twice":                           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		"H-40 identity":                                "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\n",
		"H-40 chunked with a control":                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n",
		"9112 6.1 chunked in HTTP/1.0":                 "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		"H-40 in an answer without content":            "HTTP/1.1 304 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
		"bare LF":                                      "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
		"bare LF in the fields":                        "HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n\r\n",
		"bare CR in a value":                           "HTTP/1.1 200 OK\r\nA: b\rc\r\nContent-Length: 0\r\n\r\n",
		"NUL in a value":                               "HTTP/1.1 200 OK\r\nA: b\x00c\r\nContent-Length: 0\r\n\r\n",
		"9112 5.1 space before the colon":              "HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
		"9112 5.2 folded line":                         "HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
		"9112 5.2 folded first line":                   "HTTP/1.1 200 OK\r\n A: b\r\nContent-Length: 0\r\n\r\n",
		"no colon":                                     "HTTP/1.1 200 OK\r\nA\r\nContent-Length: 0\r\n\r\n",
		"no name":                                      "HTTP/1.1 200 OK\r\n: b\r\nContent-Length: 0\r\n\r\n",
		"name that is no token":                        "HTTP/1.1 200 OK\r\nA(b): c\r\nContent-Length: 0\r\n\r\n",
		"leading empty line":                           "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/2":                                       "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/1.2":                                     "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
		"lower-case version":                           "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"two digits":                                   "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
		"four digits":                                  "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
		"status below 100":                             "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
		"two spaces":                                   "HTTP/1.1  200 OK\r\nContent-Length: 0\r\n\r\n",
		"another protocol":                             "SSH-2.0-OpenSSH_9.9\r\n",
		"garbage without a line's end":                 "\x15\x03\x03\x00\x02\x02\x28",
		"a head over 16 KiB":                           "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 17<<10) + "\r\nContent-Length: 0\r\n\r\n",
		"a head of endless lines":                      "HTTP/1.1 200 OK\r\n" + strings.Repeat("A: b\r\n", 4000),
		"a head cut short":                             "HTTP/1.1 200 OK\r\nContent-Le",
		"H-41 more than 16 interim answers":            strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 17) + hello,
		"a 101 that nobody asked for":                  "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
		"an interim answer in HTTP/1.0":                "HTTP/1.0 103 Early Hints\r\n\r\n" + hello,
	}
	for name, raw := range heads {
		t.Run(name, func(t *testing.T) {
			b := serve(t, func(p *peer) {
				if p.request() {
					p.say(raw)
				}
				if !strings.Contains(name, "cut short") {
					p.drain()
				}
			})
			u := open(t, upstream.Options{}, b)
			out, answer := forward(t, u, get("/"))
			if out.Reason != authz.ReasonUpstreamError || out.Attempts != 1 || answer.Began() {
				t.Errorf("%v (%v) after %d attempts, answer %s; want upstream_error and no answer", out.Reason, out.Err, out.Attempts, answer.State())
			}
		})
	}
}

// H-39: what is not whole must not look whole.
func TestTruncatedAndMalformedContentIsAborted(t *testing.T) {
	const unknown = exchange.UnknownLength
	const chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
	upstreamError := func(content string) outcome { return cut(200, unknown, content, authz.ReasonUpstreamError) }
	tests := []struct {
		name, raw string
		want      outcome
	}{
		{"H-39 Content-Length short", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", cut(200, 10, "hello", authz.ReasonUpstreamError)},
		{"H-39 no content at all", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", cut(200, 10, "", authz.ReasonUpstreamError)},
		{"H-39 chunk cut", chunked + "5\r\nhel", upstreamError("hel")},
		{"H-39 last chunk missing", chunked + "5\r\nhello\r\n", upstreamError("hello")},
		{"H-39 trailer cut", chunked + "5\r\nhello\r\n0\r\nA: b\r\n", upstreamError("hello")},
		{"H-39 end of chunk cut", chunked + "5\r\nhello", upstreamError("hello")},
		{"chunk longer than its size", chunked + "4\r\nhello\r\n0\r\n\r\n", upstreamError("hell")},
		{"chunk size without digits", chunked + ";x\r\n", upstreamError("")},
		{"chunk size with 0x", chunked + "0x5\r\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"chunk size with a sign", chunked + "+5\r\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"chunk size of 17 digits", chunked + "00000000000000005\r\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"chunk size that overflows", chunked + "FFFFFFFFFFFFFFFF\r\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"space behind the chunk size", chunked + "5 \r\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"space before the chunk size", chunked + " 5\r\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"bare LF behind the chunk size", chunked + "5\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"bare CR in a chunk extension", chunked + "5;a\rb\r\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"control in a chunk extension", chunked + "5;a\x01\r\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"chunk extension too long", chunked + "5;" + strings.Repeat("a", 600) + "\r\nhello\r\n0\r\n\r\n", upstreamError("")},
		{"chunk extensions too many", chunked + strings.Repeat("1;"+strings.Repeat("a", 500)+"\r\nx\r\n", 20), upstreamError(strings.Repeat("x", 16))},
		{"malformed trailer", chunked + "0\r\nA : b\r\n\r\n", upstreamError("")},
		{"endless trailers", chunked + "0\r\n" + strings.Repeat("A: b\r\n", 4000), upstreamError("")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, func(p *peer) {
				p.request()
				p.say(tt.raw)
				p.Conn.(interface{ CloseWrite() error }).CloseWrite()
				p.drain()
			})
			got := outcomeOf(forward(t, open(t, upstream.Options{}, b), get("/")))
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
		})
	}
}

func TestInterimAnswersPassOn(t *testing.T) {
	b := serve(t, always("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: x\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"+hello))
	u := open(t, upstream.Options{}, b)
	for range 2 {
		answer := mustPass(t, u, get("/"))
		want := []exchangetest.Head{{Status: 103, Fields: fields("Link", "</a>")}, {Status: 102, Fields: fields()}}
		if diff := cmp.Diff(want, answer.Interims()); diff != "" {
			t.Errorf("H-41 interim answers (-want +got):\n%s", diff)
		}
	}
	if b.accepted() != 1 {
		t.Error("the connection was not kept behind interim answers")
	}
}

// editor adds a field and takes one away.
type editor struct{}

func (editor) EditResponse(r *upstream.Response) {
	r.Fields = append(r.Fields[:0], exchange.Field{Name: "X-Request-Id", Value: "1"})
	r.Status++
}

func TestEditorChangesTheHead(t *testing.T) {
	b := serve(t, always("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 2\r\n\r\nok"))
	u := open(t, upstream.Options{}, b)
	answer := exchangetest.New()
	out := u.Forward(t.Context(), permit(t), get("/"), answer, editor{})
	if diff := cmp.Diff(whole(201, 2, "ok", fields("X-Request-Id", "1")), outcomeOf(out, answer)); diff != "" {
		t.Errorf("answer (-want +got):\n%s", diff)
	}
	if out.Status != 200 {
		t.Errorf("the outcome's status is %d, want the backend's 200", out.Status)
	}
}

// However an answer is cut into packets, it reads the same.
func TestAnswersReadTheSameByteByByte(t *testing.T) {
	raw := "HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nT: x\r\n\r\n"
	b := serve(t, func(p *peer) {
		for p.request() {
			for i := range len(raw) {
				p.say("%s", raw[i:i+1])
			}
		}
	})
	u := open(t, upstream.Options{}, b)
	for range 5 {
		got := outcomeOf(forward(t, u, get("/")))
		if diff := cmp.Diff(whole(200, exchange.UnknownLength, "abc0123456789", fields("A", "b")), got); diff != "" {
			t.Fatalf("answer (-want +got):\n%s", diff)
		}
	}
}
