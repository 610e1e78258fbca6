package main

import (
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

func clientsUpdate(w world) *cobra.Command {
	var u clientUpdate
	cmd := &cobra.Command{
		Use:   "update CLIENT-ID",
		Short: "Change fields of a client; a scope taken away ends in its tokens at once",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req, err := u.request(cmd.Flags().Changed)
			if err != nil {
				return err
			}
			if req == (admin.UpdateRequest{}) {
				return usage("nothing to change; see '%s --help'", cmd.CommandPath())
			}
			req.Reason = u.reason
			var out admin.Client
			if err := u.ask(cmd.Context(), w, http.MethodPatch, clientPath(args[0], ""), req, &out); err != nil {
				return err
			}
			return u.printClient(w, &out)
		},
	}
	u.add(cmd)
	u.addQuiet(cmd)
	addReason(cmd, &u.reason)
	cmd.Flags().StringVar(&u.name, "name", "", "a new name")
	cmd.Flags().StringArrayVar(&u.scopes, "scope", nil, "all scopes that it may have from now on (repeat); empty for none")
	cmd.Flags().StringVar(&u.owner, "owner", "", "a new owner TYPE:ID; empty for none")
	cmd.Flags().DurationVar(&u.ttl, "token-ttl", 0, "lifetime of its tokens; 0s for the server's default")
	cmd.Flags().StringVar(&u.issueLimit, "issue-limit", "", "how many tokens it may ask for, e.g. 100/h; empty for no bound")
	cmd.Flags().IntVar(&u.maxLiveTokens, "max-live-tokens", 0, "how many living tokens it may hold; 0 for no cap")
	cmd.Flags().StringArrayVar(&u.addresses, "address", nil, "all addresses and CIDR ranges that it may act from (repeat); empty for anywhere")
	cmd.Flags().StringArrayVar(&u.labels, "label", nil, "all labels from now on, KEY=VALUE (repeat); empty for none")
	return cmd
}

// clientUpdate is the flags of clients update: a flag that is given, even an
// empty one, changes its field.
type clientUpdate struct {
	remote
	name, owner, issueLimit, reason string
	scopes, addresses, labels       []string
	maxLiveTokens                   int
	ttl                             time.Duration
}

// request is the change that the given flags ask for.
func (u *clientUpdate) request(given func(flag string) bool) (req admin.UpdateRequest, err error) {
	if given("name") {
		req.Name = &u.name
	}
	if given("scope") {
		req.AllowedScopes = withoutEmpty(u.scopes)
	}
	if given("token-ttl") {
		req.AccessTokenTTL = (*admin.Duration)(&u.ttl)
	}
	if given("issue-limit") {
		req.IssueLimit = &u.issueLimit
	}
	if given("max-live-tokens") {
		req.MaxLiveTokens = &u.maxLiveTokens
	}
	if given("address") {
		req.Addresses = withoutEmpty(u.addresses)
	}
	if given("label") {
		labels, err := parseLabels(u.labels)
		if err != nil {
			return req, err
		}
		req.Labels = &labels
	}
	if given("owner") {
		kind, id, err := splitOwner(u.owner)
		if err != nil {
			return req, err
		}
		req.OwnerType, req.OwnerID = &kind, &id
	}
	return req, nil
}

// withoutEmpty is a list in which an empty text stands for nothing.
func withoutEmpty(list []string) *[]string {
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	return &list
}
