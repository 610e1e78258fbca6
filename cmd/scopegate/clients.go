package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

func clientsCommand(w world) *cobra.Command {
	cmd := &cobra.Command{Use: "clients", Short: "Register and manage machine clients", Args: cobra.NoArgs}
	cmd.AddCommand(clientsCreate(w), clientsList(w), clientsGet(w), clientsUpdate(w), clientsRotate(w),
		clientsRevoke(w),
		clientsStatus(w, "disable", "Disable a client: its tokens end at once, until it is enabled no new ones"),
		clientsStatus(w, "enable", "Enable a disabled client; its old tokens stay dead"),
		clientsRevokeTokens(w), clientsRemoveSecret(w),
		clientsApply(w), clientsExport(w), clientsNewSecret(w), clientsHashSecret(w), clientsSchema(w))
	return onlySubcommands(cmd)
}

// onlySubcommands makes a command without one a usage error.
func onlySubcommands(cmd *cobra.Command) *cobra.Command {
	cmd.Args = cobra.ArbitraryArgs
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usage("unknown command %q for %q\nSee '%s --help'.", args[0], cmd.CommandPath(), cmd.CommandPath())
		}
		return cmd.Help()
	}
	return cmd
}

// remote is a command that speaks to the server and prints an answer.
type remote struct {
	adminFlags
	outputFlags
}

func (r *remote) add(cmd *cobra.Command) {
	r.adminFlags.add(cmd)
	r.outputFlags.add(cmd)
}

// ask checks the flags and sends one request.
func (r *remote) ask(ctx context.Context, w world, method, path string, in, out any) error {
	if err := r.check(); err != nil {
		return err
	}
	c, err := r.client(w)
	if err != nil {
		return err
	}
	return c.call(ctx, method, path, in, out)
}

func clientsCreate(w world) *cobra.Command {
	var r remote
	var req admin.CreateRequest
	var owner string
	var public bool
	var ttl time.Duration
	cmd := &cobra.Command{
		Use:     "create --name NAME [--scope SCOPE]...",
		Short:   "Register a client; its secret is shown this once",
		Example: `  scopegate clients create --name "Data Sync Worker" --scope invoices.read --scope reports.generate --owner tenant:42`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if err := notEmpty(cmd, "owner", "issue-limit"); err != nil {
				return err
			}
			if req.OwnerType, req.OwnerID, err = splitOwner(owner); err != nil {
				return err
			}
			confidential := !public
			req.Confidential, req.AccessTokenTTL = &confidential, admin.Duration(ttl)
			var out admin.ClientWithSecret
			if err := r.ask(cmd.Context(), w, http.MethodPost, "/admin/v1/clients", req, &out); err != nil {
				return err
			}
			return r.printSecret(w, &out)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	addReason(cmd, &req.Reason)
	cmd.Flags().StringVar(&req.Name, "name", "", "the client's name, 1 to 200 printable characters")
	cmd.Flags().StringArrayVar(&req.AllowedScopes, "scope", nil, "a scope that the client may have (repeat)")
	cmd.Flags().StringArrayVar(&req.AllowedGrants, "grant", nil, "a grant type that it may use (default client_credentials)")
	cmd.Flags().StringVar(&owner, "owner", "", "the client's owner as TYPE:ID, e.g. tenant:42")
	cmd.Flags().DurationVar(&ttl, "token-ttl", 0, "lifetime of its tokens (default: the server's)")
	cmd.Flags().StringToStringVar(&req.Labels, "label", nil, "a label KEY=VALUE (repeat)")
	cmd.Flags().StringVar(&req.IssueLimit, "issue-limit", "", "how many tokens it may ask for, e.g. 100/h (default: no bound)")
	cmd.Flags().IntVar(&req.MaxLiveTokens, "max-live-tokens", 0, "how many living tokens it may hold (default: no cap)")
	cmd.Flags().StringArrayVar(&req.Addresses, "address", nil, "an address or CIDR range that it may act from (repeat; default: anywhere)")
	cmd.Flags().BoolVar(&public, "public", false, "register a client that is not confidential and so gets no tokens")
	_ = cmd.MarkFlagRequired("name")
	return cmd
}

// printSecret shows id and secret, the data on stdout and the words on stderr.
func (r *remote) printSecret(w world, out *admin.ClientWithSecret) error {
	if r.quiet {
		_, err := fmt.Fprintln(w.stdout, out.Client.ID)
		fmt.Fprintln(w.stderr, "The secret is not shown, and never will be: rotate-secret makes one.")
		return err
	}
	err := r.print(w.stdout, out, func(t *table) {
		t.row("client_id", out.Client.ID)
		t.row("client_secret", out.ClientSecret)
		t.row("allowed_scopes", strings.Join(out.Client.AllowedScopes, " "))
	})
	if err == nil {
		fmt.Fprintln(w.stderr, "The secret is not shown again: store it now.")
	}
	return err
}

func splitOwner(owner string) (kind, id string, err error) {
	if owner == "" {
		return "", "", nil
	}
	kind, id, ok := strings.Cut(owner, ":")
	if !ok || kind == "" || id == "" {
		return "", "", usage("--owner %q: use TYPE:ID, e.g. tenant:42", owner)
	}
	return kind, id, nil
}

func (r *remote) printClient(w world, c *admin.Client) error {
	if r.quiet {
		_, err := fmt.Fprintln(w.stdout, c.ID)
		return err
	}
	return r.print(w.stdout, c, func(t *table) {
		t.row("id", c.ID)
		t.row("name", c.Name)
		t.row("status", c.Status)
		t.row("owner", ownerText(c))
		t.row("allowed_scopes", strings.Join(c.AllowedScopes, " "))
		t.row("allowed_grants", strings.Join(c.AllowedGrants, " "))
		t.row("confidential", c.Confidential)
		if c.AccessTokenTTL != nil {
			t.row("access_token_ttl", time.Duration(*c.AccessTokenTTL))
		}
		if c.IssueLimit != "" {
			t.row("issue_limit", c.IssueLimit)
		}
		if c.MaxLiveTokens != 0 {
			t.row("max_live_tokens", c.MaxLiveTokens)
		}
		if len(c.Addresses) > 0 {
			t.row("addresses", strings.Join(c.Addresses, " "))
		}
		if len(c.Labels) > 0 {
			t.row("labels", labelText(c.Labels))
		}
		if c.ManagedBy != "" {
			t.row("managed_by", c.ManagedBy)
		}
		t.row("generation", c.Generation)
		t.row("created_at", when(&c.CreatedAt))
		t.row("last_used_at", when(c.LastUsedAt))
		if c.TokensNotBefore != nil {
			t.row("tokens_not_before", when(c.TokensNotBefore))
		}
		for _, s := range c.Secrets {
			t.row("secret "+s.ID, s.Preview+"...", "created "+when(&s.CreatedAt), "ends "+when(s.ExpiresAt), "last used "+when(s.LastUsedAt))
		}
	})
}

func clientsGet(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use: "get CLIENT-ID", Short: "Show one client", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out admin.Client
			if err := r.ask(cmd.Context(), w, http.MethodGet, clientPath(args[0], ""), nil, &out); err != nil {
				return err
			}
			return r.printClient(w, &out)
		},
	}
	r.add(cmd)
	return cmd
}

func clientPath(id, verb string) string { return "/admin/v1/clients/" + url.PathEscape(id) + verb }

func clientsRotate(w world) *cobra.Command {
	var r remote
	var overlap time.Duration
	var reason string
	cmd := &cobra.Command{
		Use:   "rotate-secret CLIENT-ID",
		Short: "Give a client a new secret, shown this once; the old ones end",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out admin.ClientWithSecret
			req := admin.RotateRequest{Overlap: admin.Duration(overlap), Reason: reason}
			if err := r.ask(cmd.Context(), w, http.MethodPost, clientPath(args[0], "/rotate-secret"), req, &out); err != nil {
				return err
			}
			return r.printSecret(w, &out)
		},
	}
	r.add(cmd)
	addReason(cmd, &reason)
	cmd.Flags().DurationVar(&overlap, "overlap", 0, "how long the old secrets live on (default: they end at once)")
	return cmd
}

func clientsRemoveSecret(w world) *cobra.Command {
	var r remote
	var force bool
	var reason string
	cmd := &cobra.Command{
		Use:   "remove-secret CLIENT-ID SECRET-ID",
		Short: "End one secret of a client at once",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			q := url.Values{"force": {strconv.FormatBool(force)}, "reason": {reason}}
			path := clientPath(args[0], "/secrets/"+url.PathEscape(args[1])+"?"+q.Encode())
			var out admin.Client
			if err := r.ask(cmd.Context(), w, http.MethodDelete, path, nil, &out); err != nil {
				return err
			}
			return r.printClient(w, &out)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	addReason(cmd, &reason)
	cmd.Flags().BoolVar(&force, "force", false, "even if it is the client's last")
	return cmd
}
