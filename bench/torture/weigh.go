//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// filledToken is one of the tokens that the filler wrote down.
type filledToken struct {
	client int
	text   string
}

// texts reads what the filler wrote down.
func (s *site) texts() ([]filledToken, error) {
	b, err := os.ReadFile(s.textFile())
	if err != nil {
		return nil, err
	}
	var tokens []filledToken
	for line := range strings.Lines(string(b)) {
		var t filledToken
		if _, err := fmt.Sscan(line, &t.client, &t.text); err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
	}
	return tokens, nil
}

var weightColumns = []string{"tokens in memory", "resident", "without mapped files", "checks that read the store", "p50", "p99", "again: checks that read the store", "p50", "p99", "resident then", "without mapped files"}

// weigh starts the server, waits until it has read its tokens, and presents
// the known ones twice, one after the other: the second time they are in
// memory, if memory holds them.
func (s *stage) weigh(ctx context.Context, at *site, tokens []filledToken, extra ...string) (row []string, err error) {
	at.extra = extra
	defer func() { at.extra = nil }()
	r, err := at.start(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errorsOr(err, r.stop()) }()
	live, err := r.warmed(ctx)
	if err != nil {
		return nil, err
	}
	row = append(row, fmt.Sprint(live))
	if row, err = r.weight(row); err != nil {
		return nil, err
	}
	tokens = slices.Clone(tokens)
	rand.New(rand.NewPCG(s.seed, 0)).Shuffle(len(tokens), func(i, k int) { tokens[i], tokens[k] = tokens[k], tokens[i] })
	tokens = tokens[:min(len(tokens), 5000)]
	for range 2 {
		if row, err = r.presentAll(ctx, row, tokens); err != nil {
			return nil, err
		}
	}
	return r.weight(row)
}

// warming bounds the reading of all tokens after a start.
const warming = 10 * time.Minute

// warmed waits until the server has read its tokens, which it says in its log,
// and returns how many are in memory.
func (r *server) warmed(ctx context.Context) (live int64, err error) {
	err = r.within(ctx, warming, func() (bool, error) { return strings.Contains(r.tailAll(), "token view is warm"), nil })
	if err != nil {
		return 0, fmt.Errorf("reading the tokens: %w", err)
	}
	values, err := r.gauges(ctx, "scopegate_tokens_live")
	if err != nil {
		return 0, err
	}
	return values[0], nil
}

// gauges asks for metrics without labels.
func (r *server) gauges(ctx context.Context, names ...string) (values []int64, err error) {
	var text string
	if code, err := r.admin(ctx, http.MethodGet, "/metrics", nil, &text); err != nil || code != http.StatusOK {
		return nil, fmt.Errorf("metrics: %d, %w", code, err)
	}
	for _, name := range names {
		v, err := gauge(text, name)
		if err != nil {
			return nil, err
		}
		values = append(values, v)
	}
	return values, nil
}

func (r *server) weight(row []string) ([]string, error) {
	all, anonymous, err := resident(r.cmd.Process.Pid)
	return append(row, fmt.Sprintf("%d MiB", all/mib), fmt.Sprintf("%d MiB", anonymous/mib)), err
}

func (r *server) presentAll(ctx context.Context, row []string, tokens []filledToken) ([]string, error) {
	const misses = "scopegate_token_cache_misses_total"
	before, err := r.gauges(ctx, misses)
	if err != nil {
		return nil, err
	}
	var took spans
	for _, t := range tokens {
		began := time.Now()
		code, err := r.use(ctx, "/read", t.text)
		if err != nil || code != http.StatusOK {
			return nil, fmt.Errorf("a live token was answered with %d, %w", code, err)
		}
		took.add(time.Since(began))
	}
	after, err := r.gauges(ctx, misses)
	if err != nil {
		return nil, err
	}
	middle, slow := took.take()
	return append(row, fmt.Sprintf("%d of %d", after[0]-before[0], len(tokens)), middle.Round(time.Microsecond).String(), slow.Round(time.Microsecond).String()), nil
}

// revocations revokes clients with and without tokens by turns, and compares
// how long it takes.
func (s *stage) revocations(ctx context.Context, at *site, tokens []filledToken) (err error) {
	r, err := at.start(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errorsOr(err, r.stop()) }()
	if _, err := r.warmed(ctx); err != nil {
		return err
	}
	var with, without spans
	for n := range manyClients {
		var made withSecret
		code, err := r.admin(ctx, http.MethodPost, "/admin/v1/clients", map[string]any{"name": "empty", "allowed_scopes": []string{"invoices.read"}}, &made)
		if err != nil || code != http.StatusCreated {
			return fmt.Errorf("register: %d, %w", code, err)
		}
		if err := r.revokeTimed(ctx, made.Client.ID, &without); err != nil {
			return err
		}
		if err := r.revokeTimed(ctx, string(filledClient(n)), &with); err != nil {
			return err
		}
		for _, t := range tokens {
			if t.client != n {
				continue
			}
			if code, err := r.use(ctx, "/read", t.text); err != nil || code != http.StatusUnauthorized {
				return fmt.Errorf("a token of a revoked client was answered with %d, %w", code, err)
			}
		}
	}
	few, _ := without.take()
	many, _ := with.take()
	s.report.List("Revoking a client, in the middle of ten by turns",
		fmt.Sprintf("with %d tokens: %s, with none: %s, ratio %.2f", s.tokens/manyClients, many.Round(time.Microsecond), few.Round(time.Microsecond), float64(many)/float64(few)))
	return nil
}

func (r *server) revokeTimed(ctx context.Context, id string, took *spans) error {
	began := time.Now()
	code, err := r.admin(ctx, http.MethodPost, "/admin/v1/clients/"+id+"/revoke", map[string]any{}, nil)
	if err != nil || code != http.StatusOK {
		return fmt.Errorf("revoke: %d, %w", code, err)
	}
	took.add(time.Since(began))
	return nil
}
