package main

import (
	"bufio"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

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
			})
		},
	}
	r.add(cmd)
	cmd.Flags().StringArrayVar(&scopes, "scope", nil, "a scope of the token (repeat; default: all that the client may have)")
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
	cmd := &cobra.Command{
		Use:   "revoke TOKEN|-",
		Short: "End a token at once",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			token, err := tokenArgument(w, args[0])
			if err != nil {
				return err
			}
			req := admin.TokenRequest{Token: token}
			if byID {
				req = admin.TokenRequest{TokenID: token}
			}
			var out admin.RevokeResult
			if err := r.ask(cmd.Context(), w, http.MethodPost, "/admin/v1/tokens/revoke", req, &out); err != nil {
				return err
			}
			return r.print(w.stdout, out, func(t *table) { t.row("revoked", out.Revoked) })
		},
	}
	r.add(cmd)
	cmd.Flags().BoolVar(&byID, "id", false, "the argument is the token's public id, of a log line or header")
	return cmd
}

func auditCommand(w world) *cobra.Command {
	var r remote
	var clientID, actor string
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Read the control log: who changed which client or token, and when",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			events, err := r.allEvents(cmd, w, func(e *admin.Event) bool {
				return (clientID == "" || e.ClientID == clientID) && (actor == "" || strings.HasPrefix(e.Actor, actor))
			})
			if err != nil {
				return err
			}
			return r.print(w.stdout, admin.EventList{Events: events}, func(t *table) {
				t.row("SEQ", "AT", "KIND", "ACTOR", "CLIENT", "DETAIL")
				for _, e := range events {
					t.row(e.Seq, when(&e.At), e.Kind, e.Actor, e.ClientID, e.Detail)
				}
			})
		},
	}
	r.add(cmd)
	cmd.Flags().StringVar(&clientID, "client", "", "only changes of this client")
	cmd.Flags().StringVar(&actor, "actor", "", "only changes by actors whose name begins so, e.g. admin:socket")
	return cmd
}

// allEvents follows the log to its end and keeps what fits.
func (r *remote) allEvents(cmd *cobra.Command, w world, fits func(*admin.Event) bool) ([]admin.Event, error) {
	kept, cursor := []admin.Event{}, uint64(0)
	for {
		var page admin.EventList
		q := url.Values{"limit": {"1000"}, "cursor": {fmt.Sprint(cursor)}}
		if err := r.ask(cmd.Context(), w, http.MethodGet, "/admin/v1/events?"+q.Encode(), nil, &page); err != nil {
			return nil, err
		}
		for i := range page.Events {
			if fits(&page.Events[i]) {
				kept = append(kept, page.Events[i])
			}
		}
		if len(page.Events) == 0 {
			return kept, nil
		}
		cursor = page.NextCursor
	}
}
