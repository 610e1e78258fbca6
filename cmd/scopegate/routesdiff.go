package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"scopegate/authz"
	"scopegate/authz/admin"
	"scopegate/gateway/diff"
)

// routesDiff compares two routes files by what they let pass.
func routesDiff(w world) *cobra.Command {
	var r remote
	var failOnWidening, named bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Say who gains and who loses access when NEW takes the place of OLD",
		Long: "Say who gains and who loses access when NEW takes the place of OLD, by what the files do and not by how they\n" +
			"are written: a renamed route changes nothing, a guarded path that falls to a broader route widens.\n" +
			"With --clients the running server is asked which clients that concerns, by the scopes that they may be given.",
		Example: "  scopegate routes diff routes.yaml routes.new.yaml --fail-on-widening",
		Args:    cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			report, err := diffFiles(w, &r, args[0], args[1])
			if err != nil {
				return err
			}
			if named {
				clients, err := activeClients(cmd.Context(), w, &r)
				if err != nil {
					return err
				}
				report.Name(clients)
			}
			if err := printDiff(w, &r.outputFlags, report); err != nil {
				return err
			}
			if failOnWidening && report.Widens() {
				return &exitError{exitFailed, fmt.Errorf("%s widens access", args[1])}
			}
			return nil
		},
	}
	r.add(cmd)
	cmd.Flags().BoolVar(&failOnWidening, "fail-on-widening", false, "exit 1 if anybody gains access")
	cmd.Flags().BoolVar(&named, "clients", false, "ask the running server which clients gain or lose")
	return cmd
}

func diffFiles(w world, r *remote, old, next string) (diff.Report, error) {
	before, a, err := (&routesFlags{outputFlags: r.outputFlags, file: old}).load(w)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	after, b, err := (&routesFlags{outputFlags: r.outputFlags, file: next}).load(w)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	return diff.Compare(before, after)
}

func printDiff(w world, f *outputFlags, report diff.Report) error {
	changes := report
	if changes == nil {
		changes = diff.Report{}
	}
	answer := map[string]any{"changes": changes, "widens": report.Widens(), "summary": report.Summary()}
	return f.print(w.stdout, answer, func(t *table) {
		for _, c := range report {
			t.row(c.String())
			for _, client := range c.Clients {
				t.row("  client " + client)
			}
		}
		t.row(report.Summary())
	})
}

// activeClients asks the running server for all clients that can have a token.
func activeClients(ctx context.Context, w world, r *remote) ([]diff.Client, error) {
	var clients []diff.Client
	for cursor := ""; ; {
		var page admin.ClientList
		path := "/admin/v1/clients?limit=1000&cursor=" + url.QueryEscape(cursor)
		if err := r.ask(ctx, w, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		for i := range page.Clients {
			c := &page.Clients[i]
			if c.Status != string(authz.StatusActive) {
				continue
			}
			scopes := make([]authz.Scope, len(c.AllowedScopes))
			for i, s := range c.AllowedScopes {
				scopes[i] = authz.Scope(s)
			}
			clients = append(clients, diff.Client{ID: authz.ClientID(c.ID), Name: c.Name, Scopes: authz.NewScopeSet(scopes...)})
		}
		if cursor = page.NextCursor; cursor == "" {
			return clients, nil
		}
	}
}
