package gateway_test

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"scopegate/gateway"
	"scopegate/gateway/exchange"
	"scopegate/gateway/exchange/exchangetest"
	"scopegate/gateway/gatewaytest"
)

const plainRoutes = `
version: 1
scopes: { a:read: Read, a:write: Write }
upstreams: { legacy: { endpoints: [{ url: "${UPSTREAM}" }] } }
routes:
  - { name: read, path: "/a/*", methods: [GET], require: { scopes: [a:read] }, upstream: legacy }
  - { name: write, path: "/a/*", methods: [POST], require: { scopes: [a:write] }, upstream: legacy }
  - { name: public, path: "/public/*", public: true, upstream: legacy }
`

func newExchange(method, path, token string, fields ...exchange.Field) (*exchange.Exchange, *exchangetest.Answer) {
	a := exchangetest.New()
	x := &exchange.Exchange{
		Method: method, Path: path, Host: "gw.example", Proto: exchange.HTTP11,
		Peer: netip.MustParseAddrPort("203.0.113.9:4711"), Start: time.Now(), Answer: a,
		Fields: append([]exchange.Field{{Name: "User-Agent", Value: "test/1.0"}, {Name: "Accept", Value: "*/*"}}, fields...),
	}
	if token != "" {
		x.Fields = append(x.Fields, exchange.Field{Name: "Authorization", Value: "Bearer " + gatewaytest.TokenText(token)})
	}
	return x, a
}

func TestAStoreThatCannotAnswerIs503AndNeverAnOpenDoor(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	h.World.Fail(errors.New("disk on fire"))
	x, a := newExchange("GET", "/a/7", "read")
	h.Gateway.Serve(t.Context(), x)
	if got := a.Head().Status; got != 503 {
		t.Errorf("status %d, want 503", got)
	}
	body := string(a.Content())
	if !strings.Contains(body, `"error":"store_unavailable"`) || strings.Contains(body, "fire") {
		t.Errorf("body: %s", body)
	}
	if len(h.Upstream.Seen()) != 0 {
		t.Error("the upstream saw the request")
	}
	if !strings.Contains(h.Log.String(), "disk on fire") {
		t.Error("the operator is not told the cause")
	}
}

// panicking is a body whose reading panics, as a bug somewhere would.
type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("boom spocs_x") }

func TestAPanicIsA500ThatTellsTheCallerNothing(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	x, a := newExchange("POST", "/a/7", "write")
	x.Body, x.BodyLength = panicking{}, 5
	h.Gateway.Serve(t.Context(), x)
	if got := a.Head().Status; got != 500 {
		t.Errorf("status %d, want 500", got)
	}
	if strings.Contains(string(a.Content()), "boom") {
		t.Errorf("body: %s", a.Content())
	}
	x, a = newExchange("GET", "/a/7", "read")
	h.Gateway.Serve(t.Context(), x)
	if got := a.Head().Status; got != 200 {
		t.Errorf("the next request: status %d, want 200", got)
	}
}

func TestBeforeTheFirstConfigurationNothingPasses(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	g := &gateway.Gateway{Authorizer: h.Gateway.Authorizer, Metrics: h.Metrics, Log: h.Gateway.Log}
	x, a := newExchange("GET", "/public/x", "")
	g.Serve(t.Context(), x)
	if got := a.Head().Status; got != 500 {
		t.Errorf("status %d, want 500", got)
	}
}

func TestATrustedProxyContributesAndAStrangerDoesNot(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	h.Gateway.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, tc := range []struct{ name, peer, want string }{
		{"trusted", "10.0.0.1:1", "198.51.100.7, 10.0.0.1"},
		{"stranger", "203.0.113.9:1", "203.0.113.9"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			x, _ := newExchange("GET", "/public/x", "", exchange.Field{Name: "X-Forwarded-For", Value: "6.6.6.6, 198.51.100.7"})
			x.Peer = netip.MustParseAddrPort(tc.peer)
			h.Gateway.ServeWithoutUpstream(t.Context(), x, func(fields []exchange.Field) {
				if got, _ := exchange.Get(fields, "X-Forwarded-For"); got != tc.want {
					t.Errorf("X-Forwarded-For: %s, want %s", got, tc.want)
				}
			})
		})
	}
}

func TestPrincipalHeadersComeLast(t *testing.T) {
	h := gatewaytest.New(t, plainRoutes)
	x, _ := newExchange("GET", "/a/7", "read")
	h.Gateway.ServeWithoutUpstream(t.Context(), x, func(fields []exchange.Field) {
		first := -1
		for i, f := range fields {
			switch principal := hasFoldedPrefix(f.Name, "x-principal-"); {
			case principal && first < 0:
				first = i
			case !principal && first >= 0:
				t.Errorf("%s stands behind the principal headers", f.Name)
			}
		}
		if first < 0 {
			t.Error("no principal header")
		}
	})
}

func BenchmarkServe(b *testing.B) {
	h := gatewaytest.New(b, plainRoutes)
	lines := gateway.NewLineWriter(io.Discard)
	b.Cleanup(func() { _ = lines.Close(context.Background()) }) // nothing waits for io.Discard
	h.Gateway.AccessLog = &gateway.AccessLog{Lines: lines, Format: gateway.FormatJSON}
	b.Run("up to the upstream", func(b *testing.B) {
		x, _ := newExchange("GET", "/a/7", "read")
		b.ReportAllocs()
		for b.Loop() {
			h.Gateway.ServeWithoutUpstream(context.Background(), x, nil)
		}
	})
	b.Run("refused", func(b *testing.B) {
		x, _ := newExchange("GET", "/a/7", "unknown")
		sink := &sinkAnswer{}
		x.Answer = sink
		b.ReportAllocs()
		for b.Loop() {
			sink.began = false
			h.Gateway.Serve(context.Background(), x)
		}
	})
	b.Run("whole", func(b *testing.B) {
		x, _ := newExchange("GET", "/a/7", "read")
		sink := &sinkAnswer{}
		x.Answer = sink
		b.ReportAllocs()
		for b.Loop() {
			sink.began = false
			h.Gateway.Serve(context.Background(), x)
		}
	})
}

// sinkAnswer takes an answer and keeps nothing.
type sinkAnswer struct {
	exchange.Answer
	began bool
	never chan struct{}
}

func (a *sinkAnswer) Begin(int, []exchange.Field, int64) error { a.began = true; return nil }
func (a *sinkAnswer) Write(p []byte) (int, error)              { return io.Discard.Write(p) }
func (a *sinkAnswer) Flush() error                             { return nil }
func (a *sinkAnswer) End() error                               { return nil }
func (a *sinkAnswer) Abort()                                   {}
func (a *sinkAnswer) Began() bool                              { return a.began }
func (a *sinkAnswer) Watch() <-chan struct{}                   { return a.never }
