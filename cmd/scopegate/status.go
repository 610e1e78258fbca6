package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

func unixTime(sec int64) string { return time.Unix(sec, 0).UTC().Format(time.RFC3339) }

// serverStatus is what `status` and the admin API say of a running server.
type serverStatus struct {
	Version       string         `json:"version"`
	StartedAt     time.Time      `json:"started_at"`
	Ready         bool           `json:"ready"`
	Store         string         `json:"store"` // "ok", "full", or what is wrong
	Routes        string         `json:"routes"`
	RoutesFile    string         `json:"routes_file"`
	LastReload    time.Time      `json:"last_reload"`
	LastReloadOK  bool           `json:"last_reload_ok"`
	TokensLive    int            `json:"tokens_live"`
	TokensWarm    bool           `json:"tokens_warm"`
	TokenMemory   int64          `json:"token_memory_bytes"`
	Clients       map[string]int `json:"clients"`
	StoreDisk     int64          `json:"store_disk_bytes"`
	ControlSeq    uint64         `json:"control_seq"`
	Listen        string         `json:"listen"`
	AdminListen   string         `json:"admin_listen"`
	AdminSocket   string         `json:"admin_socket"`
	ClockBehind   admin.Duration `json:"clock_behind"`
	HashKeyActive string         `json:"hash_key_active"`
}

func statusCommand(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use: "status", Short: "Show the state of the running server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out serverStatus
			if err := r.ask(cmd.Context(), w, http.MethodGet, "/admin/v1/status", nil, &out); err != nil {
				return err
			}
			return r.print(w.stdout, out, func(t *table) {
				t.row("version", out.Version)
				t.row("started", when(&out.StartedAt))
				t.row("ready", out.Ready)
				t.row("store", out.Store)
				t.row("routes", out.Routes)
				t.row("last reload", when(&out.LastReload), map[bool]string{true: "ok", false: "ok, but a later one failed: the old routes serve; scopegate validate says why"}[out.LastReloadOK])
				t.row("tokens live", out.TokensLive, map[bool]string{true: "all in memory", false: "not all in memory"}[out.TokensWarm])
				t.row("clients", fmt.Sprintf("%d active, %d disabled, %d revoked", out.Clients["active"], out.Clients["disabled"], out.Clients["revoked"]))
				t.row("store on disk", fmt.Sprintf("%.1f MiB", float64(out.StoreDisk)/(1<<20)))
				t.row("listen", out.Listen)
				t.row("admin", out.AdminListen, out.AdminSocket)
			})
		},
	}
	r.add(cmd)
	return cmd
}

func reloadCommand(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use: "reload", Short: "Read routes.yaml again; a bad file leaves the old routes serving", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out reloadResult
			err := r.ask(cmd.Context(), w, http.MethodPost, "/admin/v1/reload", nil, &out)
			if problem, ok := asProblem(err); ok && len(problem.Problems) > 0 {
				return &exitError{exitInvalid, err}
			}
			if err != nil {
				return err
			}
			return r.print(w.stdout, out, func(t *table) {
				t.row(out.Summary)
				if len(out.Changes) == 0 {
					t.row("nobody gains or loses access")
				}
				for _, change := range out.Changes {
					t.row(change)
				}
			})
		},
	}
	r.add(cmd)
	return cmd
}

// healthcheckCommand asks /readyz: what a container's health check runs,
// without a shell or curl in the image.
func healthcheckCommand(w world) *cobra.Command {
	var f adminFlags
	cmd := &cobra.Command{
		Use: "healthcheck", Short: "Exit 0 if the running server is ready, else 1", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := f.health(w)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), f.timeout)
			defer cancel()
			body, err := c.open(ctx, http.MethodGet, "/readyz", nil)
			if err != nil {
				return err
			}
			defer body.Close()
			text, err := io.ReadAll(io.LimitReader(body, 4096))
			if err != nil {
				return fmt.Errorf("read the server's answer: %w", err)
			}
			_, err = fmt.Fprintln(w.stdout, strings.TrimSpace(string(text)))
			return err
		},
	}
	f.add(cmd)
	if t := cmd.Flags().Lookup("timeout"); t != nil {
		t.DefValue = "5s"
		f.timeout = 5 * time.Second
	}
	return cmd
}

// asProblem tells a refusal of the admin API from other errors.
func asProblem(err error) (*problemError, bool) {
	p, ok := err.(*problemError) //nolint:errorlint // ask returns it unwrapped
	return p, ok
}

// status is the admin API's.
func (s *server) status() any {
	state, stats := s.reloaded.Load(), s.store.Stats()
	ready, why := s.ready()
	seq, err := s.store.LastSeq(context.Background())
	out := serverStatus{
		Version: version(), StartedAt: s.started, Ready: ready, Store: "ok", Routes: state.summary, RoutesFile: s.o.routes,
		LastReload: state.at, LastReloadOK: state.ok, TokensLive: stats.Live, TokensWarm: stats.Complete, TokenMemory: stats.Bytes,
		Clients: map[string]int{}, StoreDisk: s.store.DiskBytes(), ControlSeq: uint64(seq), Listen: s.public.Addr().String(),
		AdminListen: s.adminAddress(), AdminSocket: s.socketPath, ClockBehind: admin.Duration(s.store.Clock.Behind()),
		HashKeyActive: s.keys.Keys().Active(),
	}
	for status, n := range stats.ClientsByStatus {
		out.Clients[string(status)] = n
	}
	if checked := s.store.Check(context.Background()); checked != nil || err != nil {
		out.Store = why
		if out.Store == "" {
			out.Store = "unavailable"
		}
	}
	return out
}

// backup is the admin API's.
func (s *server) backup(ctx context.Context, w io.Writer) (any, error) {
	return s.store.Backup(ctx, w)
}
