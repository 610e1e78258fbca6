package wire_test

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"

	"scopegate/gateway"
	"scopegate/gateway/gatewaytest"
)

// startGateway serves a gateway as the program does: this front, and behind
// it net/http's for what is handed over.
func startGateway(t testing.TB, g *gateway.Gateway) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	front := newFront(g)
	behind := &http.Server{
		Handler: &gateway.Front{Gateway: g}, ConnContext: gateway.FramingContext,
		DisableGeneralOptionsHandler: true, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	var running sync.WaitGroup
	running.Go(func() { _ = front.Serve(l) }) // ends with net.ErrClosed
	running.Go(func() { _ = behind.Serve(gateway.WatchFraming(front.Handover())) })
	t.Cleanup(func() {
		ended, end := context.WithCancel(context.Background())
		end()
		_ = front.Shutdown(ended) // what remains of connections is nobody's
		_ = behind.Close()
		running.Wait()
	})
	return l.Addr().String()
}

// TestCorpusOverWire holds this front to the cases that net/http's wrote.
func TestCorpusOverWire(t *testing.T) {
	gatewaytest.Corpus{Dir: "../testdata", Front: "wire"}.RunAll(t, startGateway)
}
