package gatewaytest

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"scopegate/authz"
	"scopegate/authz/assertion"
	"scopegate/gateway"
	"scopegate/gateway/config"
	"scopegate/metrics"
)

// Patience bounds every wait of a test; nothing depends on its length.
const Patience = 30 * time.Second

// Harness is a gateway with its world and its upstream.
type Harness struct {
	Gateway  *gateway.Gateway
	World    *World
	Upstream *Upstream
	Metrics  *metrics.Metrics
	Log      *Buffer // the operator's log and the access log

	lines *gateway.LineWriter
}

// New makes a gateway that serves this configuration, in which ${UPSTREAM}
// stands for the upstream's URL.
func New(t testing.TB, routes string) *Harness {
	t.Helper()
	h := &Harness{
		World: NewWorld(), Upstream: StartUpstream(t),
		Metrics: metrics.New(metrics.Options{Reasons: authz.Reasons()}), Log: &Buffer{},
	}
	h.lines = gateway.NewLineWriter(h.Log)
	h.Gateway = &gateway.Gateway{
		Authorizer: &authz.Authorizer{Tokens: h.World, Now: time.Now},
		Metrics:    h.Metrics,
		Log:        slog.New(slog.NewJSONHandler(h.Log, nil)),
		AccessLog:  &gateway.AccessLog{Lines: h.lines, Format: gateway.FormatJSON},
		Assertions: &assertion.Keeper{Now: time.Now, Save: func(_, _ *assertion.Keys) error { return nil }},
	}
	if err := h.Gateway.Assertions.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Gateway.Close()
		h.FlushLog(t)
	})
	h.Reload(t, routes)
	return h
}

// Load reads a configuration as New does.
func (h *Harness) Load(routes string) (*config.Config, config.Problems) {
	return config.Load("routes.yaml", []byte(routes), config.Environment{
		LookupEnv: func(name string) (string, bool) { return "http://" + h.Upstream.Addr, name == "UPSTREAM" },
		ReadFile:  os.ReadFile,
	})
}

// Reload puts another configuration in force.
func (h *Harness) Reload(t testing.TB, routes string) {
	t.Helper()
	cfg, problems := h.Load(routes)
	if len(problems) == 0 {
		_, problems = h.Gateway.Reload(cfg)
	}
	if len(problems) > 0 {
		t.Fatal(problems.Error())
	}
}

// FlushLog ends the access log, so that Log holds all of it.
func (h *Harness) FlushLog(t testing.TB) {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	if err := h.lines.Close(ctx); err != nil {
		t.Error(err)
	}
}

// StartHTTP serves a gateway by the net/http front until the test ends.
func StartHTTP(t testing.TB, g *gateway.Gateway) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler: &gateway.Front{Gateway: g}, ConnContext: gateway.FramingContext,
		DisableGeneralOptionsHandler: true, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	var running sync.WaitGroup
	running.Go(func() { _ = server.Serve(gateway.WatchFraming(l)) }) // ends with http.ErrServerClosed
	t.Cleanup(func() {
		_ = server.Close() // what remains of connections is nobody's
		running.Wait()
	})
	return l.Addr().String()
}

// Buffer is a bytes.Buffer for several writers.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns what was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
