package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz"
	"scopegate/authz/admin"
	"scopegate/authz/assertion"
	"scopegate/authz/oauth"
	"scopegate/authz/webhook"
	"scopegate/gateway"
	"scopegate/gateway/config"
	"scopegate/gateway/wire"
	"scopegate/gateway/yield"
	"scopegate/metrics"
	"scopegate/store"
)

// server is a running gateway: everything wired, and the order in which it
// starts and stops.
type server struct {
	o   serveOptions
	w   world
	log *slog.Logger
	// hurryLog lets nobody wait for a log that is not read any more.
	hurryLog func()
	started  time.Time

	poller   *yield.Poller
	crowd    yield.Turnstile // what requests about tokens pass
	store    *store.Store
	uses     *authz.Uses
	metrics  *metrics.Metrics
	keys     *authz.KeyRing
	signing  *assertion.Keeper
	policy   *authz.CurrentPolicy
	registry *authz.Registry
	webhooks *webhook.Dispatcher
	issuer   *authz.Issuer
	gateway  *gateway.Gateway
	lines    *gateway.LineWriter         // nil: no access log
	cert     atomic.Pointer[certificate] // nil: no TLS
	adminKey authz.SecretText

	public     net.Listener
	front      *wire.Front // nil: net/http reads everything
	publicHTTP *http.Server
	adminTCP   net.Listener // nil: the socket alone
	socket     net.Listener // nil: TCP alone
	socketPath string
	adminHTTP  []*http.Server

	reloading sync.Mutex
	running   *config.Config // in force; nil before the first
	reloaded  atomic.Pointer[reloadState]
	read      atomic.Pointer[[sha256.Size]byte] // the hash of the routes file as last read
	expiring  atomic.Int64                      // secrets that end soon
	draining  atomic.Bool
	broken    chan error
	stopUses  context.CancelFunc
	owned     sync.WaitGroup

	connections *connections   // of net/http on the public listener
	accepting   sync.WaitGroup // the same: while it serves the listener
}

// newServer opens everything that can fail before the first request; what was
// opened is closed again when a later step fails.
func newServer(ctx context.Context, w world, o serveOptions) (_ *server, err error) {
	s := &server{o: o, w: w, started: time.Now().UTC(), broken: make(chan error, 8)}
	s.log, s.hurryLog = newLogger(w, o)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()
	cfg, problems := s.loadRoutes()
	if err := problems.Err(); err != nil {
		return nil, &exitError{exitInvalid, err}
	}
	if err := s.listen(); err != nil {
		return nil, err
	}
	if err := s.openStore(ctx); err != nil {
		return nil, err
	}
	if err := s.wireAuthz(cfg); err != nil {
		return nil, err
	}
	if err := s.wireGateway(cfg); err != nil {
		return nil, err
	}
	return s, nil
}

// listen opens the public and the admin port first: a port that is taken is
// the commonest mistake, and is told before anything is made on disk.
func (s *server) listen() (err error) {
	if s.public, err = publicListener(s.o.listen); err != nil {
		return fmt.Errorf("public listener: %w; --listen chooses another address", err)
	}
	if s.o.adminListen == "" {
		return nil
	}
	if s.adminTCP, err = net.Listen("tcp", s.o.adminListen); err != nil {
		return fmt.Errorf("admin listener: %w; --admin-listen chooses another address", err)
	}
	return nil
}

func (s *server) openStore(ctx context.Context) (err error) {
	if err := prepareDataDir(s.o.dataDir); err != nil {
		return err
	}
	s.metrics = metrics.New(metrics.Options{
		Reasons: authz.Reasons(), Registered: s.isRegistered, Version: releaseName(), Revision: revision(),
	})
	if s.poller, err = yield.NewPoller(); err != nil {
		return err
	}
	s.crowd.Yield, s.crowd.Now = s.poller.Yield, time.Now
	s.store, err = store.Open(ctx, filepath.Join(s.o.dataDir, storeDir), store.Options{
		Memory: int64(s.o.storeMemory), TokenMemory: int64(s.o.tokenMemory), DiskReserve: int64(s.o.diskReserve),
		RelaxedTokens: s.o.tokenDurability == "relaxed", LockWait: s.o.lockWait, Logger: s.log,
		Yield:    s.crowd.Pass,
		Progress: func(step string) { s.log.Info("opening the store", "step", step) },
		OnWrite:  func(took time.Duration, records int) { s.metrics.StoreWrite(took, records) },
	})
	if err != nil {
		return err
	}
	s.watchStore()
	return nil
}

// isRegistered keeps the client_id label to clients that are there.
func (s *server) isRegistered(id string) bool {
	if s.store == nil {
		return false
	}
	c, err := s.store.Client(context.Background(), authz.ClientID(id))
	return err == nil && c.Status != authz.StatusRevoked
}

func (s *server) watchStore() {
	stats := s.store.Stats
	s.metrics.Watch(metrics.Sources{
		Clients: func() metrics.ClientCounts {
			n := stats().ClientsByStatus
			return metrics.ClientCounts{Active: n[authz.StatusActive], Disabled: n[authz.StatusDisabled], Revoked: n[authz.StatusRevoked]}
		},
		TokensLive:      func() int { return stats().Live },
		CacheHits:       func() uint64 { return uint64(stats().Hits) },
		CacheMisses:     func() uint64 { return uint64(stats().EngineReads) },
		StoreDiskBytes:  s.store.DiskBytes,
		StoreLostWrites: s.store.LostWrites,
		SecretsExpiring: func() int { return int(s.expiring.Load()) },
		LogLinesDropped: func() uint64 {
			if s.lines == nil {
				return 0
			}
			return uint64(s.lines.Dropped())
		},
		CertificateNotAfter: func() time.Time {
			if cert := s.cert.Load(); cert != nil {
				return cert.notAfter()
			}
			return time.Time{}
		},
	})
}

func (s *server) now() time.Time { return s.store.Clock.Now() }

// wireAuthz makes the law: keys, policy, registry and issuer.
func (s *server) wireAuthz(cfg *config.Config) error {
	known, err := s.store.LastSeq(context.Background())
	if err != nil {
		return fmt.Errorf("read the store: %w", err)
	}
	keys, keysFile, err := loadHashKeys(s.w, s.o.dataDir, known == 0)
	if err != nil {
		return err
	}
	if s.adminKey, err = loadAdminToken(s.w, s.o.dataDir); err != nil {
		return err
	}
	if s.signing, err = signingKeeper(s.w, s.o.dataDir); err != nil {
		return err
	}
	s.keys = authz.NewKeyRing(keys)
	s.policy = authz.NewCurrentPolicy(s.policyOf(cfg))
	s.uses = &authz.Uses{Store: s.store, Meters: s.store.FlushUsage, Log: s.log}
	authorizer := &authz.Authorizer{Tokens: s.store, Now: s.now, At: s.store.Clock.At}
	s.webhooks = &webhook.Dispatcher{Store: s.store, Metrics: s.metrics, Log: s.log, Now: time.Now}
	audited := &authz.Audited{Store: s.store, Log: s.log.With("log", "audit"), Changed: s.changed}
	s.signing.Note = s.noteSigning(audited)
	s.registry = &authz.Registry{
		Store: audited, Keys: s.keys, Policy: s.policy, Now: s.now, SaveKeys: saveHashKeys(keysFile),
	}
	s.issuer = &authz.Issuer{
		Store: audited, Authorizer: authorizer, Keys: s.keys, Policy: s.policy, Now: s.now,
		Behind: s.store.Clock.Behind, Used: s.uses.Note, Meter: s.store.Meter, Rehash: s.rehash,
		Caps: authz.NewTokenCaps(s.store, s.now),
	}
	return nil
}

// rehash moves a secret to the active hash key. That it cannot be is no
// reason to refuse its owner: it is tried again with the next use.
func (s *server) rehash(ctx context.Context, id authz.ClientID, secretID string, text authz.SecretText) {
	if err := s.registry.Rehash(ctx, id, secretID, text); err != nil {
		s.log.WarnContext(ctx, "secret not moved to the active hash key", "client_id", string(id), "secret_id", secretID, "error", err)
	}
}

// wireGateway makes the road, its fronts and the servers.
func (s *server) wireGateway(cfg *config.Config) error {
	proxies, err := s.o.proxies()
	if err != nil {
		return err
	}
	s.gateway = &gateway.Gateway{
		Authorizer: s.issuer.Authorizer, Metrics: s.metrics, Log: s.log, TrustedProxies: proxies,
		AccessLog: s.accessLog(), Assertions: s.signing, Issuer: s.origin(),
	}
	if err := s.inForce(cfg); err != nil {
		return err
	}
	s.restoreQuotas()
	endpoints := &oauth.Server{
		Issuer: s.issuer, Policy: s.policy, Metrics: s.metrics, Log: s.log, Now: s.now, Wall: time.Now, Throttle: oauth.NewThrottle(),
		IssueLimits: oauth.NewIssueLimits(), Scans: oauth.NewScans(), JWKS: s.signing.KeySet, Turn: s.crowd.Pass,
	}
	fixed := newEcho()
	fixed.IPExtractor = clientAddress(proxies)
	endpoints.Mount(fixed)
	e := newEcho()
	e.IPExtractor = fixed.IPExtractor
	endpoints.Mount(e)
	e.Pre(s.gatewayFirst())
	s.publicHTTP = newHTTPServer(e, s.log)
	s.publicHTTP.DisableGeneralOptionsHandler = true // the gateway answers OPTIONS *
	s.publicHTTP.ReadTimeout = 0                     // bodies stream; their silence is bounded instead
	s.publicHTTP.ConnContext = gateway.FramingContext
	s.connections = &connections{level: s.metrics.Connections("http"), headError: s.metrics.RequestHeadError}
	s.connections.watch(s.publicHTTP)
	if s.o.front == "fast" && s.o.tlsCert == "" {
		s.front = &wire.Front{
			Pipeline: s.gateway, Reserved: isFixed, Fixed: fixed, Log: s.log, Open: s.metrics.Connections("wire"),
		}
	}
	return nil
}

// gatewayFirst stands before echo's router: what is not a fixed endpoint is
// the gateway's, whatever echo would have made of it. So is what names two
// hosts, which the gateway refuses wherever it goes.
func (s *server) gatewayFirst() echo.MiddlewareFunc {
	front := &gateway.Front{Gateway: s.gateway}
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		fixed := smallBodies(formTime, lateFormTime)(next)
		return func(c echo.Context) error {
			target := gateway.TargetOf(c.Request())
			if isFixed(target.Path) && target.OneHost() {
				return fixed(c)
			}
			front.ServeHTTP(c.Response().Writer, c.Request())
			return nil
		}
	}
}

// isFixed reports whether a path, as written, is a fixed endpoint's. A path
// that only decodes to one is left to the gateway, which answers it 404.
func isFixed(raw string) bool {
	return strings.HasPrefix(raw, "/oauth/") || strings.HasPrefix(raw, "/.well-known/oauth-")
}

// origin is where callers on this machine reach the public listener.
func (s *server) origin() string { return originOf(s.public.Addr(), s.o.tlsCert != "") }

// accessLog writes to stdout, a line for each request.
func (s *server) accessLog() *gateway.AccessLog {
	if s.o.accessLog == "off" || s.o.demo {
		return nil
	}
	s.lines = gateway.NewLineWriter(s.w.stdout)
	return &gateway.AccessLog{Lines: s.lines, Format: gateway.Format(s.o.accessLog)}
}

// newLogger writes the log to stderr: text on a terminal, else JSON. hurry is
// to be called once, when the server stops.
func newLogger(w world, o serveOptions) (log *slog.Logger, hurry func()) {
	level := o.level()
	text := o.logFormat == "text"
	if f, ok := w.stderr.(*os.File); ok && o.logFormat == "auto" {
		info, err := f.Stat()
		text = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	opts := &slog.HandlerOptions{Level: level}
	encoder := func(line io.Writer) slog.Handler { return slog.NewJSONHandler(line, opts) }
	if text {
		encoder = func(line io.Writer) slog.Handler { return slog.NewTextHandler(line, opts) }
	}
	h := newLineHandler(w.stderr, level, encoder)
	return slog.New(h), h.lines.hurry
}

// adminServer is the admin API with what it asks of the server.
func (s *server) adminServer() *admin.Server {
	return &admin.Server{
		Registry: s.registry, Issuer: s.issuer, Store: s.store, Policy: s.policy, Metrics: s.metrics,
		Audit: s.log.With("log", "audit"), Log: s.log, Now: s.now, Token: s.adminKey,
		Signing: s.signing, Meter: s.store.Meter, Requirements: s.gateway.Requirements,
		Routes: s.routes, Explain: s.explain, Reload: s.reloadForAPI, Status: s.status, Backup: s.backup, Check: s.checkStore,
		Webhooks: s.webhooks,
	}
}
