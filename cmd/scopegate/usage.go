package main

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

// usageReport answers all questions of `scopegate usage`.
type usageReport struct {
	UnusedFor admin.Duration `json:"unused_for"`
	Clients   []admin.Usage  `json:"clients"`
	admin.RouteUsage
}

func usageCommand(w world) *cobra.Command {
	var r remote
	var client, owner string
	var unusedFor time.Duration
	cmd := &cobra.Command{
		Use:   "usage",
		Short: "Show what clients use, and what was granted or declared and nobody uses",
		Long: "Show what clients use: when each client and each of its scopes was last used, scopes that were granted and\n" +
			"are not used, scopes that no route asks for, routes that nobody may call, and clients that fetch a token\n" +
			"where they have one. With --client or --owner all is about those clients, and the routes are left out. Revoked\n" +
			"clients are left out unless --client names one.",
		Example: "  scopegate usage --owner tenant:42 --unused-for 2160h",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "client", "owner"); err != nil {
				return err
			}
			kind, id, err := splitOwner(owner)
			if err != nil {
				return err
			}
			if unusedFor <= 0 {
				return usage("--unused-for %s: use a duration above zero, e.g. 720h", unusedFor)
			}
			q := url.Values{}
			setIfGiven(q, "owner_type", kind)
			setIfGiven(q, "owner_id", id)
			setIfGiven(q, "client_id", client)
			report, err := r.usage(cmd.Context(), w, q, unusedFor)
			if err != nil {
				return err
			}
			return r.print(w.stdout, report, report.table)
		},
	}
	r.add(cmd)
	cmd.Flags().StringVar(&client, "client", "", "only this client")
	cmd.Flags().StringVar(&owner, "owner", "", "only clients of this owner, TYPE:ID")
	cmd.Flags().DurationVar(&unusedFor, "unused-for", admin.DefaultUnusedFor, "how long a granted scope must not have been used to be shown as unused")
	return cmd
}

// usage asks for all pages of what the clients used, and for what the routes
// make of it.
func (r *remote) usage(ctx context.Context, w world, q url.Values, unusedFor time.Duration) (*usageReport, error) {
	report := &usageReport{UnusedFor: admin.Duration(unusedFor), Clients: []admin.Usage{}}
	if err := r.ask(ctx, w, http.MethodGet, "/admin/v1/usage/routes?"+q.Encode(), nil, &report.RouteUsage); err != nil {
		return nil, err
	}
	q.Set("unused_for", unusedFor.String())
	q.Set("limit", "1000")
	for {
		var page admin.UsageList
		if err := r.ask(ctx, w, http.MethodGet, "/admin/v1/usage?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		report.Clients = append(report.Clients, page.Clients...)
		if page.NextCursor == "" {
			return report, nil
		}
		q.Set("cursor", page.NextCursor)
	}
}
