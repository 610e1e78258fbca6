package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"scopegate/authz"
)

// demoRoutes is the repository's routes.yaml, so that the demo runs anywhere.
//
//go:embed demo.yaml
var demoRoutes []byte

// demo is what `serve --demo` adds to a real server: a throw-away data
// directory, a small legacy backend on loopback and a registered client.
type demo struct {
	dataDir string
	routes  string // the file of its routes, which may be changed while it runs
	backend *http.Server
	origin  string // of the backend
	done    chan error
}

// startDemo makes the data directory and starts the backend. Without a routes
// file of the caller's it has its own.
func startDemo(routes string) (*demo, error) {
	dir, err := os.MkdirTemp("", "scopegate-demo-")
	if err != nil {
		return nil, fmt.Errorf("make the demo's data directory: %w", err)
	}
	if routes == "" {
		routes = filepath.Join(dir, "routes.yaml")
		if err := os.WriteFile(routes, demoRoutes, 0o600); err != nil {
			return nil, errors.Join(fmt.Errorf("write the demo's routes: %w", err), os.RemoveAll(dir))
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the demo's backend: %w", err), os.RemoveAll(dir))
	}
	d := &demo{
		dataDir: dir, routes: routes, origin: "http://" + listener.Addr().String(), done: make(chan error, 1),
		backend: &http.Server{Handler: http.HandlerFunc(legacyBilling), ReadHeaderTimeout: 10 * time.Second},
	}
	go func() { d.done <- d.backend.Serve(listener) }()
	return d, nil
}

// environment points the example's upstream at the demo's backend.
func (d *demo) environment(getenv func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if name == "BILLING_URL" {
			return d.origin, true
		}
		return getenv(name)
	}
}

// stop ends the backend and removes the data directory.
func (d *demo) stop() error {
	err := d.backend.Close()
	if served := <-d.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return errors.Join(err, os.RemoveAll(d.dataDir))
}

// legacyBilling is the backend that nobody may change: like a CGI program it
// knows its caller from header fields only, and shows what it was told.
func legacyBilling(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "legacy billing: %s %s\n", r.Method, r.URL.RequestURI())
	var lines []string
	for name, values := range r.Header {
		for _, value := range values {
			lines = append(lines, fmt.Sprintf("HTTP_%s=%s\n", strings.ToUpper(strings.ReplaceAll(name, "-", "_")), value))
		}
	}
	slices.Sort(lines)
	for _, line := range lines {
		io.WriteString(w, line) //nolint:errcheck // a caller that left reads nothing
	}
}

// announce registers the demo's client and prints the commands to paste.
func (d *demo) announce(ctx context.Context, out io.Writer, registry *authz.Registry, origin string) error {
	client, secret, err := registry.Create(ctx, authz.Registration{
		Name: "Data Sync Worker", AllowedScopes: []authz.Scope{"invoices.read", "reports.generate"},
		Confidential: true, OwnerType: "tenant", OwnerID: "42",
	}, authz.By{Actor: "system"})
	if err != nil {
		return fmt.Errorf("register the demo's client: %w", err)
	}
	fmt.Fprintf(out, `
scopegate demo
  gateway         %[1]s
  legacy backend  %[2]s (it shows the header fields that it got)
  data directory  %[3]s (--data-dir of other commands; removed when the demo ends)
  routes          %[7]s (change it: it is read again)
  client          %[4]s "Data Sync Worker", scopes %[6]s

Paste into another terminal of the same machine:

# 1. get a token
TOKEN=$(curl -sS -u '%[4]s:%[5]s' -d grant_type=client_credentials %[1]s/oauth/token | tee /dev/stderr | sed 's/.*"access_token":"\([^"]*\)".*/\1/')

# 2. use it: the backend sees who is calling
curl -sS -i -H "Authorization: Bearer $TOKEN" %[1]s/partner/invoices

# 3. a route whose scope it lacks: 403, and the backend sees nothing
curl -sS -i -X DELETE -H "Authorization: Bearer $TOKEN" %[1]s/partner/invoices/7

Ready. Stop with Ctrl-C.
`, origin, d.origin, d.dataDir, client.ID, secret.Text(), client.AllowedScopes, d.routes)
	return nil
}
