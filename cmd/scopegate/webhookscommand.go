package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

func webhooksCommand(w world) *cobra.Command {
	cmd := &cobra.Command{Use: "webhooks", Short: "See how webhooks fare, try one, and retry or drop what could not be delivered"}
	cmd.AddCommand(webhooksList(w), webhooksTest(w), webhooksDeadLetters(w),
		webhooksTake(w, "retry", "Send dead letters once more, with all attempts"),
		webhooksTake(w, "drop", "Forget dead letters"))
	return onlySubcommands(cmd)
}

func webhooksList(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use: "list", Short: "List the webhooks with what waits, what failed and why", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var out admin.WebhookList
			if err := r.ask(cmd.Context(), w, http.MethodGet, "/admin/v1/webhooks", nil, &out); err != nil {
				return err
			}
			if r.quiet {
				for i := range out.Webhooks {
					fmt.Fprintln(w.stdout, out.Webhooks[i].Name)
				}
				return nil
			}
			return r.print(w.stdout, out, func(t *table) {
				t.row("NAME", "TO", "PENDING", "OLDEST", "DEAD", "DELIVERED", "LAST ERROR", "EVENTS")
				for i := range out.Webhooks {
					h := &out.Webhooks[i]
					t.row(h.Name, h.Origin, h.Pending, oldestPending(h), h.DeadLetters, when(h.LastDeliveredAt), lastFailure(h), strings.Join(h.Events, " "))
				}
			})
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	return cmd
}

func oldestPending(h *admin.Webhook) string {
	if h.OldestPendingAt == nil {
		return "-"
	}
	return when(h.OldestPendingAt)
}

// lastFailure is with its time, which tells whether a delivery came after it.
func lastFailure(h *admin.Webhook) string {
	if h.LastFailedAt == nil {
		return orDash(h.LastError)
	}
	return when(h.LastFailedAt) + " " + orDash(h.LastError)
}

func deadLettersPath(name, verb string) string {
	return "/admin/v1/webhooks/" + url.PathEscape(name) + "/dead-letters" + verb
}

func webhooksDeadLetters(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use: "dead-letters WEBHOOK", Short: "List the deliveries that were given up, oldest event first", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			all, err := r.deadLetters(cmd.Context(), w, args[0])
			if err != nil {
				return err
			}
			if r.quiet {
				for i := range all {
					fmt.Fprintln(w.stdout, all[i].Seq)
				}
				return nil
			}
			return r.print(w.stdout, admin.DeadLetterList{DeadLetters: all}, func(t *table) {
				t.row("SEQ", "AT", "KIND", "CLIENT", "ATTEMPTS", "GIVEN UP", "LAST ERROR")
				for i := range all {
					l := &all[i]
					t.row(l.Seq, when(&l.At), l.Kind, orDash(l.ClientID), l.Attempts, when(&l.DiedAt), l.LastError)
				}
			})
		},
	}
	r.add(cmd)
	r.addQuiet(cmd)
	return cmd
}

// deadLetters follows the cursor to the end; a webhook has 1,000 at most.
func (r *remote) deadLetters(ctx context.Context, w world, name string) ([]admin.DeadLetter, error) {
	all := []admin.DeadLetter{}
	for cursor := uint64(0); ; {
		var page admin.DeadLetterList
		path := deadLettersPath(name, "?limit=1000&cursor="+strconv.FormatUint(cursor, 10))
		if err := r.ask(ctx, w, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		all = append(all, page.DeadLetters...)
		if cursor = page.NextCursor; cursor == 0 {
			return all, nil
		}
	}
}

// webhooksTake is retry and drop.
func webhooksTake(w world, verb, short string) *cobra.Command {
	var r remote
	var req admin.DeadLetterRequest
	cmd := &cobra.Command{
		Use: verb + " WEBHOOK SEQ... | --all", Short: short, Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			req.Seqs = nil
			for _, text := range args[1:] {
				seq, err := strconv.ParseUint(text, 10, 64)
				if err != nil {
					return usage("%q is no SEQ; `scopegate webhooks dead-letters %s` lists them", text, args[0])
				}
				req.Seqs = append(req.Seqs, seq)
			}
			if req.All == (len(req.Seqs) > 0) {
				return usage("give either the SEQ of dead letters or --all")
			}
			var out admin.DeadLetterResult
			if err := r.ask(cmd.Context(), w, http.MethodPost, deadLettersPath(args[0], "/"+verb), req, &out); err != nil {
				return err
			}
			return r.print(w.stdout, out, func(t *table) { t.row(map[string]string{"retry": "retried", "drop": "dropped"}[verb], out.Count) })
		},
	}
	r.add(cmd)
	cmd.Flags().BoolVar(&req.All, "all", false, "all dead letters of the webhook")
	return cmd
}
