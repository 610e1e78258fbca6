package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"

	"scopegate/authz"
	"scopegate/gateway"
)

// start begins to serve on all listeners.
func (s *server) start() error {
	socket, path, err := listenSocket(s.o.dataDir, s.log)
	if err != nil {
		return err
	}
	s.socket, s.socketPath = socket, path
	if err := s.servePublic(); err != nil {
		return err
	}
	plane := &adminPlane{api: s.adminServer(), metrics: s.metrics.Handler(), ready: s.ready, log: s.log}
	if s.adminTCP != nil {
		s.serveAdmin(s.adminTCP, plane, false)
	}
	if s.socket != nil {
		s.serveAdmin(s.socket, plane, true)
	}
	ctx, stop := context.WithCancel(context.Background())
	s.stopUses = stop
	s.owned.Go(func() { s.uses.Run(ctx) })
	s.owned.Go(func() { s.countTokens(ctx) })
	s.owned.Go(func() { s.keepQuotas(ctx) })
	s.owned.Go(func() { s.watchHealth(ctx) })
	s.owned.Go(func() { s.watchSecrets(ctx) })
	s.owned.Go(func() { s.webhooks.Run(ctx) })
	s.owned.Go(func() { s.keepWatchdog(ctx) })
	if s.o.watch {
		s.owned.Go(func() { s.watchRoutes(ctx) })
	}
	s.tellManager(daemon.SdNotifyReady)
	s.log.Info("serving", "listen", s.public.Addr().String(), "admin_listen", s.adminAddress(), "admin_socket", s.socketPath,
		"routes", s.reloaded.Load().summary, "version", version())
	if s.o.tlsCert == "" && !loopback(s.public.Addr()) {
		s.log.Warn("tokens and secrets travel unencrypted unless a proxy in front ends TLS (RFC 6749 section 3.2)", "listen", s.o.listen)
	}
	return nil
}

// adminAddress is where the admin listener is, empty for the socket alone.
func (s *server) adminAddress() string {
	if s.adminTCP == nil {
		return ""
	}
	return s.adminTCP.Addr().String()
}

func loopback(a net.Addr) bool {
	tcp, ok := a.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}

// servePublic starts the fast front with net/http behind it, or net/http alone.
func (s *server) servePublic() error {
	if s.front != nil {
		s.goServe("public listener", func() error { return s.front.Serve(s.public) })
		s.goPublicHTTP("public listener (net/http)", func() error {
			return s.publicHTTP.Serve(gateway.WatchFraming(gateway.BoundWrites(s.front.Handover(), 0)))
		})
		return nil
	}
	if s.o.tlsCert == "" {
		s.goPublicHTTP("public listener", func() error { return s.publicHTTP.Serve(gateway.WatchFraming(gateway.BoundWrites(s.public, 0))) })
		return nil
	}
	cert, err := newCertificate(s.o.tlsCert, s.o.tlsKey, s.log)
	if err != nil {
		return fmt.Errorf("TLS: %w", err)
	}
	s.cert.Store(cert)
	s.publicHTTP.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: cert.get}
	s.goPublicHTTP("public listener", func() error { return s.publicHTTP.ServeTLS(gateway.BoundWrites(s.public, 0), "", "") })
	return nil
}

func (s *server) serveAdmin(l net.Listener, plane *adminPlane, overSocket bool) {
	server := newHTTPServer(plane.echo(overSocket), s.log)
	server.ConnState = (&connections{level: s.metrics.Connections("admin")}).note
	s.adminHTTP = append(s.adminHTTP, server)
	s.goServe("admin listener", func() error { return server.Serve(l) })
}

// goServe owns a serving goroutine; one that breaks ends the process.
func (s *server) goServe(what string, serve func() error) {
	s.owned.Go(func() {
		if err := serve(); err != nil && !errors.Is(err, http.ErrServerClosed) && !errors.Is(err, net.ErrClosed) {
			s.broken <- fmt.Errorf("%s: %w", what, err)
		}
	})
}

// goPublicHTTP is goServe for publicHTTP, whose end a drain waits for.
func (s *server) goPublicHTTP(what string, serve func() error) {
	s.accepting.Add(1)
	s.goServe(what, func() error {
		defer s.accepting.Done()
		return serve()
	})
}

// ready is /readyz: false while draining and while the store cannot answer.
// A full disk keeps it ready, since checks go on.
func (s *server) ready() (ok bool, why string) {
	if s.draining.Load() {
		return false, "draining"
	}
	err := s.store.Check(context.Background())
	switch {
	case errors.Is(err, authz.ErrFull):
		return true, "store_full: tokens are checked, none are issued"
	case err != nil:
		return false, "store_unavailable"
	}
	return true, ""
}

// countTokens counts the tokens of clients that have a cap on them. If it
// cannot, the first request that needs the count makes it.
func (s *server) countTokens(ctx context.Context) {
	if err := s.issuer.Caps.Warm(ctx); err != nil && ctx.Err() == nil {
		s.log.ErrorContext(ctx, "living tokens not counted", "error", err)
	}
}

// watchHealth keeps the store's gauges true between scrapes.
func (s *server) watchHealth(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	was := error(nil)
	for {
		err := s.store.Check(ctx)
		full := errors.Is(err, authz.ErrFull)
		s.metrics.StoreUp(err == nil || full)
		s.metrics.StoreFull(full)
		if (err == nil) != (was == nil) {
			if err != nil {
				s.log.Error("the store takes no writes", "error", err)
			} else {
				s.log.Info("the store takes writes again")
			}
		}
		was = err
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// stop drains: not ready first, then no new connections, then what runs is
// finished or, after the deadline or a second signal, cut. The store is closed
// in any case.
func (s *server) stop(signals <-chan os.Signal) error {
	s.draining.Store(true)
	s.tellManager(daemon.SdNotifyStopping)
	hurry := make(chan struct{})
	defer close(hurry)
	ctx, cancel := context.WithTimeout(context.Background(), s.o.drainDelay+s.o.drainTimeout)
	defer cancel()
	go func() {
		select {
		case sig := <-signals:
			s.log.Warn("second signal: running requests are cut", "signal", fmt.Sprint(sig))
			cancel()
		case <-hurry:
		}
	}()
	if s.o.drainDelay > 0 {
		select {
		case <-time.After(s.o.drainDelay):
		case <-ctx.Done():
		}
	}
	err := s.drain(ctx)
	if err != nil {
		s.log.Warn("requests were cut", "error", err)
	}
	return s.close()
}

// drain ends the public listener; the admin plane answers until the end.
func (s *server) drain(ctx context.Context) error {
	var errs []error
	s.publicHTTP.SetKeepAlivesEnabled(false)
	if s.front != nil {
		errs = append(errs, s.front.Shutdown(ctx))
	}
	_ = s.public.Close() // net/http accepts no more, and answers what it accepted
	s.accepting.Wait()
	s.connections.awaitAnswers(ctx)
	if err := s.publicHTTP.Shutdown(ctx); err != nil {
		errs = append(errs, err, s.publicHTTP.Close())
	}
	return errors.Join(errs...)
}

// close ends everything that was opened, in the order opposite to the start.
// It may be called on a server that never started.
func (s *server) close() error {
	var errs []error
	for _, a := range s.adminHTTP {
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		if err := a.Shutdown(ctx); err != nil {
			_ = a.Close()
		}
		cancel()
	}
	if s.stopUses != nil {
		s.stopUses()
	}
	for _, l := range []net.Listener{s.public, s.adminTCP, s.socket} {
		if l != nil {
			_ = l.Close()
		}
	}
	s.owned.Wait()
	if s.gateway != nil {
		s.gateway.Close()
	}
	if s.lines != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		errs = append(errs, s.lines.Close(ctx))
		cancel()
	}
	if s.store != nil {
		if err := s.store.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close the store: %w", err))
		}
	}
	if s.poller != nil {
		errs = append(errs, s.poller.Close())
	}
	return errors.Join(errs...)
}
