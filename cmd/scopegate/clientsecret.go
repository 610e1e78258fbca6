package main

import (
	"bufio"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"scopegate/authz"
	"scopegate/authz/admin"
)

func clientsNewSecret(w world) *cobra.Command {
	return &cobra.Command{
		Use:   "new-secret",
		Short: "Make a client secret, for a secret file; no server is asked",
		Long: `Make a client secret and write it to standard output, for a secret file of clients apply or for
clients hash-secret. No server is asked, and none knows it until it is applied.`,
		Example: "  (umask 077; scopegate clients new-secret > secrets/billing)",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			secret, err := authz.NewSecret(nil)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(w.stdout, secret.Text())
			return err
		},
	}
}

func clientsHashSecret(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "hash-secret",
		Short: "Hash a client secret under the server's active hash key, for a clients file",
		Long: `Read a client secret from standard input and write its hash under the server's active hash key, as
a clients file has it. The hash verifies the secret on servers with that hash key and nowhere else.
Nothing is stored.`,
		Example: "  scopegate clients new-secret | tee /dev/tty | scopegate clients hash-secret",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			line, _ := bufio.NewReader(w.stdin).ReadString('\n')
			secret := strings.TrimSpace(line)
			if !authz.IsSecretText(secret) {
				return usage("standard input holds no client secret, as clients new-secret makes one")
			}
			var out admin.HashedSecret
			if err := r.ask(cmd.Context(), w, http.MethodPost, "/admin/v1/secrets/hash", admin.HashRequest{Secret: secret}, &out); err != nil {
				return err
			}
			if r.format == "json" {
				return r.print(w.stdout, out, nil)
			}
			_, err := fmt.Fprintf(w.stdout, "- hash: %s\n  hash_key_id: %s\n  preview: %s\n", out.Hash, out.HashKeyID, out.Preview)
			return err
		},
	}
	r.add(cmd)
	return cmd
}
