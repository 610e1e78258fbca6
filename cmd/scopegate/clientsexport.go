package main

import (
	"fmt"
	"net/url"
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

The file bears the name of the set that made them, if one made all of them.

It holds no secret and no hash of one, so that it can be kept where people read it. A client that
is made of it elsewhere has no secret until it gets one, by clients rotate-secret or by secrets in
the file. To move clients with their secrets, use backup and restore.`,
		Example: "  scopegate clients export --owner tenant:42 > clients.yaml",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			kind, id, err := splitOwner(owner)
			if err != nil {
				return err
			}
			q := url.Values{"limit": {"1000"}, "label": labels}
			setIfGiven(q, "owner_type", kind)
			setIfGiven(q, "owner_id", id)
			setIfGiven(q, "managed_by", managedBy)
			rr := remote{adminFlags: r, outputFlags: outputFlags{format: "json"}}
			all, err := rr.allClients(cmd.Context(), w, q)
			if err != nil {
				return err
			}
			text, err := exported(managedBy, all)
			if err != nil {
				return err
			}
			_, err = w.stdout.Write(text)
			return err
		},
	}
	r.add(cmd)
	cmd.Flags().StringVar(&owner, "owner", "", "only clients of this owner, TYPE:ID")
	cmd.Flags().StringVar(&managedBy, "managed-by", "", "only clients that this set made")
	cmd.Flags().StringArrayVar(&labels, "label", nil, "only clients with this label KEY=VALUE (repeat)")
	return cmd
}

// exported is a clients file of the clients that are not revoked.
func exported(managedBy string, all []admin.Client) ([]byte, error) {
	all = slices.DeleteFunc(all, func(c admin.Client) bool { return c.Status == string(authz.StatusRevoked) })
	file := clientfile.File{Name: "export", ManagedBy: managedBy}
	if managedBy == "" && len(all) > 0 && !slices.ContainsFunc(all, func(c admin.Client) bool { return c.ManagedBy != all[0].ManagedBy }) {
		file.ManagedBy = all[0].ManagedBy
	}
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
