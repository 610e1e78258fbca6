package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz"
	"scopegate/authz/admin"
	"scopegate/authz/clientfile"
)

func clientsExport(w world) *cobra.Command {
	var r adminFlags
	var owner, managedBy string
	var labels []string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write clients as a file that clients apply takes, without their secrets",
		Long: `Write clients as a file that clients apply takes, to standard output. Revoked ones are left out.

The file bears the name of the set that made them, if one made all of them. Else it bears none, and
stderr names the sets: export each by --managed-by to apply it as that set.

It holds no secret and no hash of one, so that it can be kept where people read it. A client that
is made of it elsewhere has no secret until it gets one, by clients rotate-secret or by secrets in
the file. To move clients with their secrets, use backup and restore.`,
		Example: "  scopegate clients export --owner tenant:42 > clients.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "owner", "managed-by"); err != nil {
				return err
			}
			q, err := clientsQuery(owner, labels)
			if err != nil {
				return err
			}
			setIfGiven(q, "managed_by", managedBy)
			rr := remote{adminFlags: r, outputFlags: outputFlags{format: "json"}}
			all, err := rr.allClients(cmd.Context(), w, q)
			if err != nil {
				return err
			}
			all = slices.DeleteFunc(all, func(c admin.Client) bool { return c.Status == string(authz.StatusRevoked) })
			sets := setsOf(all)
			file := clientfile.File{Name: "export", ManagedBy: managedBy}
			if len(sets) == 1 {
				file.ManagedBy = sets[0]
			}
			text, err := exported(file, all)
			if err != nil {
				return err
			}
			if _, err = w.stdout.Write(text); err == nil && len(sets) > 1 {
				fmt.Fprintf(w.stderr, "Several made these clients: %s. The file bears no managed_by; --managed-by exports one set.\n", makers(sets))
			}
			return err
		},
	}
	r.add(cmd)
	cmd.Flags().StringVar(&owner, "owner", "", "only clients of this owner, TYPE:ID")
	cmd.Flags().StringVar(&managedBy, "managed-by", "", "only clients that this set made")
	cmd.Flags().StringArrayVar(&labels, "label", nil, "only clients with this label KEY=VALUE (repeat)")
	return cmd
}

// setsOf returns the sets that made the clients, sorted; empty is the name of
// those that were made by hand.
func setsOf(all []admin.Client) []string {
	var sets []string
	for i := range all {
		sets = append(sets, all[i].ManagedBy)
	}
	slices.Sort(sets)
	return slices.Compact(sets)
}

func makers(sets []string) string {
	if sets[0] == "" {
		sets = append(sets[1:len(sets):len(sets)], "and some were made by hand")
	}
	return strings.Join(sets, ", ")
}

// exported is a clients file of all the clients.
func exported(file clientfile.File, all []admin.Client) ([]byte, error) {
	for i := range all {
		c := &all[i]
		if strings.Contains(c.OwnerType, ":") {
			return nil, fmt.Errorf("client %s: its owner's type %q holds a colon, which a clients file cannot say", c.ID, c.OwnerType)
		}
		out, err := fileClient(c)
		if err != nil {
			return nil, fmt.Errorf("client %s: %w", c.ID, err)
		}
		file.Clients = append(file.Clients, out)
	}
	return file.Write()
}

// fileClient is a client of the server as a clients file has it.
func fileClient(c *admin.Client) (clientfile.Client, error) {
	limit, err := authz.ParseIssueLimit(c.IssueLimit)
	if err != nil {
		return clientfile.Client{}, err
	}
	out := clientfile.Client{
		ID: authz.ClientID(c.ID), Name: c.Name, AllowedScopes: c.AllowedScopes, Owner: clientfile.Owner{Type: c.OwnerType, ID: c.OwnerID},
		IssueLimit: limit, MaxLiveTokens: c.MaxLiveTokens, Addresses: c.Addresses, Status: authz.Status(c.Status),
	}
	if !slices.Equal(c.AllowedGrants, []string{string(authz.GrantClientCredentials)}) {
		out.AllowedGrants = c.AllowedGrants
	}
	if !c.Confidential {
		out.Confidential = &c.Confidential
	}
	if c.AccessTokenTTL != nil {
		out.AccessTokenTTL = time.Duration(*c.AccessTokenTTL)
	}
	for key, value := range c.Labels {
		out.Labels = append(out.Labels, clientfile.Label{Key: key, Value: value})
	}
	slices.SortFunc(out.Labels, func(x, y clientfile.Label) int { return strings.Compare(x.Key, y.Key) })
	return out, nil
}
