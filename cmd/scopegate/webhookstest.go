package main

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

func webhooksTest(w world) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use:   "test WEBHOOK",
		Short: "Send a webhook one signed event of the kind webhook.test, and say what it answers",
		Long: "Have the running server send a webhook one event of the kind webhook.test, signed like every other, and say\n" +
			"what the receiver answers and how long that took. What waits for the webhook is not touched.\n" +
			"Exit 1 if the answer is not 2xx or there is none.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var out admin.WebhookTest
			if err := r.ask(cmd.Context(), w, http.MethodPost, "/admin/v1/webhooks/"+url.PathEscape(args[0])+"/test", nil, &out); err != nil {
				return err
			}
			if err := r.print(w.stdout, out, func(t *table) { testRows(t, &out) }); err != nil {
				return err
			}
			if !out.Delivered {
				return &exitError{exitFailed, fmt.Errorf("webhook %s did not take the event: %s", args[0], out.Error)}
			}
			return nil
		},
	}
	r.add(cmd)
	return cmd
}

func testRows(t *table, out *admin.WebhookTest) {
	t.row("to", out.Origin)
	t.row("webhook-id", out.WebhookID)
	if out.Status == 0 {
		t.row("answer", "none")
	} else {
		t.row("answer", fmt.Sprint(out.Status, " ", http.StatusText(out.Status)))
	}
	t.row("took", time.Duration(out.Took))
}
