package main

import (
	"bufio"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"scopegate/authz"
	"scopegate/authz/admin"
)

func tokensCommand(w world) *cobra.Command {
	cmd := &cobra.Command{Use: "tokens", Short: "Issue, inspect and revoke access tokens"}
	cmd.AddCommand(tokensIssue(w), tokensIntrospect(w), tokensRevoke(w))
	return onlySubcommands(cmd)
}

func tokensIssue(w world) *cobra.Command {
	var r remote
	var req admin.IssueRequest
	var scopes []string
	cmd := &cobra.Command{
		Use:   "issue CLIENT-ID",
		Short: "Issue a token for a client, as the administrator and audited",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if slices.Contains(scopes, "") {
				return usage("--scope is given and empty")
			}
			req.ClientID, req.Scope = args[0], strings.Join(scopes, " ")
			var out admin.Token
			if err := r.ask(cmd.Context(), w, http.MethodPost, "/admin/v1/tokens", req, &out); err != nil {
				return err
			}
			return r.print(w.stdout, out, func(t *table) {
				t.row("access_token", out.AccessToken)
				t.row("token_id", out.TokenID)
				t.row("expires_in", fmt.Sprintf("%ds", out.ExpiresIn))
				t.row("scope", out.Scope)
				if len(out.Resources) > 0 {
					t.row("resources", strings.Join(out.Resources, " "))
				}
			})
		},
	}
	r.add(cmd)
	addReason(cmd, &req.Reason)
	cmd.Flags().StringArrayVar(&scopes, "scope", nil, "a scope of the token (repeat; default: all that the client may have)")
	cmd.Flags().StringArrayVar(&req.Resources, "resource", nil, "a resource that the token is bound to (RFC 8707; repeat; default: bound to none)")
	return cmd
}

// tokenArgument reads a token from the argument, or from standard input for
// "-", so that it need not stand in the shell's history.
func tokenArgument(w world, arg string) (string, error) {
	if arg != "-" {
		return arg, nil
	}
	line, err := bufio.NewReader(w.stdin).ReadString('\n')
	if line = strings.TrimSpace(line); line == "" {
		return "", usage("no token on standard input: %v", err)
	}
	return line, nil
}

func tokensIntrospect(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "introspect TOKEN|-",
		Short: "Say whether a token lives, whose it is, and if it does not live, why",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			token, err := tokenArgument(w, args[0])
			if err != nil {
				return err
			}
			var out admin.Introspection
			if err := r.ask(cmd.Context(), w, http.MethodPost, "/admin/v1/tokens/introspect", admin.TokenRequest{Token: token}, &out); err != nil {
				return err
			}
			return r.print(w.stdout, out, func(t *table) {
				t.row("active", out.Active)
				if !out.Active {
					t.row("reason", out.Reason)
					return
				}
				t.row("token_id", out.Jti)
				t.row("client_id", out.ClientID)
				t.row("scope", strings.Join(out.Scopes, " "))
				if len(out.Aud) > 0 {
					t.row("resources", strings.Join(out.Aud, " "))
				}
				t.row("expires", unixTime(out.Exp))
			})
		},
	}
	r.add(cmd)
	return cmd
}

func tokensRevoke(w world) *cobra.Command {
	var r remote
	var byID bool
	var reason string
	cmd := &cobra.Command{
		Use:   "revoke TOKEN|-",
		Short: "End a token at once",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			token, err := tokenArgument(w, args[0])
			if err != nil {
				return err
			}
			if _, isID := authz.ParseTokenID(token); isID && !byID {
				return usage("%s is a token's public id: give --id", token)
			}
			req := admin.RevokeTokenRequest{TokenRequest: admin.TokenRequest{Token: token}, Reason: reason}
			if byID {
				req.TokenRequest = admin.TokenRequest{TokenID: token}
			}
			var out admin.RevokeResult
			if err := r.ask(cmd.Context(), w, http.MethodPost, "/admin/v1/tokens/revoke", req, &out); err != nil {
				return err
			}
			return r.print(w.stdout, out, func(t *table) { t.row("revoked", out.Revoked) })
		},
	}
	r.add(cmd)
	addReason(cmd, &reason)
	cmd.Flags().BoolVar(&byID, "id", false, "the argument is the token's public id, of a log line or header")
	return cmd
}
