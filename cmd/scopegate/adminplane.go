package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/labstack/echo/v4"

	"scopegate/authz/admin"
)

// maxSocketPath is the longest path of a Unix socket (sun_path without its NUL).
const maxSocketPath = 107

// adminPlane is the second listener and the socket: metrics, health and the
// admin API. Nothing of it stands on the public listener.
type adminPlane struct {
	api     *admin.Server
	metrics http.Handler
	ready   func() (ok bool, why string)
	log     *slog.Logger
}

// echo builds the server of one door.
func (a *adminPlane) echo(overSocket bool) *echo.Echo {
	e := newEcho()
	e.Pre(smallBodies(formTime, lateFormTime))
	e.GET("/metrics", echo.WrapHandler(a.metrics))
	e.GET("/healthz", func(c echo.Context) error { return c.String(http.StatusOK, "ok\n") })
	e.GET("/readyz", func(c echo.Context) error {
		c.Response().Header().Set("Cache-Control", "no-store")
		if ok, why := a.ready(); !ok {
			return c.JSON(http.StatusServiceUnavailable, admin.ProblemBody{
				Type: "about:blank", Title: "Not ready", Status: http.StatusServiceUnavailable, Error: "not_ready", Detail: why,
			})
		} else if why != "" {
			return c.String(http.StatusOK, "ready: "+why+"\n")
		}
		return c.String(http.StatusOK, "ready\n")
	})
	a.api.Mount(e, overSocket)
	return e
}

// newEcho is echo without its banner, believing no forwarded address, and
// answering what it does not know as a problem document.
func newEcho() *echo.Echo {
	e := echo.New()
	e.HideBanner, e.HidePort = true, true
	e.IPExtractor = echo.ExtractIPDirect()
	e.HTTPErrorHandler = func(err error, c echo.Context) {
		if c.Response().Committed {
			return
		}
		status := http.StatusInternalServerError
		if he, ok := errors.AsType[*echo.HTTPError](err); ok {
			status = he.Code
		}
		c.Response().Header().Set("Cache-Control", "no-store")
		if c.Request().Method == http.MethodHead {
			_ = c.NoContent(status)
			return
		}
		c.Response().Header().Set(echo.HeaderContentType, "application/problem+json")
		c.Response().WriteHeader(status)
		fmt.Fprintf(c.Response(), `{"type":"about:blank","title":%q,"status":%d,"error":%q}`+"\n",
			http.StatusText(status), status, map[int]string{404: "not_found", 405: "method_not_allowed"}[status])
	}
	return e
}

// maxStreams is how many requests may run on one HTTP/2 connection, the
// least that RFC 9113 section 6.5.2 recommends: a reset of each costs a
// caller nothing (CVE-2023-44487).
const maxStreams = 100

// newHTTPServer gives a server the time-outs that net/http leaves open.
func newHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		HTTP2:    &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}

// listenSocket opens the admin socket, which only its owner may use. A path
// too long for the system is no error: the TCP listener is there, and the
// start says so.
func listenSocket(dataDir string, log *slog.Logger) (net.Listener, string, error) {
	path := filepath.Join(dataDir, socketFile)
	if len(path) > maxSocketPath {
		log.Warn("admin socket not opened: its path is too long for the system; use --admin-url", "path", path)
		return nil, "", nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, "", fmt.Errorf("remove the old admin socket: %w", err)
	}
	// The directory is 0700, so that nobody else reaches the socket before its
	// own mode is set.
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, "", fmt.Errorf("open the admin socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, "", errors.Join(fmt.Errorf("close the admin socket to others: %w", err), l.Close())
	}
	return l, path, nil
}
