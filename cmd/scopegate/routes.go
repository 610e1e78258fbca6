package main

import (
	"bufio"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz"
	"scopegate/authz/admin"
	"scopegate/authz/assertion"
	"scopegate/gateway"
	"scopegate/gateway/config"
	"scopegate/metrics"
)

// routesFlags are the flags of the commands that read a routes file offline.
type routesFlags struct {
	outputFlags
	file string
}

func (f *routesFlags) add(cmd *cobra.Command) {
	f.outputFlags.add(cmd)
	cmd.Flags().StringVar(&f.file, "routes", "routes.yaml", "the routes file")
}

// load reads and builds the file as a server would, without serving it. All
// problems are told at once, with exit code 3.
func (f *routesFlags) load(w world) (*config.Config, *gateway.Gateway, error) {
	if err := f.check(); err != nil {
		return nil, nil, err
	}
	cfg, problems := loadRoutes(f.file, w.getenv)
	if len(problems) == 0 {
		g := &gateway.Gateway{
			Metrics: metrics.New(metrics.Options{Reasons: authz.Reasons()}), Log: slog.New(slog.DiscardHandler),
			Authorizer: &authz.Authorizer{}, Assertions: &assertion.Keeper{Now: time.Now},
		}
		if _, problems = g.Reload(cfg); len(problems) == 0 {
			return cfg, g, nil
		}
	}
	return nil, nil, f.refuse(w, problems)
}

// refuse tells all problems: on stderr for people, on stdout as JSON for programs.
func (f *routesFlags) refuse(w world, problems config.Problems) error {
	if f.format == "json" {
		if err := f.print(w.stdout, map[string]any{"problems": problems}, nil); err != nil {
			return err
		}
		return &exitError{exitInvalid, nil}
	}
	fmt.Fprintln(w.stderr, problems.Error())
	return &exitError{exitInvalid, nil}
}

func validateCommand(w world) *cobra.Command {
	var f routesFlags
	cmd := &cobra.Command{
		Use:   "validate [FILE]",
		Short: "Check a routes file: exit 0, or 3 with all problems at once",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				f.file = args[0]
			}
			cfg, g, err := f.load(w)
			if err != nil {
				return err
			}
			defer g.Close()
			return f.print(w.stdout, g.Summary(), func(t *table) { t.row(cfg.Summary()) })
		},
	}
	f.add(cmd)
	return cmd
}

func routesCommand(w world) *cobra.Command {
	cmd := &cobra.Command{Use: "routes", Short: "List, explain and test the routes of a file, without a server"}
	cmd.AddCommand(routesList(w), routesExplain(w), routesTest(w), routesDiff(w), routesImport(w), routesSchema(w))
	return onlySubcommands(cmd)
}

func routesList(w world) *cobra.Command {
	var f routesFlags
	cmd := &cobra.Command{
		Use: "list", Short: "List every path that can be reached, and what it asks", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, g, err := f.load(w)
			if err != nil {
				return err
			}
			defer g.Close()
			list := g.Routes()
			return f.print(w.stdout, map[string]any{"routes": list}, func(t *table) {
				t.row("NAME", "METHODS", "HOST", "PATH", "NEEDS", "UPSTREAM")
				for _, r := range list {
					t.row(r.Name, orAny(strings.Join(r.Methods, ",")), orAny(r.Host), r.Path, needs(&r), r.Upstream)
				}
			})
		},
	}
	f.add(cmd)
	return cmd
}

func orAny(s string) string {
	if s == "" {
		return "*"
	}
	return s
}

func needs(r *gateway.RouteInfo) string {
	var parts []string
	if r.Public {
		parts = append(parts, "public")
	}
	if len(r.Scopes) > 0 {
		parts = append(parts, strings.Join(r.Scopes, " "))
	}
	if len(r.AnyScope) > 0 {
		parts = append(parts, "any of "+strings.Join(r.AnyScope, " "))
	}
	if r.Clients > 0 {
		parts = append(parts, fmt.Sprintf("%d clients", r.Clients))
	}
	if r.Resource != "" {
		parts = append(parts, "resource "+r.Resource)
	}
	if r.Addresses {
		parts = append(parts, "listed addresses")
	}
	return strings.Join(parts, ", ")
}

// routesTest checks expectations of a file, one a line:
//
//	METHOD PATH [scope=SCOPE]... [client=ID] [resource=URI]... [from=ADDRESS] [host=HOST] -> ROUTE | REASON | STATUS
func routesTest(w world) *cobra.Command {
	var f routesFlags
	cmd := &cobra.Command{
		Use:   "test FILE",
		Short: "Check what requests should come to, one a line; exit 1 if one does not",
		Long: "Check expectations, one a line:\n\n  METHOD PATH [scope=SCOPE]... [client=ID] [resource=URI]... [from=ADDRESS] [host=HOST] -> ROUTE | REASON | STATUS\n\n" +
			"ROUTE means that the request passes to that route, e.g.\n\n  GET /partner/invoices/7 scope=invoices.read -> read-invoices\n  GET /partner/invoices/7 -> 401\n  DELETE /status -> method_not_allowed\n\nLines that begin with # are comments.",
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			_, g, err := f.load(w)
			if err != nil {
				return err
			}
			defer g.Close()
			file, err := os.Open(args[0])
			if err != nil {
				return err
			}
			defer func() { _ = file.Close() }()
			passed, failures, err := testRoutes(g, bufio.NewScanner(file))
			if err != nil {
				return usage("%s:%w", args[0], err)
			}
			if passed+len(failures) == 0 {
				return fmt.Errorf("%s: no expectation stands there", args[0]) // a file that was cut proves nothing
			}
			for _, failure := range failures {
				fmt.Fprintf(w.stderr, "%s:%s\n", args[0], failure)
			}
			fmt.Fprintf(w.stdout, "%d passed, %d failed\n", passed, len(failures))
			if len(failures) > 0 {
				return &exitError{exitFailed, nil}
			}
			return nil
		},
	}
	f.add(cmd)
	return cmd
}

func testRoutes(g *gateway.Gateway, lines *bufio.Scanner) (passed int, failures []string, err error) {
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		req, want, err := readExpectation(line)
		if err != nil {
			return passed, failures, fmt.Errorf("%d: %w", n, err)
		}
		q, err := question(req)
		if err != nil {
			return passed, failures, fmt.Errorf("%d: %w", n, err)
		}
		e, _ := g.Explain(q)
		got := explanationOf(&e)
		passes := got.Status == 0
		switch {
		case passes && want == got.Route, !passes && (want == got.Verdict || want == fmt.Sprint(got.Status)):
			passed++
		case passes:
			failures = append(failures, fmt.Sprintf("%d: %s %s passes to %s, want %s", n, req.Method, req.Path, got.Route, want))
		default:
			failures = append(failures, fmt.Sprintf("%d: %s %s is %s, want %s", n, req.Method, req.Path, verdictText(&got), want))
		}
	}
	return passed, failures, lines.Err()
}

func readExpectation(line string) (req admin.ExplainRequest, want string, err error) {
	asked, want, ok := strings.Cut(line, "->")
	words := strings.Fields(asked)
	want = strings.TrimSpace(want)
	if !ok || len(words) < 2 || want == "" || strings.Contains(want, " ") {
		return req, "", errors.New("want: METHOD PATH [scope=SCOPE]... [client=ID] [resource=URI]... [from=ADDRESS] [host=HOST] -> ROUTE | REASON | STATUS")
	}
	req.Method, req.Path = words[0], words[1]
	for _, word := range words[2:] {
		key, value, _ := strings.Cut(word, "=")
		switch key {
		case "scope":
			req.Scopes = append(req.Scopes, value)
		case "client":
			req.ClientID = value
		case "resource":
			req.Resources = append(req.Resources, value)
		case "from":
			req.From = value
		case "host":
			req.Host = value
		default:
			return req, "", fmt.Errorf("unknown word %q; known: scope=, client=, resource=, from=, host=", word)
		}
	}
	return req, want, nil
}

func routesSchema(w world) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of routes files, for editors", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			schema, err := config.Schema()
			if err != nil {
				return err
			}
			_, err = w.stdout.Write(schema)
			return err
		},
	}
}

// routes lists the routes in force, for the admin API.
func (s *server) routes() any { return map[string]any{"routes": s.gateway.Routes()} }
