package main

import (
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

func keysCommand(w world) *cobra.Command {
	cmd := &cobra.Command{Use: "keys", Short: "Rotate the hash keys under which client secrets are stored"}
	cmd.AddCommand(
		keysVerb(w, "list", "List the hash keys, oldest first, with what still needs them", cobra.NoArgs,
			func([]string, string) (string, string, any) { return http.MethodGet, "/admin/v1/keys", nil }),
		keysVerb(w, "rotate", "Make a new hash key active; old ones verify on, and secrets move to it when they are next used", cobra.NoArgs,
			func(_ []string, reason string) (string, string, any) {
				return http.MethodPost, "/admin/v1/keys/rotate", admin.ReasonRequest{Reason: reason}
			}),
		keysVerb(w, "retire KEY", "Drop a hash key that no secret needs any more", cobra.ExactArgs(1),
			func(args []string, reason string) (string, string, any) {
				return http.MethodDelete, "/admin/v1/keys/" + url.PathEscape(args[0]) + "?" + url.Values{"reason": {reason}}.Encode(), nil
			}))
	return onlySubcommands(cmd)
}

// keysVerb is a command that is answered with all keys.
func keysVerb(w world, use, short string, args cobra.PositionalArgs, call func(args []string, reason string) (method, path string, body any)) *cobra.Command {
	var r remote
	var reason string
	cmd := &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			method, path, body := call(args, reason)
			var out admin.HashKeyList
			if err := r.ask(cmd.Context(), w, method, path, body, &out); err != nil {
				return err
			}
			return r.printKeys(w, &out)
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	if use != "list" {
		addReason(cmd, &reason)
	}
	return cmd
}

func (r *remote) printKeys(w world, out *admin.HashKeyList) error {
	if r.quiet {
		t := newTable(w.stdout)
		for _, k := range out.Keys {
			t.row(k.ID)
		}
		return t.flush()
	}
	return r.print(w.stdout, out, func(t *table) {
		t.row("KEY", "STATE", "SECRETS", "CLIENTS")
		for _, k := range out.Keys {
			t.row(k.ID, map[bool]string{true: "active", false: "verifies"}[k.Active], k.Secrets, k.Clients)
		}
	})
}
