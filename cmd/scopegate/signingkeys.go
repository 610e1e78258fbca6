package main

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
	"scopegate/authz/assertion"
)

func signingKeysCommand(w world) *cobra.Command {
	cmd := &cobra.Command{Use: "signing-keys", Short: "Rotate the keys that sign X-Principal-Assertion"}
	cmd.AddCommand(signingList(w), signingRotate(w), signingRetire(w))
	return onlySubcommands(cmd)
}

func signingList(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use: "list", Short: "List the signing keys, in the order in which they sign", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.signing(cmd.Context(), w, http.MethodGet, "/admin/v1/signing-keys", nil)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	return cmd
}

func signingRotate(w world) *cobra.Command {
	var r remote
	var algorithm string
	var req admin.SigningRotation
	cmd := &cobra.Command{
		Use: "rotate", Short: "Publish a new signing key, which signs 10 minutes later; the old one stays published", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			req.Algorithm = assertion.Algorithm(algorithm)
			return r.signing(cmd.Context(), w, http.MethodPost, "/admin/v1/signing-keys/rotate", req)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	addReason(cmd, &req.Reason)
	cmd.Flags().StringVar(&algorithm, "algorithm", string(assertion.ES256), "how it signs: ES256 or EdDSA")
	cmd.Flags().BoolVar(&req.AtOnce, "at-once", false, "let it sign now: backends that keep the key set refuse it until they ask again")
	_ = cmd.RegisterFlagCompletionFunc("algorithm", cobra.FixedCompletions([]string{"ES256", "EdDSA"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func signingRetire(w world) *cobra.Command {
	var r remote
	var force bool
	var reason string
	cmd := &cobra.Command{
		Use: "retire KEY", Short: "Take a signing key out of the key set once what it signed has ended", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			query := url.Values{"force": {strconv.FormatBool(force)}, "reason": {reason}}
			path := "/admin/v1/signing-keys/" + url.PathEscape(args[0]) + "?" + query.Encode()
			return r.signing(cmd.Context(), w, http.MethodDelete, path, nil)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	addReason(cmd, &reason)
	cmd.Flags().BoolVar(&force, "force", false, "now, for a key that others may know: what it signed is refused by who asks for the key set again")
	return cmd
}

// signing is a call that is answered with all signing keys.
func (r *remote) signing(ctx context.Context, w world, method, path string, in any) error {
	var out admin.SigningKeyList
	if err := r.ask(ctx, w, method, path, in, &out); err != nil {
		return err
	}
	if r.quiet {
		t := newTable(w.stdout)
		for _, k := range out.Keys {
			t.row(k.ID)
		}
		return t.flush()
	}
	return r.print(w.stdout, out, func(t *table) {
		t.row("KEY", "ALGORITHM", "STATE", "SIGNS FROM", "RETIRE FROM")
		for _, k := range out.Keys {
			retire := "-"
			if k.RetireFrom != nil {
				retire = k.RetireFrom.Format(time.RFC3339)
			}
			t.row(k.ID, string(k.Algorithm), k.State, k.SignsFrom.Format(time.RFC3339), retire)
		}
	})
}
