package main

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

func clientsList(w world) *cobra.Command {
	var r remote
	var owner, status, name string
	var labels []string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List clients",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kind, id, err := splitOwner(owner)
			if err != nil {
				return err
			}
			q := url.Values{"limit": {"1000"}, "label": labels}
			for key, value := range map[string]string{"owner_type": kind, "owner_id": id, "status": status, "name": name} {
				if value != "" {
					q.Set(key, value)
				}
			}
			all, err := r.allClients(cmd.Context(), w, q)
			if err != nil {
				return err
			}
			return r.printClients(w, all)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	cmd.Flags().StringVar(&owner, "owner", "", "only clients of this owner, TYPE:ID")
	cmd.Flags().StringVar(&status, "status", "", "only clients with this status: active, disabled or revoked")
	cmd.Flags().StringVar(&name, "name", "", "only clients whose name holds this text")
	cmd.Flags().StringArrayVar(&labels, "label", nil, "only clients with this label KEY=VALUE (repeat)")
	return cmd
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

func (r *remote) printClients(w world, all []admin.Client) error {
	if r.quiet {
		for _, c := range all {
			fmt.Fprintln(w.stdout, c.ID)
		}
		return nil
	}
	return r.print(w.stdout, admin.ClientList{Clients: all}, func(t *table) {
		t.row("ID", "NAME", "STATUS", "OWNER", "SCOPES", "LAST USED")
		for _, c := range all {
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

// labelText shows labels as --label takes them, in the order of their keys.
func labelText(labels map[string]string) string {
	texts := make([]string, 0, len(labels))
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		texts = append(texts, key+"="+labels[key])
	}
	return strings.Join(texts, " ")
}
