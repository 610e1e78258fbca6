package upstream_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"scopegate/authz"
	"scopegate/gateway/exchange"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/upstream"
)

// The backend sees these bytes and no others.
func TestRequestsAreSentByteForByte(t *testing.T) {
	big := strings.Repeat("b", 20<<10)
	tests := []struct {
		name string
		req  upstream.Request
		want string
	}{
		{
			"fields keep order, spelling and duplicates",
			upstream.Request{
				Method: "GET", Target: "/a%2Fb;c?x=1;y=%41", Host: "api.example",
				Fields: fields("x-ODD", "1", "Cookie", "a=b", "X-Odd", "2", "Empty", ""),
			},
			"GET /a%2Fb;c?x=1;y=%41 HTTP/1.1\r\nHost: api.example\r\nx-ODD: 1\r\nCookie: a=b\r\nX-Odd: 2\r\nEmpty: \r\n\r\n",
		},
		{
			"H-29 a small body goes with one Content-Length",
			upstream.Request{Method: "POST", Target: "/", Host: "h", Body: strings.NewReader("hi"), BodyLength: 2},
			"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi",
		},
		{
			"H-29 a big body goes with one Content-Length",
			upstream.Request{Method: "PUT", Target: "/", Host: "h", Body: strings.NewReader(big), BodyLength: int64(len(big))},
			"PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 20480\r\n\r\n" + big,
		},
		{
			"H-29 a body beyond its length is not sent",
			upstream.Request{Method: "POST", Target: "/", Host: "h", Body: strings.NewReader("hi, there"), BodyLength: 2},
			"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nhi",
		},
		{
			"H-29 an unknown length goes chunked",
			upstream.Request{Method: "POST", Target: "/", Host: "h", Body: io.MultiReader(strings.NewReader("abc"), strings.NewReader(strings.Repeat("d", 17))), BodyLength: exchange.UnknownLength},
			"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n11\r\n" + strings.Repeat("d", 17) + "\r\n0\r\n\r\n",
		},
		{
			"9110 8.6 POST without content has length 0",
			upstream.Request{Method: "POST", Target: "/", Host: "h"},
			"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n",
		},
		{
			"DELETE without content has no length",
			upstream.Request{Method: "DELETE", Target: "/", Host: "h"},
			"DELETE / HTTP/1.1\r\nHost: h\r\n\r\n",
		},
		{
			"9110 9.3.7 OPTIONS of the server",
			upstream.Request{Method: "OPTIONS", Target: "*", Host: "h"},
			"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := serve(t, always(hello))
			u := open(t, upstream.Options{}, b)
			mustPass(t, u, &tt.req)
			if diff := cmp.Diff([]string{tt.want}, b.seen()); diff != "" {
				t.Errorf("request at the backend (-want +got):\n%s", diff)
			}
		})
	}
}

func TestHostDefaultsToTheEndpoint(t *testing.T) {
	b := serve(t, always(hello))
	mustPass(t, open(t, upstream.Options{}, b), &upstream.Request{Method: "GET", Target: "/"})
	want := "GET / HTTP/1.1\r\nHost: " + b.endpoint().Authority + "\r\n\r\n"
	if diff := cmp.Diff([]string{want}, b.seen()); diff != "" {
		t.Errorf("request at the backend (-want +got):\n%s", diff)
	}
}

// The last defence against request splitting: nothing is sent at all.
func TestRequestsThatCouldSplitAreRefused(t *testing.T) {
	tests := map[string]func(r *upstream.Request){
		"CR in a value":          func(r *upstream.Request) { r.Fields = fields("A", "b\rc") },
		"LF in a value":          func(r *upstream.Request) { r.Fields = fields("A", "b\nc") },
		"CRLF in a value":        func(r *upstream.Request) { r.Fields = fields("A", "b\r\nX: y") },
		"NUL in a value":         func(r *upstream.Request) { r.Fields = fields("A", "b\x00c") },
		"empty name":             func(r *upstream.Request) { r.Fields = fields("", "b") },
		"space in a name":        func(r *upstream.Request) { r.Fields = fields("A b", "c") },
		"colon in a name":        func(r *upstream.Request) { r.Fields = fields("A:", "c") },
		"LF in a name":           func(r *upstream.Request) { r.Fields = fields("A\n", "c") },
		"a second Host":          func(r *upstream.Request) { r.Fields = fields("hOST", "evil") },
		"a Content-Length":       func(r *upstream.Request) { r.Fields = fields("content-length", "3") },
		"a Transfer-Encoding":    func(r *upstream.Request) { r.Fields = fields("Transfer-Encoding", "chunked") },
		"a Connection":           func(r *upstream.Request) { r.Fields = fields("Connection", "X-Principal-Client-Id") },
		"H-34 an Upgrade field":  func(r *upstream.Request) { r.Fields = fields("Upgrade", "h2c") },
		"H-34 an upgrade to h2c": func(r *upstream.Request) { r.Upgrade = "h2c" },
		"an upgrade with a body": func(r *upstream.Request) { r.Upgrade, r.Body = "websocket", strings.NewReader("") },
		"space in the target":    func(r *upstream.Request) { r.Target = "/a b" },
		"space in the query":     func(r *upstream.Request) { r.Target = "/a?token=hunter2 b" },
		"control in the target":  func(r *upstream.Request) { r.Target = "/a\x01" },
		"CRLF in the target":     func(r *upstream.Request) { r.Target = "/ HTTP/1.1\r\nA: b" },
		"no target":              func(r *upstream.Request) { r.Target = "" },
		"absolute-form target":   func(r *upstream.Request) { r.Target = "http://evil/" },
		"space in the method":    func(r *upstream.Request) { r.Method = "GET /" },
		"no method":              func(r *upstream.Request) { r.Method = "" },
		"CONNECT":                func(r *upstream.Request) { r.Method = "CONNECT" },
		"CRLF in Host":           func(r *upstream.Request) { r.Host = "a\r\nX: y" },
		"space in Host":          func(r *upstream.Request) { r.Host = "a b" },
	}
	b := serve(t, always(hello))
	u := open(t, upstream.Options{}, b)
	for name, spoil := range tests {
		t.Run(name, func(t *testing.T) {
			req := get("/")
			spoil(req)
			out, answer := forward(t, u, req)
			if out.Reason != authz.ReasonBadRequest || out.Attempts != 0 || answer.Began() {
				t.Errorf("outcome %v after %d attempts, answer %s; want bad_request and nothing sent", out.Reason, out.Attempts, answer.State())
			}
			if strings.Contains(out.Err.Error(), "hunter2") {
				t.Errorf("%v", out.Err)
			}
		})
	}
	if n := b.accepted(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestNothingIsForwardedWithoutAPermit(t *testing.T) {
	b := serve(t, always(hello))
	u := open(t, upstream.Options{}, b)
	for name, p := range map[string]*authz.Permit{"nil": nil, "zero": {}} {
		out := u.Forward(t.Context(), p, get("/"), exchangetest.New(), nil)
		if out.Reason != authz.ReasonInternal {
			t.Errorf("%s permit: %v, want internal", name, out.Reason)
		}
	}
	if n := b.accepted(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}
