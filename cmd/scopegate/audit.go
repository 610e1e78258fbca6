package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"scopegate/authz/admin"
)

// auditFlags say which part of the control log is read.
type auditFlags struct {
	remote
	client, actor, since, until string
	limit                       int
	cursor                      uint64
}

func auditCommand(w world) *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Read the control log: who changed which client, secret, token or key, when, why and how",
		Example: `  scopegate audit --since 24h
  scopegate audit --client 7f0c2b9e-5d1a-4c8e-9b7f-3a6d1e2f4b5c --output json
  scopegate audit --actor admin: --since 2026-01-01T00:00:00Z --until 2026-02-01T00:00:00Z`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := notEmpty(cmd, "client", "actor", "since", "until"); err != nil {
				return err
			}
			return f.run(cmd.Context(), w)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.client, "client", "", "only changes of this client")
	cmd.Flags().StringVar(&f.actor, "actor", "", "only changes by actors whose name begins so, e.g. admin:socket")
	cmd.Flags().StringVar(&f.since, "since", "", "only changes since then: RFC 3339, or how long ago, e.g. 24h")
	cmd.Flags().StringVar(&f.until, "until", "", "only changes before then: RFC 3339, or how long ago, e.g. 1h")
	cmd.Flags().IntVar(&f.limit, "limit", 0, "stop after so many (0: all there are)")
	cmd.Flags().Uint64Var(&f.cursor, "cursor", 0, "begin behind this position of the log, the next_cursor of an earlier call")
	return cmd
}

// run prints page by page, so that a log of any length takes no memory.
func (f *auditFlags) run(ctx context.Context, w world) error {
	q, err := f.query(time.Now())
	if err != nil {
		return err
	}
	printer := auditPrinter{out: w.stdout, json: f.format == "json"}
	for left := f.limit; ; {
		if f.limit > 0 {
			q.Set("limit", strconv.Itoa(min(left, 1000)))
		}
		var page admin.EventList
		if err := f.ask(ctx, w, http.MethodGet, "/admin/v1/events?"+q.Encode(), nil, &page); err != nil {
			return err
		}
		left -= len(page.Events)
		last := !page.More || f.limit > 0 && left <= 0
		if err := printer.page(&page, last); err != nil {
			return err
		}
		if last {
			return f.more(w, &page)
		}
		q.Set("cursor", strconv.FormatUint(page.NextCursor, 10))
	}
}

// more says how to go on where a table ends before the log does; JSON says so
// itself.
func (f *auditFlags) more(w world, page *admin.EventList) error {
	if f.format == "json" || !page.More {
		return nil
	}
	_, err := fmt.Fprintf(w.stderr, "There are more: --cursor %d\n", page.NextCursor)
	return err
}

func (f *auditFlags) query(now time.Time) (url.Values, error) {
	q := url.Values{"limit": {"1000"}, "cursor": {strconv.FormatUint(f.cursor, 10)}}
	if f.limit < 0 {
		return nil, usage("--limit %d: use a number from 0", f.limit)
	}
	setIfGiven(q, "client_id", f.client)
	setIfGiven(q, "actor", f.actor)
	for name, text := range map[string]string{"since": f.since, "until": f.until} {
		if text == "" {
			continue
		}
		at, err := instant(text, now)
		if err != nil {
			return nil, usage("--%s %q: use RFC 3339 such as 2026-01-31T12:00:00Z, or how long ago such as 24h", name, text)
		}
		q.Set(name, at.UTC().Format(time.RFC3339Nano))
	}
	return q, nil
}

// instant reads a time, or how long ago it was.
func instant(text string, now time.Time) (time.Time, error) {
	if ago, err := time.ParseDuration(text); err == nil && ago >= 0 {
		return now.Add(-ago), nil
	}
	return time.Parse(time.RFC3339, text)
}

// auditPrinter writes a list that it never holds as a whole: as one table, its
// columns aligned within each page, or as one JSON value.
type auditPrinter struct {
	out     io.Writer
	json    bool
	started bool
	events  int
}

func (p *auditPrinter) page(page *admin.EventList, last bool) error {
	if p.json {
		return p.pageJSON(page, last)
	}
	t := newTable(p.out)
	if !p.started {
		t.row("SEQ", "AT", "KIND", "ACTOR", "CLIENT", "REASON", "DETAIL")
		p.started = true
	}
	for i := range page.Events {
		e := &page.Events[i]
		t.row(e.Seq, when(&e.At), e.Kind, e.Actor, orDash(e.ClientID), orDash(e.Reason), e.Detail)
	}
	return t.flush()
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

func (p *auditPrinter) pageJSON(page *admin.EventList, last bool) error {
	if !p.started {
		fmt.Fprint(p.out, "{\n  \"events\": [")
		p.started = true
	}
	for i := range page.Events {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetIndent("    ", "  ")
		e.SetEscapeHTML(false) // as all output
		if err := e.Encode(&page.Events[i]); err != nil {
			return err
		}
		separator := ",\n    "
		if p.events == 0 {
			separator = "\n    "
		}
		p.events++
		fmt.Fprintf(p.out, "%s%s", separator, bytes.TrimSpace(text.Bytes()))
	}
	if !last {
		return nil
	}
	_, err := fmt.Fprintf(p.out, "\n  ],\n  \"next_cursor\": %d,\n  \"more\": %t\n}\n", page.NextCursor, page.More)
	return err
}
