package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
	"scopegate/authz/clientfile"
	"scopegate/strict"
)

func clientsApply(w world) *cobra.Command {
	a := applying{w: w}
	cmd := &cobra.Command{
		Use:   "apply -f FILE|-",
		Short: "Bring the server's clients to what a file says",
		Long: `Bring the server's clients to what a file says: those that it names are registered, or changed
where they differ. The file is checked whole, by itself and by the server, before anything is
written; applied again it changes nothing. Clients are written one by one: if a write fails, what
is done is kept, and applying the file again does the rest.`,
		Example: "  scopegate clients apply -f clients.yaml --dry-run\n  scopegate clients apply -f clients.yaml --prune --yes",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.run(cmd) },
	}
	a.add(cmd)
	cmd.Flags().StringVarP(&a.path, "file", "f", "", "the clients file, or - for standard input")
	cmd.Flags().BoolVar(&a.req.DryRun, "dry-run", false, "say what would change, and change nothing")
	cmd.Flags().BoolVar(&a.req.Prune, "prune", false, "revoke, for good, clients that an earlier file of the same managed_by made and this one does not name")
	cmd.Flags().BoolVarP(&a.yes, "yes", "y", false, "do not ask before clients are revoked")
	cmd.Flags().BoolVar(&a.req.TakeSecrets, "take-secrets", false, "let the file's secrets replace those that were changed by hand since")
	addReason(cmd, &a.req.Reason)
	_ = cmd.MarkFlagRequired("file")
	return cmd
}

// applying is one run of clients apply.
type applying struct {
	remote
	w    world
	path string
	yes  bool
	req  admin.ApplyRequest
}

func (a *applying) run(cmd *cobra.Command) error {
	if err := a.check(); err != nil {
		return err
	}
	file, problems := a.load()
	if problems != nil {
		return a.refuse(problems)
	}
	a.req.ManagedBy, a.req.Clients = file.ManagedBy, make([]admin.DeclaredClient, len(file.Clients))
	for i := range file.Clients {
		a.req.Clients[i] = declaredClient(&file.Clients[i])
	}
	if a.req.Prune && !a.req.DryRun && !a.yes {
		if err := a.confirm(cmd, file); err != nil {
			return err
		}
	}
	var result admin.ApplyResult
	if err := a.send(cmd, file, a.req, &result); err != nil {
		return err
	}
	a.warn(file, result.Warnings)
	return a.tell(&result)
}

// load reads the file, and the secret files beside it.
func (a *applying) load() (*clientfile.File, strict.Problems) {
	var data []byte
	var err error
	if a.path == "-" {
		data, err = io.ReadAll(io.LimitReader(a.w.stdin, strict.MaxFileSize+1))
	} else {
		data, err = os.ReadFile(a.path)
	}
	if err != nil {
		return nil, strict.Problems{{File: a.path, Line: 1, Col: 1, Message: err.Error()}}
	}
	return clientfile.Load(a.path, data, func(name string) ([]byte, error) {
		if a.path != "-" && !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(a.path), name)
		}
		return os.ReadFile(name)
	})
}

// send asks the server, and tells its problems at their places in the file.
func (a *applying) send(cmd *cobra.Command, file *clientfile.File, req admin.ApplyRequest, result *admin.ApplyResult) error {
	err := a.ask(cmd.Context(), a.w, http.MethodPost, "/admin/v1/clients/apply", req, result)
	refused, ok := errors.AsType[*problemError](err)
	if !ok || refused.ProblemBody.Error != "invalid_clients" {
		return err
	}
	problems := make(strict.Problems, len(refused.Problems))
	for i, p := range refused.Problems {
		path := p.Path
		for _, half := range []string{".owner_type", ".owner_id"} {
			if whole, is := strings.CutSuffix(path, half); is {
				path = whole + ".owner"
			}
		}
		problems[i] = file.Problem(path, p.Message)
	}
	slices.SortStableFunc(problems, func(x, y strict.Problem) int { return x.Line - y.Line })
	return a.refuse(problems)
}

// warn tells on stderr what is odd and stopped nothing, at its place in the file.
func (a *applying) warn(file *clientfile.File, warnings []admin.Problem) {
	for _, warning := range warnings {
		fmt.Fprintln(a.w.stderr, "warning:", file.Problem(warning.Path, warning.Message))
	}
}

// confirm asks before clients are revoked, if any would be.
func (a *applying) confirm(cmd *cobra.Command, file *clientfile.File) error {
	dry := a.req
	dry.DryRun = true
	var result admin.ApplyResult
	if err := a.send(cmd, file, dry, &result); err != nil || result.Revoked == 0 {
		return err
	}
	for _, c := range result.Changes {
		if c.Action == "revoke" {
			fmt.Fprintf(a.w.stderr, "revoke %s %q\n", c.ID, c.Name)
		}
	}
	question := fmt.Sprintf("%d client(s) managed by %s will be revoked for good, and all their tokens end.", result.Revoked, file.ManagedBy)
	return confirm(a.w, question, file.ManagedBy)
}

// refuse tells all problems: on stderr for people, on stdout as JSON for programs.
func (a *applying) refuse(problems strict.Problems) error {
	var err error
	if a.format == "json" {
		err = a.print(a.w.stdout, map[string]any{"problems": problems}, nil)
	} else {
		_, err = fmt.Fprintln(a.w.stderr, problems.Error())
	}
	return cmp.Or(err, error(&exitError{exitInvalid, nil}))
}

// tell says what was changed, or would be: data on stdout, the sum on stderr.
func (a *applying) tell(result *admin.ApplyResult) error {
	err := a.print(a.w.stdout, result, func(t *table) {
		if len(result.Changes) == 0 {
			return
		}
		t.row("ACTION", "CLIENT", "NAME", "CHANGE")
		for _, c := range result.Changes {
			action, id, name := c.Action, c.ID, c.Name
			for _, change := range c.Changes {
				t.row(action, id, name, change)
				action, id, name = "", "", ""
			}
		}
	})
	if err != nil {
		return err
	}
	sum := fmt.Sprintf("%d created, %d updated, %d revoked, %d unchanged", result.Created, result.Updated, result.Revoked, result.Unchanged)
	if len(result.Changes) == 0 {
		sum = fmt.Sprintf("Nothing changes: %d client(s) are as the file says", result.Unchanged)
	}
	if result.DryRun {
		sum += "; a dry run, nothing was changed"
	}
	_, err = fmt.Fprintln(a.w.stderr, sum+".")
	return err
}

// declaredClient is a client of the file as the admin API takes it.
func declaredClient(c *clientfile.Client) admin.DeclaredClient {
	out := admin.DeclaredClient{
		ID: string(c.ID), Name: c.Name, AllowedGrants: c.AllowedGrants, AllowedScopes: c.AllowedScopes, Confidential: c.Confidential,
		OwnerType: c.Owner.Type, OwnerID: c.Owner.ID, AccessTokenTTL: admin.Duration(c.AccessTokenTTL), IssueLimit: c.IssueLimit.String(),
		MaxLiveTokens: c.MaxLiveTokens, Addresses: c.Addresses, Status: string(c.Status),
	}
	for _, l := range c.Labels {
		if out.Labels == nil {
			out.Labels = map[string]string{}
		}
		out.Labels[l.Key] = l.Value
	}
	for i := range c.Secrets {
		s := &c.Secrets[i]
		declared := admin.DeclaredSecret{Secret: s.Text.Text(), Hash: s.Hash, HashKeyID: s.HashKeyID, Preview: s.Preview}
		if !s.ExpiresAt.IsZero() {
			end := s.ExpiresAt.In(time.UTC)
			declared.ExpiresAt = &end
		}
		out.Secrets = append(out.Secrets, declared)
	}
	return out
}

func clientsSchema(w world) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of clients files, for editors", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			schema, err := clientfile.Schema()
			if err != nil {
				return err
			}
			_, err = w.stdout.Write(schema)
			return err
		},
	}
}
