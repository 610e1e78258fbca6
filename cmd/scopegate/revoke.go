package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"scopegate/authz/admin"
)

func clientsRevoke(w world) *cobra.Command {
	var r remote
	var owner string
	var yes bool
	var req admin.ReasonRequest
	cmd := &cobra.Command{
		Use:     "revoke CLIENT-ID | --owner TYPE:ID",
		Short:   "Revoke a client, or all of an owner's, for good: all its tokens end at once",
		Example: "  scopegate clients revoke --owner tenant:42",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case (owner == "") == (len(args) == 0):
				return usage("give either a client's id or --owner TYPE:ID")
			case owner != "":
				return r.revokeOwner(cmd, w, owner, req.Reason, yes)
			}
			var out admin.Client
			if err := r.ask(cmd.Context(), w, http.MethodPost, clientPath(args[0], "/revoke"), req, &out); err != nil {
				return err
			}
			return r.printClient(w, &out)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	addReason(cmd, &req.Reason)
	cmd.Flags().StringVar(&owner, "owner", "", "revoke all clients of this owner, TYPE:ID")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask before the clients of an owner are revoked")
	return cmd
}

// revokeOwner asks, then revokes all clients of an owner, and says how many.
func (r *remote) revokeOwner(cmd *cobra.Command, w world, owner, reason string, yes bool) error {
	kind, id, err := splitOwner(owner)
	if err != nil {
		return err
	}
	var out admin.RevokedClients
	goOn := yes
	if !yes {
		if goOn, err = r.confirmOwner(cmd.Context(), w, owner, kind, id); err != nil {
			return err
		}
	}
	if goOn {
		req := admin.OwnerRequest{OwnerType: kind, OwnerID: id, Reason: reason}
		if err := r.ask(cmd.Context(), w, http.MethodPost, "/admin/v1/clients/revoke", req, &out); err != nil {
			return err
		}
	}
	if out.Revoked == 0 {
		fmt.Fprintf(w.stderr, "%s has no client that is not revoked already.\n", owner)
	}
	return r.print(w.stdout, out, func(t *table) { t.row("revoked", out.Revoked) })
}

// confirmOwner asks whether an owner's clients shall be revoked; false: there
// are none.
func (r *remote) confirmOwner(ctx context.Context, w world, owner, kind, id string) (goOn bool, err error) {
	all, err := r.allClients(ctx, w, url.Values{"limit": {"1000"}, "owner_type": {kind}, "owner_id": {id}})
	if err != nil {
		return false, err
	}
	living := 0
	for i := range all {
		if all[i].Status != "revoked" {
			living++
		}
	}
	if living == 0 {
		return false, nil
	}
	return true, confirm(w, fmt.Sprintf("%d client(s) of %s will be revoked for good, and all their tokens end.", living, owner), owner)
}

func clientsStatus(w world, verb, short string) *cobra.Command {
	var r remote
	var req admin.ReasonRequest
	cmd := &cobra.Command{
		Use: verb + " CLIENT-ID", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out admin.Client
			if err := r.ask(cmd.Context(), w, http.MethodPost, clientPath(args[0], "/"+verb), req, &out); err != nil {
				return err
			}
			return r.printClient(w, &out)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	addReason(cmd, &req.Reason)
	return cmd
}

func clientsRevokeTokens(w world) *cobra.Command {
	var r remote
	var before string
	var req admin.RevokeTokensRequest
	cmd := &cobra.Command{
		Use:   "revoke-tokens CLIENT-ID",
		Short: "End all tokens of a client, or those issued before an instant",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			if err := notEmpty(cmd, "issued-before"); err != nil {
				return err
			}
			if before != "" {
				if req.IssuedBefore, err = time.Parse(time.RFC3339, before); err != nil {
					return usage("--issued-before %q: use RFC 3339, e.g. 2026-01-31T12:00:00Z", before)
				}
			}
			var out admin.Client
			if err := r.ask(cmd.Context(), w, http.MethodPost, clientPath(args[0], "/revoke-tokens"), req, &out); err != nil {
				return err
			}
			return r.printClient(w, &out)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	addReason(cmd, &req.Reason)
	cmd.Flags().StringVar(&before, "issued-before", "", "only tokens issued before this instant (RFC 3339)")
	return cmd
}

// confirm asks for a word on a terminal. Where nobody can be asked it is an
// error that names --yes.
func confirm(w world, question, word string) error {
	f, ok := w.stdin.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return usage("%s\nNobody can be asked here: give --yes to go on", question)
	}
	fmt.Fprintf(w.stderr, "%s\nType %s to go on: ", question, word)
	line, _ := bufio.NewReader(f).ReadString('\n')
	if strings.TrimSpace(line) != word {
		return fmt.Errorf("nothing was changed: %q is not %q", strings.TrimSpace(line), word)
	}
	return nil
}

// addReason lets the operator say why a change is made.
func addReason(cmd *cobra.Command, reason *string) {
	cmd.Flags().StringVar(reason, "reason", "", "why, for the control log and the audit log (up to 500 characters)")
}
