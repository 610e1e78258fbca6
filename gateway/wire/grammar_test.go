package wire_test

import (
	"strings"
	"testing"

	"scopegate/gateway/exchange"
	"scopegate/gateway/wire"
)

// head is one line of a grammar table: what is sent, and why it stands there.
type head struct{ text, why string }

// get is a request of which only the target is of interest, field one of
// which only a field line is.
func get(target string) string { return "GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n" }
func field(line string) string { return "GET /a HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n" }
func host(value string) string { return "GET /a HTTP/1.1\r\nHost:" + value + "\r\n\r\n" }

var accepted = []head{
	{get("/"), "the shortest target"},
	{get("/a/b.c-d_e~f"), "a path"},
	{get("/%61%2F%00"), "escapes pass as they are: the pipeline judges them"},
	{get("/a;b=c"), "a parameter: the pipeline judges it"},
	{get("/a/../b//c"), "dots and slashes: the pipeline judges them"},
	{get(`/a\b`), "a backslash: the pipeline judges it"},
	{get(`/"<>[]^{|}` + "`"), "printable characters"},
	{get("//h/a"), "two slashes are a path, not an authority"},
	{get("/a?"), "an empty query"},
	{get("/a?b=c;d&%zz?"), "a query passes byte for byte"},
	{"GET /a HTTP/1.1\r\nhOsT: h\r\n\r\n", "a name in any case"},
	{host("h"), "no space behind the colon"},
	{host(" \t h.example:80 \t"), "white space around a value"},
	{host(" [::1]:80"), "an address"},
	{host(" a:b:c"), "a host of no meaning: the pipeline judges it"},
	{field("X:"), "an empty value"},
	{field("X: \t "), "a value of white space"},
	{field("X: a\tb  c"), "white space within a value"},
	{field("X: a\r\nX: b\r\nx: c"), "a field again"},
	{field("!#$%&'*+-.^_`|~09azAZ: x"), "every character of a token"},
	{field("Content-Length: 0"), "no content"},
	{field("Content-Length: 5"), "content of a GET"},
	{field("Content-Length: 0005"), "zeros before a length"},
	{field("Content-Length: 999999999999999999"), "the longest length"},
	{field("Connection: close"), "the end"},
	{field("Connection: keep-alive"), "an option without effect"},
	{field("Connection: X-A, ,close\t,"), "a list"},
	{field("Connection: a\r\nConnection: CLOSE"), "two lists"},
	{field("Connection:"), "an empty list"},
	{field("Keep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: close"), "hop-by-hop fields are the pipeline's to drop"},
	{field("Content_Length: 5\r\nTransfer_Encoding: chunked"), "other names"},
	{strings.Replace(get("/"), "GET", "OPTIONS", 1), "the longest method"},
	{strings.Replace(get("/"), "GET", "PATCH", 1), "another method"},
	{field(strings.Repeat("X: y\r\n", 98) + "X: y"), "99 fields and Host"},
	{get("/" + strings.Repeat("a", wire.BufferSize-27)), "the longest head"},
}

var foreign = []head{
	{"\r\n" + get("/"), "RFC 9112 2.2: an empty line first"},
	{"\n" + get("/"), "an empty line first"},
	{" " + get("/"), "white space first"},
	{"GET /a HTTP/1.1\nHost: h\n\n", "RFC 9112 2.2: bare LF"},
	{"GET /a HTTP/1.1\r\nHost: h\nX: y\r\n\r\n", "one bare LF"},
	{"GET /a HTTP/1.1\nHost: h\r\n\r\n", "bare LF behind the request line"},
	{"GET /a HTTP/1.1\r\nHost: h\rX: y\r\n\r\n", "RFC 9112 2.2: bare CR in a value"},
	{"GET /a\r HTTP/1.1\r\nHost: h\r\n\r\n", "bare CR in the request line"},
	{"GET /a HTTP/1.1\r\r\nHost: h\r\n\r\n", "two CR"},
	{"GET /a HTTP/1.1\r\nHost: h\r\r\n\r\n", "two CR behind a field"},
	{"GET /a HTTP/1.1\r\n Host: h\r\n\r\n", "RFC 9112 2.2: white space before the first field"},
	{"GET  /a HTTP/1.1\r\nHost: h\r\n\r\n", "two spaces"},
	{"GET /a  HTTP/1.1\r\nHost: h\r\n\r\n", "two spaces before the version"},
	{"GET /a HTTP/1.1 \r\nHost: h\r\n\r\n", "a space behind the version"},
	{"GET\t/a\tHTTP/1.1\r\nHost: h\r\n\r\n", "tabs"},
	{"GET /a\r\nHost: h\r\n\r\n", "HTTP/0.9"},
	{"GET /a HTTP/1.0\r\nHost: h\r\n\r\n", "HTTP/1.0"},
	{"GET /a HTTP/1.2\r\nHost: h\r\n\r\n", "HTTP/1.2"},
	{"GET /a HTTP/2.0\r\nHost: h\r\n\r\n", "HTTP/2.0"},
	{"GET /a http/1.1\r\nHost: h\r\n\r\n", "a version in lower case"},
	{"GET /a HTTP/1.10\r\nHost: h\r\n\r\n", "a longer version"},
	{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "RFC 9113 3.4: the preface"},
	{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "a TLS hello"},
	{"get /a HTTP/1.1\r\nHost: h\r\n\r\n", "a method in lower case"},
	{"TRACE /a HTTP/1.1\r\nHost: h\r\n\r\n", "TRACE"},
	{"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", "CONNECT"},
	{"PROPFIND /a HTTP/1.1\r\nHost: h\r\n\r\n", "a method of another standard"},
	{"GET HTTP/1.1\r\nHost: h\r\n\r\n", "no target"},
	{get("*"), "RFC 9112 3.2.4: asterisk form"},
	{get("http://h/a"), "RFC 9112 3.2.2: absolute form"},
	{get("h:80"), "authority form"},
	{get("a"), "a target without a slash"},
	{get("/a#b"), "a fragment"},
	{get("/a?b#c"), "a fragment behind a query"},
	{get("/%"), "a bad escape"},
	{get("/%4"), "half an escape"},
	{get("/%4g"), "an escape of no digit"},
	{get("/%?4"), "an escape that ends at the query"},
	{get("/a\x00b"), "NUL in the path"},
	{get("/a\x7fb"), "DEL in the path"},
	{get("/\xc3\xa9"), "a letter beyond ASCII"},
	{get("/a?\xff"), "a byte beyond ASCII in the query"},
	{get("/a?\x01"), "a control character in the query"},
	{"GET /a HTTP/1.1\r\n\r\n", "RFC 9112 3.2: no Host"},
	{host(""), "RFC 9112 3.2: an empty Host"},
	{host(" h\r\nHost: h"), "RFC 9112 3.2: two Hosts"},
	{host(" h\r\nHOST: g"), "two Hosts that differ"},
	{host(" a b"), "a space in Host"},
	{host(" a/b"), "a slash in Host"},
	{host(" u@h"), "user information in Host"},
	{host(" a,b"), "a list in Host"},
	{host(" a%41"), "an escape in Host"},
	{field("Content-Length : 5"), "RFC 9112 5.1: a space before the colon"},
	{field("X\t: 5"), "a tab before the colon"},
	{field("X: a\r\n b"), "RFC 9112 5.2: a folded line"},
	{field("X: a\r\n\tb: c"), "a folded line with a tab"},
	{field("X"), "no colon"},
	{field(": x"), "no name"},
	{field("X Y: z"), "a space in a name"},
	{field("X(: z"), "a delimiter in a name"},
	{field("X\x00: z"), "NUL in a name"},
	{field("\xc3\xa9: z"), "a letter beyond ASCII in a name"},
	{field("X: a\x00b"), "RFC 9110 5.5: NUL in a value"},
	{field("X: a\x0bb"), "a vertical tab in a value"},
	{field("X: a\x7fb"), "DEL in a value"},
	{field("X: \xe9"), "RFC 9110 5.5: obs-text"},
	{field("Content-Length:"), "RFC 9110 8.6: an empty length"},
	{field("Content-Length: +5"), "RFC 9110 8.6: a sign"},
	{field("Content-Length: -1"), "RFC 9110 8.6: a negative length"},
	{field("Content-Length: 0x5"), "RFC 9110 8.6: hexadecimal"},
	{field("Content-Length: 5_0"), "an underscore"},
	{field("Content-Length: 5,5"), "RFC 9110 8.6: a list"},
	{field("Content-Length: 5 5"), "RFC 9110 8.6: two numbers"},
	{field("Content-Length: 18446744073709551616"), "RFC 9110 8.6: 2^64"},
	{field("Content-Length: 1000000000000000000"), "19 digits"},
	{field("Content-Length: 5\r\nContent-Length: 5"), "RFC 9110 8.6: the same length twice"},
	{field("Content-Length: 5\r\ncontent-length: 6"), "RFC 9110 8.6: two lengths"},
	{field("Content-Length: 5\r\nTransfer-Encoding: chunked"), "RFC 9112 6.1: length and coding"},
	{field("Transfer-Encoding: chunked"), "chunked"},
	{field("TRANSFER-ENCODING:"), "RFC 9112 6.1: an empty coding"},
	{field("Transfer-Encoding: identity"), "RFC 9112 6.1: a coding that is gone"},
	{field("Transfer-Encoding: \x0bchunked"), "RFC 9112 6.1: a hidden coding"},
	{field("Upgrade: websocket"), "RFC 9110 7.8: an upgrade"},
	{field("Connection: keep-alive, Upgrade"), "RFC 9110 7.8: an upgrade named"},
	{field("Connection: a b"), "no list of tokens"},
	{field(`Connection: "close"`), "a quoted option"},
	{field("Expect: 100-continue"), "RFC 9110 10.1.1: an expectation"},
	{field("Trailer: X"), "RFC 9110 6.6.2: trailers announced"},
	{field(strings.Repeat("X: y\r\n", 100) + "X: y"), "more fields than 100"},
}

var partials = []head{
	{"", "nothing"},
	{"G", "a letter"},
	{"GET", "a method"},
	{"OPTIONS", "the longest method"},
	{"GET /a HTTP/1.1\r", "a line without its LF"},
	{"GET /a HTTP/1.1\r\n", "a line"},
	{"GET /a HTTP/1.1\r\nHost: h\r\n", "a field"},
	{"GET /a HTTP/1.1\r\nHost: h\r\n\r", "all but the last byte"},
}

func TestTheGrammarIsNarrow(t *testing.T) {
	for _, table := range []struct {
		verdict string
		heads   []head
	}{{wire.Complete, accepted}, {wire.Foreign, foreign}, {wire.Partial, partials}} {
		for _, h := range table.heads {
			var x exchange.Exchange
			if _, got := wire.ReadHead([]byte(h.text), &x); got != table.verdict {
				t.Errorf("%s: %s, want %s: %.80q", h.why, got, table.verdict, h.text)
			}
			if err := readsAlike([]byte(h.text)); err != nil {
				t.Errorf("%s: %v: %.80q", h.why, err, h.text)
			}
		}
	}
}

func TestAHeadThatFitsNoBufferIsHandedOver(t *testing.T) {
	addr, _ := start(t, echoPipeline{})
	for _, n := range []int{wire.BufferSize - 27, wire.BufferSize - 26} {
		c := dial(t, addr)
		c.send(get("/" + strings.Repeat("a", n)))
		_, body := c.answer("GET")
		if handed := strings.HasPrefix(body, "net/http "); handed != (n > wire.BufferSize-27) {
			t.Errorf("%d: %.80q", n, body)
		}
	}
}
