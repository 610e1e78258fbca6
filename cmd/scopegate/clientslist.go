package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

func clientsList(w world) *cobra.Command {
	var r remote
	var owner, cursor string
	var limit int
	var labels []string
	filters := map[string]*string{"status": new(string), "name": new(string), "search": new(string), "managed_by": new(string)}
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List clients",
		Example: "  scopegate clients list --search tenant:42 --label env=production",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "owner", "status", "name", "search", "managed-by", "cursor"); err != nil {
				return err
			}
			q, err := clientsQuery(owner, labels)
			if err != nil {
				return err
			}
			for key, value := range filters {
				setIfGiven(q, key, *value)
			}
			setIfGiven(q, "cursor", cursor)
			if cmd.Flags().Changed("limit") {
				return r.onePage(cmd.Context(), w, q, limit)
			}
			all, err := r.allClients(cmd.Context(), w, q)
			if err != nil {
				return err
			}
			return r.printClients(w, admin.ClientList{Clients: all})
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	cmd.Flags().StringVar(&owner, "owner", "", "only clients of this owner, TYPE:ID")
	cmd.Flags().StringVar(filters["status"], "status", "", "only clients with this status: active, disabled or revoked")
	cmd.Flags().StringVar(filters["name"], "name", "", "only clients whose name holds this text")
	cmd.Flags().StringVar(filters["search"], "search", "", "only clients in whose id, name, owner or labels this text stands, in any case")
	cmd.Flags().StringVar(filters["managed_by"], "managed-by", "", "only clients that this set of declared clients made")
	cmd.Flags().StringArrayVar(&labels, "label", nil, "only clients with this label KEY=VALUE (repeat)")
	cmd.Flags().IntVar(&limit, "limit", 0, "one page of so many, 1 to 1000 (default: all clients)")
	cmd.Flags().StringVar(&cursor, "cursor", "", "go on behind the page that ended with this cursor")
	return cmd
}

// clientsQuery asks for clients of an owner, TYPE:ID, with labels; empty: any.
// Pages are as large as they can be.
func clientsQuery(owner string, labels []string) (url.Values, error) {
	kind, id, err := splitOwner(owner)
	if err != nil {
		return nil, err
	}
	q := url.Values{"limit": {"1000"}, "label": labels}
	setIfGiven(q, "owner_type", kind)
	setIfGiven(q, "owner_id", id)
	return q, nil
}

// setIfGiven sets a parameter of a query unless it is empty.
func setIfGiven(q url.Values, key, value string) {
	if value != "" {
		q.Set(key, value)
	}
}

// onePage prints a page and says how to get the next one.
func (r *remote) onePage(ctx context.Context, w world, q url.Values, limit int) error {
	q.Set("limit", strconv.Itoa(limit))
	var page admin.ClientList
	if err := r.ask(ctx, w, http.MethodGet, "/admin/v1/clients?"+q.Encode(), nil, &page); err != nil {
		return err
	}
	if err := r.printClients(w, page); err != nil || page.NextCursor == "" {
		return err
	}
	_, err := fmt.Fprintf(w.stderr, "There are more: --cursor %s\n", page.NextCursor)
	return err
}

// allClients follows the cursor to the end.
func (r *remote) allClients(ctx context.Context, w world, q url.Values) ([]admin.Client, error) {
	all := []admin.Client{}
	for {
		var page admin.ClientList
		if err := r.ask(ctx, w, http.MethodGet, "/admin/v1/clients?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Clients...)
		if page.NextCursor == "" {
			return all, nil
		}
		q.Set("cursor", page.NextCursor)
	}
}

func (r *remote) printClients(w world, list admin.ClientList) error {
	if r.quiet {
		for _, c := range list.Clients {
			fmt.Fprintln(w.stdout, c.ID)
		}
		return nil
	}
	return r.print(w.stdout, list, func(t *table) {
		t.row("ID", "NAME", "STATUS", "OWNER", "SCOPES", "LAST USED")
		for _, c := range list.Clients {
			t.row(c.ID, c.Name, c.Status, ownerText(&c), strings.Join(c.AllowedScopes, " "), when(c.LastUsedAt))
		}
	})
}

func ownerText(c *admin.Client) string {
	if c.OwnerType == "" {
		return "-"
	}
	return c.OwnerType + ":" + c.OwnerID
}
